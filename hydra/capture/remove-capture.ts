import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type LockRetryOptions } from '../arbiter/lock-retry';
import { beginOwnRemoval, removeInOneTransaction } from '../arbiter/own-removal';
import { sqlFile } from '../sql-file';
import { hasOurs } from '../ours';

export interface RemoveCaptureOptions extends LockRetryOptions {
  /** @default whoever's arbiter is found here */
  readonly cutoverId?: string;
}

/**
 * Takes the triggers of the capture off Hydra's tables, one table per transaction, then drops the change log and the set of
 * revocations. Guards and arbiter stay. Tolerates whatever is missing.
 *
 * First no attempt can begin any more, unless writes have moved away already: then none ever can.
 * @throws CutoverFault CHECK_FAILED (a closed side, or another cutover's arbiter) | LOCK_BUSY (an attempt is alive, or a table stays locked; what was removed so far
 *   stays removed, and no attempt can begin)
 */
export async function removeCapture(client: SqlClient, options: RemoveCaptureOptions = {}): Promise<void> {
  if (!(await isCaptureInstalled(client))) return;
  const removal = await beginOwnRemoval(client, options.cutoverId, (state) => state === 'committed');
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
    if (!(await removeInOneTransaction(client, removal, name, options, sql))) return;
  }
  await removeInOneTransaction(client, removal, 'hydra_cutover', options, sqlFile(__dirname, 'remove-capture.sql'));
}

/** After a commit: whether finalize has come so far that nothing on the source can be compared any more. */
export async function isCaptureInstalled(client: SqlClient): Promise<boolean> {
  return hasOurs(client, 'hydra_cutover.captured');
}
