import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { END_WHEN_SILENT } from '../end-when-silent';
import { hasSqlState } from '../sql-state';

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

/** A copy of this database on the same server has tables of the same oids, and nobody there is in the way. */
const ON_TABLE = `l.relation = pg_catalog.to_regclass($1)
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`;

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
      if (attempt >= attempts) throw await lockBusy(client, table, attempts, options, error);
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
      WHERE ${ON_TABLE} AND l.granted AND a.backend_type = 'autovacuum worker' LIMIT 1`,
    [table],
  );
  return row === undefined ? null : Math.ceil(row.ms);
}

async function lockBusy(
  client: SqlClient,
  table: string,
  attempts: number,
  options: LockRetryOptions,
  cause: unknown,
): Promise<CutoverFault> {
  const tries = `${table} stayed locked through ${attempts} tries of ${options.lockTimeoutMs ?? LOCK_TIMEOUT_MS} ms`;
  // What cannot be asked any more is no reason to hide what happened.
  const holders = await holdersOf(client, table).catch(() => []);
  const advice =
    holders.length === 0
      ? 'look for transactions that stay open on it (pg_locks), then try again'
      : `it is held by ${holders.join(', ')}; end that, then try again`;
  return new CutoverFault('LOCK_BUSY', `${tries}; ${advice}`, { table, attempts }, cause);
}

/** Who has a lock on the table now: a transaction that is prepared has no process. Of other roles nobody may see since when. */
async function holdersOf(client: SqlClient, table: string): Promise<string[]> {
  const rows = await queryRows<{ who: string }>(
    client,
    `SELECT DISTINCT CASE WHEN a.backend_type = 'autovacuum worker' THEN format('autovacuum, process %s (one against wraparound gives way to nobody: wait for it)', a.pid)
                 WHEN a.pid IS NULL THEN format('prepared transaction %L of role %s', x.gid, x.owner)
                 ELSE format('process %s of role %s', a.pid, a.usename) END
             || CASE WHEN a.xact_start IS NULL THEN ''
                     ELSE format(' (its transaction is open for %s s)', extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::int) END AS who
       FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND (a.usename IS NOT NULL OR a.backend_type = 'autovacuum worker')
       LEFT JOIN (pg_catalog.pg_locks own JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = own.transactionid)
              ON l.pid IS NULL AND own.pid IS NULL AND own.virtualtransaction = l.virtualtransaction
      WHERE ${ON_TABLE} AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND coalesce(a.pid::text, x.gid) IS NOT NULL
      ORDER BY 1 LIMIT 3`,
    [table],
  );
  return rows.map(({ who }) => who);
}

/** Nothing has changed then. */
export function isLockBusy(error: unknown): boolean {
  return hasSqlState(error, 'lockNotAvailable', 'deadlock');
}
