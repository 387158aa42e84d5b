import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { withLockRetry } from '../arbiter/lock-retry';
import { COPIED_SCHEMA } from './whose-schema';

/**
 * Takes the source's triggers off the tables of its copy, one table for each transaction: a drop of the schema would hold one table
 * while it waits for another. Only those whose function is in {@link COPIED_SCHEMA}, looked for in the transaction that drops them:
 * the copy's own guards have the same names. Idempotent.
 *
 * @throws CutoverFault LOCK_BUSY
 */
export async function dropCopiedTriggers(copy: SqlClient): Promise<void> {
  const tables = await queryRows<{ oid: string; table: string }>(
    copy,
    `SELECT DISTINCT t.tgrelid::text AS oid, t.tgrelid::regclass::text AS table
       FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace
       JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT t.tgisinternal AND f.nspname = $1 AND n.nspname NOT IN ('hydra_cutover', $1) ORDER BY 2`,
    [COPIED_SCHEMA],
  );
  for (const { oid, table } of tables) {
    const drop = `DO $drop$ DECLARE one record; BEGIN
      FOR one IN SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                   JOIN pg_namespace f ON f.oid = p.pronamespace
                  WHERE t.tgrelid = ${oid}::oid AND NOT t.tgisinternal AND f.nspname = '${COPIED_SCHEMA}' LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', one.tgname, ${oid}::oid::regclass);
      END LOOP; END $drop$`;
    await withLockRetry(copy, table, {}, drop);
  }
}

/**
 * One atomic statement, so that a run that is killed here finds either name. Does nothing where the schema is the copy's own by now.
 */
export async function setCopiedSchemaAside(copy: SqlClient, source: SideName): Promise<void> {
  const rename = `DO $aside$ BEGIN
    -- Two at once take turns; anybody may still log in here, so that it is no advisory lock, which anybody may hold.
    LOCK TABLE hydra_cutover.run IN SHARE UPDATE EXCLUSIVE MODE;
    IF EXISTS (SELECT 1 FROM hydra_cutover.run WHERE side = '${source}') THEN
      ALTER SCHEMA hydra_cutover RENAME TO ${COPIED_SCHEMA};
    END IF; END $aside$`;
  await withLockRetry(copy, 'hydra_cutover', {}, rename);
}

/** Idempotent. */
export async function dropCopiedSchema(copy: SqlClient): Promise<void> {
  const drop = `DROP SCHEMA IF EXISTS ${COPIED_SCHEMA} CASCADE`;
  await withLockRetry(copy, COPIED_SCHEMA, {}, drop);
}
