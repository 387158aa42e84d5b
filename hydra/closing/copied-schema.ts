import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { withLockRetry } from '../arbiter/lock-retry';
import { COPIED_SCHEMA } from './whose-schema';

/**
 * Takes blue's triggers off the tables of its copy, one table for each transaction: a drop of the schema would hold one table
 * while it waits for another. Idempotent.
 *
 * @throws CutoverFault LOCK_BUSY
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
  for (const { table, drop } of triggers) await withLockRetry(green, table, {}, drop);
}

/** One atomic statement, so that a run that is killed here finds either name. */
export async function setCopiedSchemaAside(green: SqlClient): Promise<void> {
  const rename = `ALTER SCHEMA hydra_cutover RENAME TO ${COPIED_SCHEMA}`;
  await withLockRetry(green, 'hydra_cutover', {}, rename);
}

/** Idempotent. */
export async function dropCopiedSchema(green: SqlClient): Promise<void> {
  const drop = `DROP SCHEMA IF EXISTS ${COPIED_SCHEMA} CASCADE`;
  await withLockRetry(green, COPIED_SCHEMA, {}, drop);
}
