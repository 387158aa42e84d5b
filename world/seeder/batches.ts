import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type ClientBase, type QueryResult } from 'pg';
import { type Attempt, type TokenBatch, type TokenSettings, addTokenRows, emptyBatch } from './token-rows';

/** Attempts per transaction: about 50 ms, so that a Hydra at work on the same tables hardly waits. */
const BATCH_ATTEMPTS = 1_000;
/** Attempts whose tokens are made in one go: some milliseconds. */
const SLICE_ATTEMPTS = 50;

export type RowCounts = Record<string, number>;

export interface BatchSettings extends TokenSettings {
  readonly prefix: string;
  readonly attempts: number;
}

export function loadSql(name: string): string {
  return readFileSync(join(__dirname, `${name}.sql`), 'utf8');
}

export function addCount(counts: RowCounts, table: string, result: QueryResult): void {
  counts[table] = (counts[table] ?? 0) + (result.rowCount ?? 0);
}

/** Runs `work` in a transaction of its own. */
export async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // The first error says what happened; a connection that is gone cannot roll back and need not.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/**
 * Writes what `seed_attempt` describes, parents before children, a few attempts per transaction. While the server writes one batch, the
 * tokens of the next are made here.
 */
export async function writeBatches(client: ClientBase, settings: BatchSettings, counts: RowCounts): Promise<void> {
  const statements = loadStatements();
  let writing = Promise.resolve();
  for (let first = 1; first <= settings.attempts; first += BATCH_ATTEMPTS) {
    const range = [first, Math.min(settings.attempts, first + BATCH_ATTEMPTS - 1)] as const;
    const before = writing;
    const tokens = await makeTokens(client, statements.batch, range, settings).catch(async (error: unknown) => {
      // In a transaction that failed every other query fails too: the error to report is the first.
      await before;
      throw error;
    });
    await before;
    writing = inTransaction(client, () => writeBatch(client, statements, range, tokens, settings, counts));
    // Awaited above or below; until then it must not count as unhandled.
    writing.catch(() => undefined);
  }
  await writing;
}

async function makeTokens(
  client: ClientBase,
  sql: string,
  range: readonly [number, number],
  settings: BatchSettings,
): Promise<TokenBatch> {
  const attempts = await client.query<Attempt>(sql, [...range]);
  const batch = emptyBatch();
  for (let start = 0; start < attempts.rows.length; start += SLICE_ATTEMPTS) {
    addTokenRows(batch, attempts.rows.slice(start, start + SLICE_ATTEMPTS), settings);
    // Lets the other batch's answers in, and its next statement out.
    await setImmediate();
  }
  return batch;
}

async function writeBatch(
  client: ClientBase,
  statements: ReturnType<typeof loadStatements>,
  range: readonly [number, number],
  tokens: TokenBatch,
  settings: BatchSettings,
  counts: RowCounts,
): Promise<void> {
  for (const { table, sql, withPrefix } of statements.requests) {
    addCount(counts, table, await client.query(sql, withPrefix ? [...range, settings.prefix] : [...range]));
  }
  for (const [table, sql] of statements.tokens) {
    const columns = tokens[table];
    if (columns.attempt.length === 0) continue;
    const values: unknown[] = [columns.attempt, columns.signature, columns.requestedAt, columns.session];
    if (columns.last.length > 0) values.push(columns.last);
    addCount(counts, `hydra_oauth2_${table}`, await client.query(sql, values));
  }
  const logout = await client.query(statements.logout, [...range, settings.prefix, settings.issuer]);
  addCount(counts, 'hydra_oauth2_logout_request', logout);
}

function loadStatements() {
  const request = (table: string, file: string, withPrefix = false) => {
    return { table: `hydra_oauth2_${table}`, sql: loadSql(`sql/${file}`), withPrefix };
  };
  return {
    batch: loadSql('sql/attempt-batch'),
    logout: loadSql('sql/logout-requests'),
    requests: [
      request('authentication_session', 'sessions'),
      request('authentication_request', 'login-requests', true),
      request('authentication_request_handled', 'login-answers'),
      request('consent_request', 'consent-requests', true),
      request('consent_request_handled', 'consent-answers'),
      request('obfuscated_authentication_session', 'pairwise-subjects'),
    ],
    tokens: [
      ['access', loadSql('sql/access-tokens')],
      ['refresh', loadSql('sql/refresh-tokens')],
      ['code', loadSql('sql/codes')],
      ['oidc', loadSql('sql/oidc-sessions')],
      ['pkce', loadSql('sql/pkce-sessions')],
    ] as const,
  };
}
