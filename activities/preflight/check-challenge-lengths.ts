import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { someOf } from '../../domain/sightings';
import { type StepDeps } from '../step';
import { challengeLength } from './challenge-length';
import { type Findings } from './findings';
import { pathOfRun } from '../support/of-side';

/** No smaller client makes a challenge that anybody has to know of. */
const ROW_BYTES_MIN = 2_000;
const LOOKED_AT_MAX = 50;
/** Of a line at nginx without a setting, and half of it: there are more things in a URL. */
const LIMITS = [8_192, 4_096] as const;
const LENGTH_OF_1X = 32;

/** Challenges of 2.2 and later are as long as their client is large; proxies, login apps and their columns have limits. */
export async function checkChallengeLengths(
  named: SqlClient,
  deps: Pick<StepDeps, 'hydra' | 'settings' | 'direction'>,
  findings: Findings,
): Promise<void> {
  // Where the left side keeps nothing of a login in its database, its challenges are as long as the entered one's will be.
  if (pathOfRun(deps).begunRequests.length === 0) return;
  const { hydra, settings } = deps;
  const { from, to } = deps.direction;
  const large = await queryRows<{ id: string; others: number }>(
    named,
    // No cast: the owner of a table may make one for its row type.
    `SELECT id::text AS id, greatest(0, count(*) OVER () - $2)::float8 AS others FROM hydra_client AS client
      WHERE octet_length(concat(client)) > $1 ORDER BY octet_length(concat(client)) DESC LIMIT $2`,
    [ROW_BYTES_MIN, LOOKED_AT_MAX],
  );
  const lengths: { readonly id: string; readonly length: number }[] = [];
  for (const { id } of large) {
    const client = await hydra.client(from, id);
    if (client !== undefined) lengths.push({ id, length: challengeLength(client) });
  }
  let below = Infinity;
  for (const limit of LIMITS) {
    const over = lengths.filter(({ length }) => length > limit && length <= below);
    below = limit;
    if (over.length === 0) continue;
    const longest = Math.max(...over.map(({ length }) => length));
    findings.warn(
      'challenges of logins',
      `grow from ${LENGTH_OF_1X} characters to more than ${limit} on ${settings.hydraVersion[to]} for ${over.length} clients, to about ${longest}: ${someOf(over.map(({ id }) => id))}`,
      'raise the limits for URLs of proxies and login apps (nginx: large_client_header_buffers; Node.js: --max-http-header-size), or make these clients smaller',
    );
  }
  const others = large[0]?.others ?? 0;
  if (others > 0 && lengths.at(-1) !== undefined && (lengths.at(-1)?.length ?? 0) > LIMITS[1]) {
    findings.warn(
      'challenges of logins',
      `${others} further large clients were not looked at`,
      'they are smaller than those named',
    );
  }
}
