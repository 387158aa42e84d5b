import { z } from 'zod';
import { type HydraAnswer } from '../../domain/ports/hydra-api';
import { CONSENT_PAGING } from '../../hydra/versions';
import { type HydraCall, type HydraHttp, unexpected } from './hydra-http';

const page = z.array(z.looseObject({ id: z.string() }));
/** More pages than this are a list that does not end. */
const PAGES_MAX = 1_000;

/** All trusted issuers by id. @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED */
export async function listTrustedIssuers(http: HydraHttp): Promise<ReadonlyMap<string, HydraAnswer>> {
  const { size, query } = CONSENT_PAGING[http.endpoints.apiGeneration];
  const found = new Map<string, HydraAnswer>();
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const parameters = new URLSearchParams(query(size, pages * size)).toString();
    const call: HydraCall = {
      listener: 'admin',
      method: 'GET',
      path: `/trust/grants/jwt-bearer/issuers?${parameters}`,
    };
    const answer = await http.call(call);
    const parsed = page.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw unexpected(http, call, answer, '200 with trusted issuers');
    const before = found.size;
    for (const issuer of parsed.data) found.set(issuer.id, issuer);
    // A Hydra that takes no paging here answers with the same page again.
    if (parsed.data.length < size || found.size === before) break;
  }
  return found;
}
