import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type CutoverSettings } from '../../domain/settings';
import { type Findings } from './findings';

/** Pages of the table are drawn, so that the look takes no longer on a large database. */
const SAMPLED_PAGES = 2_000;

/**
 * Compares how long logins took on blue with how long the config says they may take: Hydra itself ends every one that takes longer,
 * so that a slower one that succeeded shows another `ttl.login_consent_request` than that of the config.
 *
 * A login ended when its consent was asked for. Looks at a sample; changes nothing.
 */
export async function checkLoginTtl(client: SqlClient, settings: CutoverSettings, findings: Findings): Promise<void> {
  const { loginTtlMs } = settings.sync;
  const [found] = await queryRows<{ slower: number; slowest_ms: number }>(
    client,
    `WITH size AS (
       SELECT greatest(1, pg_relation_size('hydra_oauth2_consent_request'::regclass) / current_setting('block_size')::bigint) AS pages
     )
     SELECT count(*)::float8 AS slower, coalesce(max(extract(epoch FROM consent.requested_at - login.requested_at)) * 1000, 0)::float8 AS slowest_ms
       FROM hydra_oauth2_consent_request AS consent
              TABLESAMPLE SYSTEM ((SELECT least(100, 100.0 * $1::int / pages) FROM size))
       JOIN hydra_oauth2_authentication_request AS login ON login.challenge = consent.login_challenge
      WHERE consent.requested_at - login.requested_at > $2::float8 * interval '1 millisecond'`,
    [SAMPLED_PAGES, loginTtlMs],
  );
  if (found === undefined || found.slower === 0) return;
  findings.warn(
    'sync.loginTtlMs',
    `${found.slower} of the logins looked at on blue took longer than ${loginTtlMs} ms, the slowest ${Math.round(found.slowest_ms)} ms`,
    'set it to what ttl.login_consent_request says in the config of Hydra on blue, or such logins end with an error after the switchover',
  );
}
