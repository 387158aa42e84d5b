import { type SqlClient, type Statement, queryRows, runInOrder } from '../../domain/ports/sql-client';
import { type StaleChallenge } from '../../domain/ports/targets';
import { type BegunRequests, type CopyPath } from '../paths/copy-path';
import { jsonBatches } from './json-batches';
import { type NamedKeys } from './log-keys';

/** A browser may come back as late as Hydra lets it, and a little later: it starts anew on any Hydra then. */
const REACH_IN_TTLS = 2;
const KEPT_LONGER_MS = 2 * 3_600_000;

function begunRecently(loginTtlMs: number): string {
  return `requested_at > (now() AT TIME ZONE 'utc') - ${Math.ceil(loginTtlMs * REACH_IN_TTLS)} * interval '1 millisecond'`;
}

export interface BegunRequest {
  readonly challenge: string;
  readonly verifier: string;
  readonly request_url: string;
  readonly of: 'login' | 'consent';
}

/**
 * @param loginTtlMs how long a login or a consent may take on the source
 * @returns login and consent requests that the log says were begun, as far as the source still has them and lets them end
 */
export async function readBegunRequests(
  { begunRequests }: CopyPath,
  from: SqlClient,
  named: NamedKeys,
  loginTtlMs: number,
): Promise<BegunRequest[]> {
  const { begunLogins, begunConsents } = named;
  if (begunLogins.size + begunConsents.size === 0) return [];
  const recent = begunRecently(loginTtlMs);
  const selects = begunRequests.map(
    (one) => `${requestsOf(one)} WHERE challenge = ANY($${one.of === 'login' ? 1 : 2}::text[]) AND ${recent}`,
  );
  return queryRows<BegunRequest>(from, selects.join(' UNION ALL '), [[...begunLogins], [...begunConsents]]);
}

function requestsOf({ table, of }: BegunRequests): string {
  return `SELECT challenge, verifier, request_url, '${of}' AS of FROM ${table} AS source`;
}

/** Rows that one snapshot reads. */
const PAGE_ROWS = 20_000;

/**
 * Carries those that were begun before the log and may still end. Once in a catch-up; idempotent.
 *
 * Reads each table once, a range of keys after the other, each in a snapshot of its own: the tables have no index on their times, and
 * one snapshot over all would keep vacuum from its work for as long. Not for the pause.
 */
export async function carryRecentRequests(
  {
    path,
    from,
    to,
    loginTtlMs,
  }: { readonly path: CopyPath; readonly from: SqlClient; readonly to: SqlClient; readonly loginTtlMs: number },
  options: { readonly pageRows?: number; readonly before?: () => Promise<void> } = {},
): Promise<void> {
  const { pageRows = PAGE_ROWS } = options;
  for (const requests of path.begunRequests) {
    for (let after: string | null = null; ;) {
      await options.before?.();
      const past: string = after === null ? 'true' : 'source.challenge > $1::text';
      const values: string[] = after === null ? [] : [after];
      const [end] = await queryRows<{ challenge: string }>(
        from,
        `SELECT challenge FROM ${requests.table} AS source WHERE ${past} ORDER BY source.challenge OFFSET ${pageRows} LIMIT 1`,
        values,
      );
      const range: string = end === undefined ? past : `${past} AND source.challenge <= $${values.length + 1}::text`;
      const rows = await queryRows<BegunRequest>(
        from,
        `${requestsOf(requests)} WHERE ${range} AND ${begunRecently(loginTtlMs)}`,
        end === undefined ? values : [...values, end.challenge],
      );
      await runInOrder(to, begunRequestChanges(rows));
      if (end === undefined) break;
      after = end.challenge;
    }
  }
}

export function* begunRequestChanges(requests: readonly BegunRequest[]): Generator<Statement> {
  const entries = requests.flatMap(({ challenge, verifier, request_url: url, of }) => [
    { kind: `${of}_challenge`, value: challenge, url },
    { kind: `${of}_verifier`, value: verifier, url },
  ]);
  for (const batch of jsonBatches(entries)) {
    yield {
      text: `INSERT INTO hydra_cutover.stale_challenge (kind, value, request_url)
       SELECT kind, value, url FROM json_to_recordset($1::json) AS entry(kind text, value text, url text)
       ON CONFLICT (kind, value) DO NOTHING`,
      values: [batch],
      isOurs: true,
    };
  }
}

export interface StaleChallengePage {
  readonly entries: readonly StaleChallenge[];
  /** What to ask for next; the same as before when there was nothing. */
  readonly lastSeq: number;
  /** Nothing was there behind it. */
  readonly isLast: boolean;
}

/** Only while no sync transaction is under way is nothing missed behind `lastSeq`: numbers are given before they commit. */
export async function readStaleChallenges(
  to: SqlClient,
  afterSeq: number,
  limit = 10_000,
): Promise<StaleChallengePage> {
  const rows = await queryRows<StaleChallenge & { seq: number }>(
    to,
    `SELECT seq::float8 AS seq, kind, value, request_url AS "requestUrl"
       FROM hydra_cutover.stale_challenge WHERE seq > $1 ORDER BY seq LIMIT $2`,
    [afterSeq, limit],
  );
  const entries = rows.map(({ kind, value, requestUrl }) => ({ kind, value, requestUrl }));
  return { entries, lastSeq: rows.at(-1)?.seq ?? afterSeq, isLast: rows.length < limit };
}

/** Forgets what no browser comes back with any more. @returns how many */
export async function pruneStaleChallenges(to: SqlClient, loginTtlMs: number): Promise<number> {
  const { rowCount } = await to.query(
    `DELETE FROM hydra_cutover.stale_challenge WHERE arrived_at < clock_timestamp() - $1 * interval '1 millisecond'`,
    [loginTtlMs * REACH_IN_TTLS + KEPT_LONGER_MS],
  );
  return rowCount ?? 0;
}
