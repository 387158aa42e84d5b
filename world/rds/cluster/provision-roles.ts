import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { SUPERUSER_DATABASE } from './superuser-session';

/** What rds_superuser may do by membership, as far as the server version has the role. */
const RDS_SUPERUSER_MEMBERSHIPS = [
  'pg_monitor',
  'pg_signal_backend',
  'pg_checkpoint',
  'pg_create_subscription',
  'pg_use_reserved_connections',
] as const;

export interface MasterUser {
  readonly username: string;
  readonly passwordVerifier: string;
  readonly databaseName?: string;
}

/**
 * Gives a fresh cluster the roles and databases of an RDS instance: a master user that is no superuser, rds_superuser, and
 * the superuser's own database, which nobody else can enter.
 * Source: Amazon RDS User Guide, "Understanding the rds_superuser role".
 */
export async function provisionRoles(client: Client, master: MasterUser): Promise<void> {
  const user = escapeIdentifier(master.username);
  await client.query(`CREATE DATABASE ${SUPERUSER_DATABASE}`);
  await client.query(`REVOKE ALL ON DATABASE ${SUPERUSER_DATABASE} FROM PUBLIC`);
  for (const role of ['rds_superuser', 'rds_replication', 'rds_password', 'rds_iam']) {
    await client.query(`CREATE ROLE ${role} NOLOGIN`);
  }
  const present = await client.query<{ rolname: string }>(
    'SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY($1)',
    [[...RDS_SUPERUSER_MEMBERSHIPS]],
  );
  const memberships = [...present.rows.map((row) => row.rolname), 'rds_replication', 'rds_password'];
  await client.query(`GRANT ${memberships.join(', ')} TO rds_superuser WITH ADMIN OPTION`);
  // Before 15 nobody can be given that; RDS's own server lets rds_superuser set it there, too.
  const { rows } = await client.query<{ since15: boolean }>(
    `SELECT current_setting('server_version_num')::int >= 150000 AS since15`,
  );
  if (rows[0]?.since15 === true) {
    await client.query('GRANT SET ON PARAMETER session_replication_role TO rds_superuser');
  }
  await client.query(
    `CREATE ROLE ${user} LOGIN NOSUPERUSER CREATEDB CREATEROLE PASSWORD ${escapeLiteral(master.passwordVerifier)} VALID UNTIL 'infinity'`,
  );
  await client.query(`GRANT rds_superuser TO ${user} WITH ADMIN OPTION`);
  for (const database of ['postgres', 'template1']) {
    await client.query(`ALTER DATABASE ${database} OWNER TO ${user}`);
  }
  const { databaseName } = master;
  if (databaseName !== undefined && databaseName !== 'postgres') {
    await client.query(`CREATE DATABASE ${escapeIdentifier(databaseName)} OWNER ${user}`);
  }
}

/** Idempotent. */
export async function setMasterPassword(client: Client, username: string, verifier: string): Promise<void> {
  await client.query(`ALTER ROLE ${escapeIdentifier(username)} PASSWORD ${escapeLiteral(verifier)}`);
}
