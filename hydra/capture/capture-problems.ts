import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { hasOurs } from '../ours';

/** @returns what makes the change log worth less than it seems; empty when all is well */
export async function captureProblems(client: SqlClient): Promise<string[]> {
  if (!(await hasOurs(client, 'hydra_cutover.captured'))) return ['there is no change log'];
  const rows = await queryRows<{ problem: string }>(client, 'SELECT hydra_cutover.capture_problems() AS problem');
  return rows.map(({ problem }) => problem);
}

const CHANGED_SQL = `WITH changed AS (
       UPDATE hydra_cutover.captured k
          SET relfilenode = c.relfilenode, columns_hash = now.columns_hash, trigger_xmin = t.xmin
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid
         JOIN (SELECT table_oid, hydra_cutover.columns_hash(table_oid) AS columns_hash FROM hydra_cutover.captured GROUP BY table_oid) now
           ON now.table_oid = c.oid
        WHERE c.oid = k.table_oid AND t.tgname = k.trigger_name
          -- One that is off still goes on losing changes.
          AND t.tgenabled = 'A' AND (c.relfilenode <> k.relfilenode OR t.xmin <> k.trigger_xmin
               OR now.columns_hash <> k.columns_hash)
       RETURNING k.table_oid, c.relname)`;
const LOG_CHANGED_SQL = `INSERT INTO hydra_cutover.change_log (kind, table_name) SELECT DISTINCT 'rewrite', relname FROM changed
      -- A VACUUM FULL of the whole database rewrites it too; no row of it is anywhere else.
      WHERE table_oid <> 'hydra_cutover.canary'::regclass`;

/**
 * Logs each table that was rewritten since it was last looked at (VACUUM FULL, CLUSTER, ALTER TABLE that changes rows without a
 * trigger firing), whose columns were changed, or of which a trigger was off meanwhile, as changed altogether: which rows changed nobody can tell, so the sync
 * compares all of them. The only way in which a new relfilenode, other columns, or a trigger that was switched on again, is adopted; the arbiter
 * refuses to commit while there is one that was not.
 *
 * @returns their names
 */
export async function logRewrites(client: SqlClient): Promise<string[]> {
  const rows = await queryRows<{ name: string }>(
    client,
    `${CHANGED_SQL} ${LOG_CHANGED_SQL} RETURNING table_name AS name`,
  );
  return rows.map(({ name }) => name);
}

/**
 * {@link logRewrites}, and the count of what is not carried, in one statement.
 *
 * @returns how many changes there are to carry now; with 0 a round would find nothing
 */
export async function logRewritesAndCount(client: SqlClient): Promise<number> {
  const [row] = await queryRows<{ undone: number }>(
    client,
    // What this statement logs its own count does not see.
    `${CHANGED_SQL}, logged AS (${LOG_CHANGED_SQL} RETURNING 1)
     SELECT (hydra_cutover.undone_changes() + (SELECT count(*) FROM logged))::float8 AS undone`,
  );
  if (row === undefined) throw new Error('a query without FROM gave no row');
  return row.undone;
}

/**
 * Logs each of `tables` as changed altogether, for what may have been written past the guards after the fence, and adopts their guards
 * as they are now, in the same transaction: what was off meanwhile is a problem no more once the sync has carried the tables, and one
 * that is still off stays a problem. The sync adopts the triggers of the capture ({@link logRewrites}).
 */
export async function logAltogether(client: SqlClient, tables: readonly string[]): Promise<void> {
  await client.query(
    `WITH adopted AS (
       UPDATE hydra_cutover.guarded g SET relfilenode = c.relfilenode, trigger_xmin = t.xmin
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid
        WHERE c.oid = g.table_oid AND c.relname = ANY($1) AND t.tgname = 'hydra_cutover_guard' AND t.tgenabled = 'A'
          AND (c.relfilenode <> g.relfilenode OR t.xmin <> g.trigger_xmin))
     INSERT INTO hydra_cutover.change_log (kind, table_name) SELECT 'rewrite', unnest($1::text[])`,
    [tables],
  );
}
