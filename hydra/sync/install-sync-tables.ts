import { type SqlClient } from '../../domain/ports/sql-client';
import { asSchemaOwner } from '../as-owner';
import { PLANTED_SINCE_FUNCTION_SQL } from '../planted';
import { sqlFile } from '../sql-file';

/**
 * Makes the sync's tables in schema `hydra_cutover` of the target and names the role that the guard lets pass while the target is
 * closed. Idempotent, inside the caller's transaction. The arbiter has to be there.
 */
export async function installSyncTables(to: SqlClient, options: { readonly syncRole: string }): Promise<void> {
  const sync_role = `'${options.syncRole.replaceAll("'", "''")}'`;
  await asSchemaOwner(to, async () => {
    // Before what records all functions.
    await to.query(PLANTED_SINCE_FUNCTION_SQL);
    await to.query(sqlFile(__dirname, 'sync-tables.sql', { sync_role }));
  });
}
