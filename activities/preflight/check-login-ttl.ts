import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type CutoverSettings } from '../../domain/settings';
import { copyPathOf } from '../../hydra/paths';
import { type Findings } from './findings';

/** Pages of the table are drawn, so that the look takes no longer on a large database. */
const SAMPLED_PAGES = 2_000;

/**
 * Compares how long logins took on blue with how long the config says they may take: Hydra itself ends every one that takes longer,
 * so that a slower one that succeeded shows another `ttl.login_consent_request` than that of the config.
 *
 * Looks at a sample; changes nothing. A source that does not keep how long logins took says nothing of it.
 */
export async function checkLoginTtl(client: SqlClient, settings: CutoverSettings, findings: Findings): Promise<void> {
  const { loginTtlMs } = settings.sync;
  const { slowLoginsSql } = copyPathOf(settings.hydraVersion);
  if (slowLoginsSql === undefined) return;
  const [found] = await queryRows<{ slower: number; slowest_ms: number }>(client, slowLoginsSql, [
    SAMPLED_PAGES,
    loginTtlMs,
  ]);
  if (found === undefined || found.slower === 0) return;
  findings.warn(
    'sync.loginTtlMs',
    `${found.slower} of the logins looked at on blue took longer than ${loginTtlMs} ms, the slowest ${Math.round(found.slowest_ms)} ms`,
    'set it to what ttl.login_consent_request says in the config of Hydra on blue, or such logins end with an error after the switchover',
  );
}
