import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { withLockRetry } from '../arbiter/lock-retry';

/**
 * Switches off, on the copy, what others made to fire when Hydra's tables are written (an audit, say): the sync writes them, and their
 * code would run with its rights. Idempotent, one table per transaction. Views and tables of others beside them are not ours to alter.
 *
 * @param schema of Hydra's tables
 * @returns the statements that switch them on again
 * @throws CutoverFault LOCK_BUSY
 */
export async function switchOffForeignTriggers(copy: SqlClient, schema: string): Promise<readonly string[]> {
  const found = await queryRows<{ table: string; trigger: string }>(
    copy,
    `SELECT format('%I.%I', n.nspname, c.relname) AS table, quote_ident(t.tgname)::text AS trigger
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND (c.relname ^@ 'hydra_' OR c.relname = 'schema_migration')
        AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND f.nspname <> 'hydra_cutover' ORDER BY 1, 2`,
    [schema],
  );
  for (const { table, trigger } of found) {
    await withLockRetry(copy, table, {}, `ALTER TABLE ${table} DISABLE TRIGGER ${trigger}`);
  }
  return found.map(({ table, trigger }) => `ALTER TABLE ${table} ENABLE TRIGGER ${trigger}`);
}

/**
 * Switches off, on the copy, what would hide rows of Hydra's tables from whoever carries them, or refuse them. Idempotent, one table per transaction.
 *
 * @param schema of Hydra's tables
 * @returns the statements that switch it on again
 * @throws CutoverFault LOCK_BUSY
 */
export async function switchOffRowSecurity(copy: SqlClient, schema: string): Promise<readonly string[]> {
  const found = await queryRows<{ table: string }>(
    copy,
    `SELECT format('%I.%I', n.nspname, c.relname) AS table
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relrowsecurity AND c.relname ^@ 'hydra_' ORDER BY 1`,
    [schema],
  );
  for (const { table } of found) {
    await withLockRetry(copy, table, {}, `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
  }
  return found.map(({ table }) => `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
}
