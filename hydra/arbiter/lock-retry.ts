import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { END_WHEN_SILENT } from '../end-when-silent';

export interface LockRetryOptions {
  /** How long one attempt on one table may wait for its writers, and others behind it. @default 200 */
  readonly lockTimeoutMs?: number;
  /** @default 50 */
  readonly attemptsPerTable?: number;
  /** @default 400 */
  readonly retryDelayMs?: number;
  readonly signal?: AbortSignal;
  /** After each table. */
  readonly onTable?: (table: string) => void;
}

const LOCK_TIMEOUT_MS = 200;
/** Tries per table that wait for as long as it takes autovacuum to give way: writers wait meanwhile. */
const PATIENT_TRIES_MAX = 3;

/**
 * Runs DDL on one table in a transaction of its own with a short `lock_timeout`, again and again: DDL that waits makes all
 * later writers wait behind it. A table that autovacuum works on, which may be for hours, is waited for a few times for longer than
 * `deadlock_timeout`, 1 s by default.
 *
 * @param work SQL without parameters, sent as one message from BEGIN to COMMIT: a worker that stops after it holds nothing. Or
 * several round trips; a worker that stops between them holds the table for seconds, until the server ends its session.
 * @throws CutoverFault LOCK_BUSY when the table stays locked through all attempts | the signal's reason
 */
export async function withLockRetry(
  client: SqlClient,
  table: string,
  options: LockRetryOptions,
  work: string | (() => Promise<unknown>),
): Promise<void> {
  const attempts = options.attemptsPerTable ?? 50;
  const shortMs = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  let patientTries = 0;
  for (let attempt = 1, waitMs = shortMs; ; attempt++) {
    options.signal?.throwIfAborted();
    const begin = `BEGIN; ${END_WHEN_SILENT}; SET LOCAL lock_timeout = ${waitMs}`;
    try {
      if (typeof work === 'string') {
        await client.query(`${begin};\n${work}\n; COMMIT`);
      } else {
        await client.query(begin);
        await work();
        await client.query('COMMIT');
      }
      options.onTable?.(table);
      return;
    } catch (error) {
      // The first error says what happened; a connection that is gone cannot roll back and need not.
      await client.query('ROLLBACK').catch(() => undefined);
      if (!isLockBusy(error)) throw error;
      if (attempt >= attempts) throw lockBusy(table, attempts, options, error);
      const patientMs = patientTries < PATIENT_TRIES_MAX ? await autovacuumYieldsAfterMs(client, table) : null;
      if (patientMs !== null) patientTries += 1;
      waitMs = shortMs + (patientMs ?? 0);
      await sleep(options.retryDelayMs ?? 400, undefined, options.signal && { signal: options.signal });
    }
  }
}

/**
 * Source: PostgreSQL manual, "The Autovacuum Daemon": it is interrupted for a lock that others want. That takes who waits for
 * `deadlock_timeout` (proc.c), and is not done for one that prevents wraparound.
 *
 * @returns null when autovacuum does not hold the table, as far as this role can see
 */
async function autovacuumYieldsAfterMs(client: SqlClient, table: string): Promise<number | null> {
  const [row] = await queryRows<{ ms: number }>(
    client,
    `SELECT extract(epoch FROM current_setting('deadlock_timeout')::interval)::float8 * 1000 AS ms
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.relation = to_regclass($1) AND l.granted AND a.backend_type = 'autovacuum worker' LIMIT 1`,
    [table],
  );
  return row === undefined ? null : Math.ceil(row.ms);
}

function lockBusy(table: string, attempts: number, options: LockRetryOptions, cause: unknown): CutoverFault {
  return new CutoverFault(
    'LOCK_BUSY',
    `${table} stayed locked through ${attempts} tries of ${options.lockTimeoutMs ?? LOCK_TIMEOUT_MS} ms; ` +
      'look for transactions that stay open on it (pg_locks), then try again',
    { table, attempts },
    cause,
  );
}

/** Nothing has changed then. Source: PostgreSQL manual, "PostgreSQL Error Codes": 55P03 lock_not_available, 40P01 deadlock_detected. */
export function isLockBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01');
}
