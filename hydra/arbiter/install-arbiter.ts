import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { sqlFile } from '../sql-file';

export interface InstallArbiterOptions {
  readonly side: 'blue' | 'green';
  readonly cutoverId: string;
  /** Blue starts open; green starts closed and armed, until it is opened for a committed epoch. */
  readonly initialState: 'open' | 'closed';
}

/**
 * Makes schema `hydra_cutover` with the arbiter of this side, in one transaction. Not idempotent: an existing arbiter is
 * another cutover's, and refused with PostgreSQL's 42P06.
 *
 * @returns the nonce that every later transaction asserts, so that crossed connections are noticed
 */
export async function installArbiter(client: SqlClient, options: InstallArbiterOptions): Promise<{ nonce: string }> {
  const nonce = randomUUID();
  const keys = { lock_space: String(randomInt(1, 2 ** 31)), lock_key: String(randomInt(1, 2 ** 31)) };
  await client.query('BEGIN');
  try {
    await client.query(sqlFile(__dirname, 'arbiter.sql', keys));
    await client.query('INSERT INTO hydra_cutover.run (side, nonce, cutover_id, state) VALUES ($1, $2::uuid, $3, $4)', [
      options.side,
      nonce,
      options.cutoverId,
      options.initialState,
    ]);
    if (options.initialState === 'closed') await client.query(`SELECT setval('hydra_cutover.armed', 1)`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  return { nonce };
}

export interface GuardTablesOptions {
  /** The schema that holds Hydra's tables. @default 'public' */
  readonly schema?: string;
  /** How long one attempt on one table may wait for its writers, and others behind it. @default 200 */
  readonly lockTimeoutMs?: number;
  /** @default 50 */
  readonly attemptsPerTable?: number;
  /** @default 400 */
  readonly retryDelayMs?: number;
}

/**
 * Puts the guard on every table of Hydra's schema that has none; `schema_migration` gets the one that never ends.
 *
 * Idempotent. One table per transaction with a short `lock_timeout`: DDL that waits makes all later writers wait behind it.
 * @throws PostgreSQL's 55P03 when a table stays locked through all attempts; tables done so far keep their guard
 * @returns names of the tables that got a guard in this call
 */
export async function guardTables(client: SqlClient, options: GuardTablesOptions = {}): Promise<string[]> {
  const unguarded = await queryRows<{ name: string; relname: string }>(
    client,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relname
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT 1 FROM hydra_cutover.guarded g WHERE g.table_oid = c.oid)
      ORDER BY c.relname`,
    [options.schema ?? 'public'],
  );
  for (const { name, relname } of unguarded) {
    const guard = relname === 'schema_migration' ? 'hydra_cutover.guard_migrations' : 'hydra_cutover.guard';
    await guardTable(client, sqlFile(__dirname, 'guard-table.sql', { table: name, function: `${guard}()` }), options);
  }
  return unguarded.map(({ name }) => name);
}

async function guardTable(client: SqlClient, sql: string, options: GuardTablesOptions): Promise<void> {
  const attempts = options.attemptsPerTable ?? 50;
  for (let attempt = 1; ; attempt++) {
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL lock_timeout = ${options.lockTimeoutMs ?? 200}`);
      await client.query(sql);
      await client.query('COMMIT');
      return;
    } catch (error) {
      await client.query('ROLLBACK');
      if (!isLockTimeout(error) || attempt >= attempts) throw error;
      await sleep(options.retryDelayMs ?? 400);
    }
  }
}

/** Source: PostgreSQL manual, "PostgreSQL Error Codes": 55P03 lock_not_available. */
function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}
