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

/**
 * Those of a schema where $1 names one of ours: whoever drops it meets locks on any of them, and on those of its neighbours that go with it.
 * A copy of this database on the same server has tables of the same oids, and nobody there is in the way.
 */
const ON_TABLE = `l.relation IN (
          SELECT pg_catalog.to_regclass(one) FROM unnest($1::text[]) AS one
          UNION ALL
          SELECT c.oid FROM unnest($1::text[]) AS one JOIN pg_catalog.pg_namespace n ON n.nspname = one OR n.nspname ^@ (one || '_')
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid WHERE one ^@ 'hydra_cutover')
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
      if (attempt >= attempts) {
        const tries = `${table} stayed locked through ${attempts} tries of ${options.lockTimeoutMs ?? LOCK_TIMEOUT_MS} ms`;
        throw await lockBusy(client, [table], tries, error, { attempts });
      }
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
    [[table]],
  );
  return row === undefined ? null : Math.ceil(row.ms);
}

/** @param what happened @param modes that are in the way. @default any @returns a fault that names whose they are */
export async function lockBusy(
  client: SqlClient,
  tables: readonly string[],
  what: string,
  cause: unknown,
  { modes, ...details }: Readonly<Record<string, unknown>> & { readonly modes?: readonly string[] } = {},
): Promise<CutoverFault> {
  // What cannot be asked any more is no reason to hide what happened.
  const holders = await holdersOf(client, tables, modes).catch(() => []);
  const advice =
    holders.length === 0
      ? 'look for transactions that stay open on it (pg_locks), then try again'
      : `it is held by ${holders.join(', ')}; end that, then try again`;
  return new CutoverFault('LOCK_BUSY', `${what}; ${advice}`, { table: tables.join(', '), ...details }, cause);
}

/** Who has a lock on one of the tables now. */
function holdersOf(client: SqlClient, tables: readonly string[], modes?: readonly string[]): Promise<string[]> {
  if (modes === undefined) return holdersWhere(client, ON_TABLE, [tables]);
  return holdersWhere(client, `${ON_TABLE} AND l.mode = ANY ($2)`, [tables, modes]);
}

/** Who keeps a decision of the arbiter waiting: whoever writes, or has asked it something that it must not forget, and whoever changes a table. */
export function holdersOfDecision(client: SqlClient): Promise<string[]> {
  return holdersWhere(client, IN_THE_WAY_OF_A_DECISION, []);
}

const IN_THE_WAY_OF_A_DECISION = `l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        AND CASE WHEN l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                   AND l.relation IN (SELECT table_oid FROM hydra_cutover.guarded) THEN true
                 ELSE l.mode <> 'AccessShareLock' AND l.relation IN (
                   SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname IN ('hydra_cutover', 'hydra_cutover_barrier')) END`;

/** The oldest first: a transaction that is prepared has no process. Of other roles nobody may see since when. */
async function holdersWhere(client: SqlClient, where: string, values: unknown[]): Promise<string[]> {
  const rows = await queryRows<{ who: string }>(
    client,
    `SELECT who FROM (SELECT DISTINCT a.xact_start AS since,
             CASE WHEN a.backend_type = 'autovacuum worker' THEN format('autovacuum, process %s (one against wraparound gives way to nobody: wait for it)', a.pid)
                 WHEN a.pid IS NULL THEN format('prepared transaction %L of role %s', x.gid, x.owner)
                 ELSE format('process %s of role %s', a.pid, a.usename) END
             || CASE WHEN a.xact_start IS NULL THEN ''
                     ELSE format(' (its transaction is open for %s s)', extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::int) END AS who
       FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND (a.usename IS NOT NULL OR a.backend_type = 'autovacuum worker')
       LEFT JOIN (pg_catalog.pg_locks own JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = own.transactionid)
              ON l.pid IS NULL AND own.pid IS NULL AND own.virtualtransaction = l.virtualtransaction
      WHERE ${where} AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND coalesce(a.pid::text, x.gid) IS NOT NULL) AS holders
      ORDER BY since NULLS LAST, who LIMIT 3`,
    values,
  );
  return rows.map(({ who }) => who);
}

/** Nothing has changed then. */
export function isLockBusy(error: unknown): boolean {
  return hasSqlState(error, 'lockNotAvailable', 'deadlock');
}
