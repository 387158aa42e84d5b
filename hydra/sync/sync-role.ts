import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { renewPassword, takePassword } from '../run-roles';

const SYNC_TABLES = ['ledger', 'stale_challenge', 'canary'] as const;

export interface SyncLogin {
  readonly user: string;
  readonly password: string;
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

/** Lets the sync log in, and nobody who knew an earlier password. @returns the login, to be kept in memory only */
export async function renewSyncPassword(green: SqlClient, role: string): Promise<SyncLogin> {
  return { user: role, password: await renewPassword(green, role) };
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
 * Once green is open nothing is carried any more: the role has no password, and no schema in which it could lock what every write
 * reads. It owns nothing. Idempotent; does nothing while green is closed, or where it has no sync.
 */
export async function retireSyncRole(green: SqlClient): Promise<void> {
  const [open] = await queryRows<{ role: string }>(
    green,
    `SELECT r.rolname::text AS role FROM hydra_cutover.run JOIN pg_catalog.pg_roles r ON r.rolname = run.sync_role WHERE run.state = 'open'`,
  );
  if (open === undefined) return;
  await takePassword(green, open.role);
  await green.query(`REVOKE ALL ON SCHEMA hydra_cutover FROM ${quoteIdentifier(open.role)}`);
  await terminateSyncSessions(green, open.role);
}

/**
 * Takes from the role what {@link grantSyncRole} gave it in this database, and its password. It stays, as the script of
 * `hydra-cutover privileges` made it. Idempotent; does nothing where there is no such role.
 *
 * @param schema of Hydra's tables
 */
export async function releaseSyncRole(green: SqlClient, role: string, schema = 'public'): Promise<void> {
  const found = await queryRows(green, 'SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [role]);
  if (found.length === 0) return;
  await takePassword(green, role);
  await terminateSyncSessions(green, role);
  const schemas = await queryRows<{ name: string }>(
    green,
    `SELECT quote_ident(nspname) AS name FROM pg_catalog.pg_namespace WHERE nspname IN ($1, 'hydra_cutover')`,
    [schema],
  );
  const [database] = await queryRows<{ name: string }>(green, 'SELECT quote_ident(current_database()) AS name');
  const names = schemas.map(({ name }) => name).join(', ');
  const from = `FROM ${quoteIdentifier(role)}`;
  await green.query(
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${names} ${from}; REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${names} ${from};
     REVOKE ALL ON SCHEMA ${names} ${from}; REVOKE CONNECT ON DATABASE ${database?.name ?? ''} ${from}`,
  );
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
