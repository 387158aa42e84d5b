import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type StaleChallenge } from '../../domain/ports/targets';
import { inTransaction } from '../cleaning/session';
import { jsonBatches } from './json-batches';
import { type NamedKeys } from './log-keys';

/** A browser may come back as late as Hydra lets it, and a little later: it starts anew on any Hydra then. */
const REACH_IN_TTLS = 2;
const KEPT_LONGER_MS = 2 * 3_600_000;

const REQUESTS = `
  SELECT challenge, verifier, request_url, 'login' AS of FROM hydra_oauth2_authentication_request AS login WHERE :logins
  UNION ALL
  SELECT challenge, verifier, request_url, 'consent' FROM hydra_oauth2_consent_request AS consent WHERE :consents`;

function begunRecently(loginTtlMs: number): string {
  return `requested_at > (now() AT TIME ZONE 'utc') - ${Math.ceil(loginTtlMs * REACH_IN_TTLS)} * interval '1 millisecond'`;
}

interface BegunRequest {
  readonly challenge: string;
  readonly verifier: string;
  readonly request_url: string;
  readonly of: 'login' | 'consent';
}

/**
 * @param loginTtlMs how long a login or a consent may take on blue
 * @returns login and consent requests that the log says were begun, as far as blue still has them and lets them end
 */
export async function readBegunRequests(
  blue: SqlClient,
  named: NamedKeys,
  loginTtlMs: number,
): Promise<BegunRequest[]> {
  const { begunLogins, begunConsents } = named;
  if (begunLogins.size + begunConsents.size === 0) return [];
  const recent = begunRecently(loginTtlMs);
  const sql = REQUESTS.replace(':logins', `challenge = ANY($1::text[]) AND ${recent}`).replace(
    ':consents',
    `challenge = ANY($2::text[]) AND ${recent}`,
  );
  return queryRows<BegunRequest>(blue, sql, [[...begunLogins], [...begunConsents]]);
}

/**
 * Carries those that were begun before the log and may still end. Once in a catch-up; idempotent.
 *
 * Reads each table once from end to end, through a cursor: they have no index on their times. Not for the pause.
 */
export async function carryRecentRequests(
  { blue, green, loginTtlMs }: { readonly blue: SqlClient; readonly green: SqlClient; readonly loginTtlMs: number },
  batchRows: number,
): Promise<void> {
  const recent = begunRecently(loginTtlMs);
  const sql = REQUESTS.replace(':logins', recent).replace(':consents', recent);
  await inTransaction(blue, 'BEGIN READ ONLY', 'COMMIT', async () => {
    await blue.query(`DECLARE hydra_cutover_begun NO SCROLL CURSOR FOR ${sql}`);
    for (;;) {
      const rows = await queryRows<BegunRequest>(blue, `FETCH ${batchRows} FROM hydra_cutover_begun`);
      await writeBegunRequests(green, rows);
      if (rows.length < batchRows) return;
    }
  });
}

export async function writeBegunRequests(green: SqlClient, requests: readonly BegunRequest[]): Promise<void> {
  const entries = requests.flatMap(({ challenge, verifier, request_url: url, of }) => [
    { kind: `${of}_challenge`, value: challenge, url },
    { kind: `${of}_verifier`, value: verifier, url },
  ]);
  for (const batch of jsonBatches(entries)) {
    await green.query(
      `INSERT INTO hydra_cutover.stale_challenge (kind, value, request_url)
       SELECT kind, value, url FROM json_to_recordset($1::json) AS entry(kind text, value text, url text)
       ON CONFLICT (kind, value) DO NOTHING`,
      [batch],
    );
  }
}

export interface StaleChallengePage {
  readonly entries: readonly StaleChallenge[];
  /** What to ask for next; the same as before when there was nothing. */
  readonly lastSeq: number;
}

/** Only while no sync transaction is under way is nothing missed behind `lastSeq`: numbers are given before they commit. */
export async function readStaleChallenges(
  green: SqlClient,
  afterSeq: number,
  limit = 10_000,
): Promise<StaleChallengePage> {
  const rows = await queryRows<StaleChallenge & { seq: number }>(
    green,
    `SELECT seq::float8 AS seq, kind, value, request_url AS "requestUrl"
       FROM hydra_cutover.stale_challenge WHERE seq > $1 ORDER BY seq LIMIT $2`,
    [afterSeq, limit],
  );
  const entries = rows.map(({ kind, value, requestUrl }) => ({ kind, value, requestUrl }));
  return { entries, lastSeq: rows.at(-1)?.seq ?? afterSeq };
}

/** Forgets what no browser comes back with any more. @returns how many */
export async function pruneStaleChallenges(green: SqlClient, loginTtlMs: number): Promise<number> {
  const { rowCount } = await green.query(
    `DELETE FROM hydra_cutover.stale_challenge WHERE arrived_at < clock_timestamp() - $1 * interval '1 millisecond'`,
    [loginTtlMs * REACH_IN_TTLS + KEPT_LONGER_MS],
  );
  return rowCount ?? 0;
}
