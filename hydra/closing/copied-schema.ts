import { setTimeout as sleep } from 'node:timers/promises';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { COPIED_SCHEMA } from './whose-schema';

const LOCK_TIMEOUT_MS = 500;
const ATTEMPTS_PER_TABLE = 40;
const RETRY_DELAY_MS = 250;

/**
 * Takes blue's triggers off the tables of its copy, one table for each transaction: a drop of the schema would hold one table
 * while it waits for another. Idempotent.
 *
 * @throws PostgreSQL's 55P03 when a table stays locked
 */
export async function dropCopiedTriggers(green: SqlClient): Promise<void> {
  const triggers = await queryRows<{ table: string; drop: string }>(
    green,
    `SELECT t.tgrelid::regclass::text AS table,
            string_agg(format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass), '; ') AS drop
       FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace
       JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT t.tgisinternal AND f.nspname IN ('hydra_cutover', $1) AND n.nspname NOT IN ('hydra_cutover', $1)
      GROUP BY t.tgrelid ORDER BY 1`,
    [COPIED_SCHEMA],
  );
  for (const { drop } of triggers) await withLockRetries(green, drop);
}

/** One atomic statement, so that a run that is killed here finds either name. */
export async function setCopiedSchemaAside(green: SqlClient): Promise<void> {
  await withLockRetries(green, `ALTER SCHEMA hydra_cutover RENAME TO ${COPIED_SCHEMA}`);
}

/** Idempotent. */
export async function dropCopiedSchema(green: SqlClient): Promise<void> {
  await withLockRetries(green, `DROP SCHEMA IF EXISTS ${COPIED_SCHEMA} CASCADE`);
}

async function withLockRetries(client: SqlClient, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query(sql);
      await client.query('COMMIT');
      return;
    } catch (error) {
      await client.query('ROLLBACK');
      // Source: PostgreSQL manual, "PostgreSQL Error Codes": 55P03 lock_not_available.
      const busy = error instanceof Error && 'code' in error && error.code === '55P03';
      if (!busy || attempt >= ATTEMPTS_PER_TABLE) throw error;
      await sleep(RETRY_DELAY_MS);
    }
  }
}
