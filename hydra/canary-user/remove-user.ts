import { hasOurs } from '../ours';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/**
 * Removes a canary user from the tables of a Hydra of whatever version: his client, with which go logins, consents, codes and tokens, then
 * his sessions and logouts, and what a cleaning rule archived of him. By exact name; nobody else's row is touched. Idempotent.
 *
 * By SQL, because no API removes a logout, and because an undo must not need a Hydra that answers.
 * @param client that names Hydra's tables in full
 * @returns how many rows still name him: none, unless a table of Hydra's does not go with its client
 */
export async function removeUserRows(client: SqlClient, name: string): Promise<number> {
  await client.query('DELETE FROM hydra_client WHERE id = $1', [name]);
  await client.query('DELETE FROM hydra_oauth2_logout_request WHERE subject = $1', [name]);
  await client.query('DELETE FROM hydra_oauth2_authentication_session WHERE subject = $1', [name]);
  // A rule cleans some column of every login: what it archived of this one.
  if (await hasOurs(client, 'hydra_cutover.archive')) {
    await client.query(`DELETE FROM hydra_cutover.archive WHERE strpos(concat(key, before, after), $1) > 0`, [name]);
  }
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
}
