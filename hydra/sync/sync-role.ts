import { createHash, randomBytes } from 'node:crypto';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { scramVerifier } from './scram-verifier';

const PASSWORD_BYTES = 24;
const SYNC_TABLES = ['ledger', 'stale_challenge', 'canary'] as const;

export interface SyncLogin {
  readonly user: string;
  readonly password: string;
}

/** The same for every run of a cutover. */
export function syncRoleName(cutoverId: string): string {
  return `hydra_cutover_sync_${createHash('sha256').update(cutoverId).digest('hex').slice(0, 8)}`;
}

/**
 * Makes the role that the sync writes green as, without a password: nobody can log in before {@link renewSyncPassword}.
 * Idempotent. @returns its name
 */
export async function createSyncRole(green: SqlClient, cutoverId: string): Promise<string> {
  const role = syncRoleName(cutoverId);
  const found = await queryRows(green, 'SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [role]);
  if (found.length === 0) await green.query(`CREATE ROLE ${quoteIdentifier(role)} LOGIN NOINHERIT`);
  return role;
}

/**
 * Lets the role write Hydra's tables and the sync's. After the migration, which makes tables; idempotent.
 *
 * @param schema of Hydra's tables
 */
export async function grantSyncRole(green: SqlClient, role: string, schema = 'public'): Promise<void> {
  const to = quoteIdentifier(role);
  const own = SYNC_TABLES.map((name) => `hydra_cutover.${name}`).join(', ');
  const [database] = await queryRows<{ name: string }>(green, 'SELECT current_database() AS name');
  const tables = await queryRows<{ name: string }>(
    green,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname ~ '^hydra_'`,
    [schema],
  );
  const grants = [
    `CONNECT ON DATABASE ${quoteIdentifier(database?.name ?? '')}`,
    `USAGE ON SCHEMA ${quoteIdentifier(schema)}, hydra_cutover`,
    `SELECT ON ${quoteIdentifier(schema)}.networks, hydra_cutover.run, hydra_cutover.syncer`,
    `SELECT, INSERT, UPDATE, DELETE ON ${own}`,
  ];
  if (tables.length > 0) grants.push(`SELECT, INSERT, UPDATE, DELETE ON ${tables.map(({ name }) => name).join(', ')}`);
  for (const grant of grants) await green.query(`GRANT ${grant} TO ${to}`);
  await green.query(
    `DO $$ DECLARE s text; BEGIN
       FOR s IN SELECT format('%I.%I', sequence_schema, sequence_name) FROM information_schema.sequences
                 WHERE sequence_schema = ${literal(schema)} AND sequence_name ~ '^hydra_' LOOP
         EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %I', s, ${literal(role)});
       END LOOP; END $$`,
  );
}

/**
 * Gives the role a new random password, so that nothing has to be stored and no older run can log in again.
 * @returns the login, to be kept in memory only
 */
export async function renewSyncPassword(green: SqlClient, role: string): Promise<SyncLogin> {
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  await green.query(`ALTER ROLE ${quoteIdentifier(role)} LOGIN PASSWORD ${literal(scramVerifier(password))}`);
  return { user: role, password };
}

/** Ends every session of the role and waits until they are gone. @returns how many there were */
export async function terminateSyncSessions(green: SqlClient, role: string, timeoutMs = 5_000): Promise<number> {
  const sql =
    'SELECT pg_terminate_backend(pid, $2::bigint) AS ended FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()';
  const [version] = await queryRows<{ num: number }>(green, `SELECT current_setting('server_version_num')::int AS num`);
  // The form that waits came with 14.
  const old = (version?.num ?? 0) < 140_000;
  const rows = await queryRows(green, old ? sql.replace(', $2::bigint', '') : sql, old ? [role] : [role, timeoutMs]);
  return rows.length;
}

/**
 * Once green is open nothing is carried any more: the role cannot log in, and has no schema in which it could lock what every write
 * reads. It owns nothing and stays until finalize. Idempotent; does nothing while green is closed, or where there is no such role.
 */
export async function retireSyncRole(green: SqlClient, cutoverId: string): Promise<void> {
  const role = syncRoleName(cutoverId);
  const [open] = await queryRows<{ name: string }>(
    green,
    `SELECT quote_ident(r.rolname) AS name FROM hydra_cutover.run, pg_catalog.pg_roles r WHERE run.state = 'open' AND r.rolname = $1`,
    [role],
  );
  if (open === undefined) return;
  await green.query(`ALTER ROLE ${open.name} NOLOGIN; REVOKE ALL ON SCHEMA hydra_cutover FROM ${open.name}`);
  await terminateSyncSessions(green, role);
}

/** Removes the role with everything it was granted in this database. Idempotent. */
export async function dropSyncRole(green: SqlClient, cutoverId: string): Promise<void> {
  const role = syncRoleName(cutoverId);
  const found = await queryRows(green, 'SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [role]);
  if (found.length === 0) return;
  const name = quoteIdentifier(role);
  await green.query(`ALTER ROLE ${name} NOLOGIN`);
  await terminateSyncSessions(green, role);
  // DROP OWNED asks for membership. From 16 on, whoever made a role may give itself that.
  await green.query(`GRANT ${name} TO CURRENT_USER`);
  await green.query(`DROP OWNED BY ${name}`);
  await green.query(`DROP ROLE ${name}`);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
