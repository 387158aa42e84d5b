import { type SqlClient, queryRows } from '../domain/ports/sql-client';
import { quoteIdentifier } from './cleaning/session';

/**
 * Runs `work`, inside the caller's transaction, as whoever owns schema `hydra_cutover`: what it makes belongs to that role, and functions
 * that triggers and gateways call run with its rights, which are none to anything of Hydra's.
 */
export async function asSchemaOwner<T>(client: SqlClient, work: () => Promise<T>): Promise<T> {
  const owner = await schemaOwner(client);
  if (owner === null) return work();
  await client.query(`SET LOCAL ROLE ${quoteIdentifier(owner)}`);
  const result = await work();
  // What throws ends the transaction, and the role with it.
  await client.query('SET LOCAL ROLE NONE');
  return result;
}

/** @returns null where it is the session's own role, or there is no such schema */
export async function schemaOwner(client: SqlClient): Promise<string | null> {
  const [row] = await queryRows<{ owner: string }>(
    client,
    `SELECT pg_get_userbyid(nspowner)::text AS owner FROM pg_catalog.pg_namespace
      WHERE nspname = 'hydra_cutover' AND pg_get_userbyid(nspowner) <> current_user`,
  );
  return row?.owner ?? null;
}
