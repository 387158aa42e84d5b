import { inTransaction } from '../cleaning/session';
import { hasOurs } from '../ours';
import { lockToWrite } from '../planted';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';

/**
 * Removes a canary user from the tables of a Hydra of whatever version: his client, with which go logins, consents, codes and tokens, then
 * his sessions and logouts. By exact name; nobody else's row is touched. Idempotent.
 *
 * By SQL, because no API removes a logout, and because an undo must not need a Hydra that answers.
 * @param client that names Hydra's tables in full
 * @returns how many rows still name him: none, unless a table of Hydra's does not go with its client
 * @throws CutoverFault CHECK_FAILED as {@link lockToWrite}; nothing was removed
 */
export async function removeUserRows(
  client: SqlClient,
  name: string,
  { schema, side }: { readonly schema: string; readonly side: SideName },
): Promise<number> {
  return inTransaction(client, 'BEGIN', 'COMMIT', async () => {
    await lockToWrite(client, schema, side);
    await client.query('DELETE FROM hydra_client WHERE id = $1', [name]);
    await client.query('DELETE FROM hydra_oauth2_logout_request WHERE subject = $1', [name]);
    await client.query('DELETE FROM hydra_oauth2_authentication_session WHERE subject = $1', [name]);
    const [left] = await queryRows<{ rows: number }>(
      client,
      `SELECT ((SELECT count(*) FROM hydra_client WHERE id = $1)
             + (SELECT count(*) FROM hydra_oauth2_access WHERE client_id = $1)
             + (SELECT count(*) FROM hydra_oauth2_refresh WHERE client_id = $1)
             + (SELECT count(*) FROM hydra_oauth2_authentication_session WHERE subject = $1)
             + (SELECT count(*) FROM hydra_oauth2_logout_request WHERE subject = $1))::float8 AS rows`,
      [name],
    );
    return left?.rows ?? 0;
  });
}

/** A cleaning rule cleans some column of every login: what it archived of his. As our own role; idempotent. */
export async function removeArchivedUser(keeper: SqlClient, name: string): Promise<void> {
  if (!(await hasOurs(keeper, 'hydra_cutover.archive'))) return;
  await keeper.query(`DELETE FROM hydra_cutover.archive WHERE strpos(concat(key, before, after), $1) > 0`, [name]);
}
