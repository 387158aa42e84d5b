import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { describeArbiter } from '../arbiter/describe-arbiter';
import { type LockRetryOptions, withLockRetry } from '../arbiter/lock-retry';
import { takeRightToBegin } from '../arbiter/take-right-to-begin';
import { sqlFile } from '../sql-file';

/**
 * Takes the triggers of the capture off Hydra's tables, one table per transaction, then drops the change log and the set of
 * revocations. Guards and arbiter stay. Tolerates whatever is missing.
 *
 * First no attempt can begin any more, unless writes have moved away already: then none ever can.
 * @throws CutoverFault CHECK_FAILED (a closed side) | LOCK_BUSY (an attempt is alive, or a table stays locked; what was removed so far
 *   stays removed, and no attempt can begin)
 */
export async function removeCapture(client: SqlClient, options: LockRetryOptions = {}): Promise<void> {
  if (!(await isCaptureInstalled(client))) return;
  if ((await describeArbiter(client))?.state !== 'committed') await takeRightToBegin(client);
  const tables = await queryRows<{ name: string; oid: string; triggers: string[] }>(
    client,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid::text AS oid,
            array_agg(quote_ident(k.trigger_name)::text) AS triggers
       FROM hydra_cutover.captured k JOIN pg_catalog.pg_class c ON c.oid = k.table_oid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname <> 'hydra_cutover' GROUP BY c.oid, n.nspname, c.relname ORDER BY c.relname`,
  );
  for (const { name, oid, triggers } of tables) {
    const drops = triggers.map((trigger) => `DROP TRIGGER IF EXISTS ${trigger} ON ${name}`);
    const sql = [...drops, `DELETE FROM hydra_cutover.captured WHERE table_oid = ${oid}::oid`].join(';\n');
    await withLockRetry(client, name, options, sql);
  }
  await withLockRetry(client, 'hydra_cutover', options, sqlFile(__dirname, 'remove-capture.sql'));
}

/** Behind a commit: whether finalize has come so far that nothing on blue can be compared any more. */
export async function isCaptureInstalled(client: SqlClient): Promise<boolean> {
  const [row] = await queryRows<{ there: boolean }>(
    client,
    `SELECT to_regclass('hydra_cutover.captured') IS NOT NULL AS there`,
  );
  return row?.there === true;
}
