import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type Findings } from './findings';
import { pathOfRun } from '../support/of-side';
import { type Configured } from '../step';

/** Pages of the table are drawn, so that the look takes no longer on a large database. */
const SAMPLED_PAGES = 2_000;

/**
 * Compares how long logins took on the left side with how long the config says they may take: Hydra itself ends every one that takes longer,
 * so that a slower one that succeeded shows another `ttl.login_consent_request` than that of the config.
 *
 * Looks at a sample; changes nothing. A source that does not keep how long logins took says nothing of it.
 */
export async function checkLoginTtl(client: SqlClient, deps: Configured, findings: Findings): Promise<void> {
  const { from } = deps.direction;
  const { loginTtlMs } = deps.settings.sync;
  const { slowLoginsSql } = pathOfRun(deps);
  if (slowLoginsSql === undefined) return;
  const [found] = await queryRows<{ slower: number; slowest_ms: number }>(client, slowLoginsSql, [
    SAMPLED_PAGES,
    loginTtlMs,
  ]);
  if (found === undefined || found.slower === 0) return;
  findings.warn(
    'sync.loginTtlMs',
    `${found.slower} of the logins looked at on ${from} took longer than ${loginTtlMs} ms, the slowest ${Math.round(found.slowest_ms)} ms`,
    `set it to what ttl.login_consent_request says in the config of Hydra on ${from}, or such logins end with an error after the switchover`,
  );
}
