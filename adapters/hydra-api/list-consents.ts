import { z } from 'zod';
import { type ConsentSample } from '../../domain/ports/hydra-api';
import { CONSENT_PAGING, nextByKey, withConsentId } from '../../hydra/versions';
import { type HydraAnswer, type HydraCall, type HydraHttp, unexpected } from './hydra-http';

const rows = z.array(
  z.looseObject({
    grant_scope: z.array(z.string()).nullish(),
    remember: z.boolean().nullish(),
    remember_for: z.number().nullish(),
    consent_request: z.looseObject({ challenge: z.string(), client: z.looseObject({ client_id: z.string() }) }),
  }),
);

/** How often a list that did not hold still is read again. */
const PASSES_MAX = 8;

/**
 * All consent sessions of a subject, by consent id.
 *
 * Hydra orders them by whole seconds, so rows of one second may change places between two pages. Pages overlap by half: those of one
 * second, if they are no more than that, are together on one of them. A list with fewer rows than Hydra counts is read again in larger
 * pages and joined. Fewer may still be right: Hydra leaves expired ones out after counting.
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED
 */
export async function listConsents(
  http: HydraHttp,
  subject: string,
  pageSize?: number,
): Promise<readonly ConsentSample[]> {
  const found = new Map<string, ConsentSample>();
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const { size: sizeMax } = CONSENT_PAGING[http.endpoints.apiGeneration];
    const size = Math.min(sizeMax, (pageSize ?? sizeMax) * 2 ** pass);
    const { total, pages } = await readPass(http, subject, size, found);
    if (found.size >= total || pages === 1) break;
  }
  return [...found.values()].sort((a, b) => (a.consentId < b.consentId ? -1 : 1));
}

async function readPass(
  http: HydraHttp,
  subject: string,
  size: number,
  found: Map<string, ConsentSample>,
): Promise<{ readonly total: number; readonly pages: number }> {
  const paging = CONSENT_PAGING[http.endpoints.apiGeneration];
  let [total, pages] = [0, 0];
  for (let offset = 0; offset === 0 || offset < total; offset += Math.ceil(size / 2)) {
    const query = new URLSearchParams({ subject, ...paging.query(size, offset) }).toString();
    const first = await readPage(http, query, found);
    const count = first.headers['x-total-count'];
    if (count === undefined) {
      // Pages by key miss nothing and repeat nothing.
      for (let next = nextByKey(first.headers); next !== undefined;) {
        next = nextByKey((await readPage(http, next, found)).headers);
      }
      return { total: found.size, pages: 1 };
    }
    total = Math.max(total, Number(count) || 0);
    pages += 1;
    if (offset === 0 && total < size) break;
  }
  return { total, pages };
}

async function readPage(http: HydraHttp, query: string, found: Map<string, ConsentSample>): Promise<HydraAnswer> {
  const call: HydraCall = { listener: 'admin', method: 'GET', path: `/oauth2/auth/sessions/consent?${query}` };
  const answer = await http.call(call);
  const page = rows.safeParse(Array.isArray(answer.json) ? answer.json.map(withConsentId) : answer.json);
  if (answer.status !== 200 || !page.success) throw unexpected(http, call, answer, '200 with consent sessions');
  for (const row of page.data) found.set(row.consent_request.challenge, toSample(row));
  return answer;
}

function toSample(row: z.infer<typeof rows>[number]): ConsentSample {
  return {
    consentId: row.consent_request.challenge,
    clientId: row.consent_request.client.client_id,
    scope: [...(row.grant_scope ?? [])].sort(),
    remember: row.remember ?? false,
    rememberForSeconds: row.remember_for ?? 0,
    answer: row,
  };
}
