import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
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

/**
 * Runs DDL on one table in a transaction of its own with a short `lock_timeout`, again and again: DDL that waits makes all
 * later writers wait behind it.
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
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    const begin = `BEGIN; ${END_WHEN_SILENT}; SET LOCAL lock_timeout = ${options.lockTimeoutMs ?? 200}`;
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
      if (!isLockTimeout(error)) throw error;
      if (attempt >= attempts) throw lockBusy(table, attempts, options, error);
      await sleep(options.retryDelayMs ?? 400, undefined, options.signal && { signal: options.signal });
    }
  }
}

function lockBusy(table: string, attempts: number, options: LockRetryOptions, cause: unknown): CutoverFault {
  return new CutoverFault(
    'LOCK_BUSY',
    `${table} stayed locked through ${attempts} tries of ${options.lockTimeoutMs ?? 200} ms; ` +
      'look for transactions that stay open on it (pg_locks), then try again',
    { table, attempts },
    cause,
  );
}

/** Source: PostgreSQL manual, "PostgreSQL Error Codes": 55P03 lock_not_available, 40P01 deadlock_detected. */
function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01');
}
