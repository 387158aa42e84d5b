import { setTimeout as sleep } from 'node:timers/promises';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { renewPassword, takePassword } from '../run-roles';

const POLL_MS = 20;
const SYNC_TABLES = ['ledger', 'stale_challenge', 'canary'] as const;

export interface SyncLogin {
  readonly user: string;
  readonly password: string;
}

const MISSING_SQL = `
  WITH wanted (kind, name, may, has) AS (
    SELECT 'DATABASE', quote_ident(current_database()), 'CONNECT', has_database_privilege($1, current_database(), 'CONNECT')
    UNION ALL
    SELECT 'SCHEMA', quote_ident(n.nspname), 'USAGE', has_schema_privilege($1, n.oid, 'USAGE')
      FROM pg_namespace n WHERE n.nspname IN ($2, 'hydra_cutover')
    UNION ALL
    SELECT 'SEQUENCE', format('%I.%I', n.nspname, c.relname), 'USAGE', CASE WHEN c.relkind = 'S' THEN has_sequence_privilege($1, c.oid, 'USAGE') END
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND n.nspname = $2 AND c.relname ~ '^hydra_'
    UNION ALL
    SELECT 'TABLE', format('%I.%I', n.nspname, c.relname), may, has_table_privilege($1, c.oid, may)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL (SELECT (n.nspname = $2 AND c.relname ~ '^hydra_') OR (n.nspname = 'hydra_cutover' AND c.relname = ANY($3)) AS is_written) AS of
      CROSS JOIN LATERAL unnest(CASE WHEN is_written THEN ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] ELSE ARRAY['SELECT'] END) AS may
     WHERE c.relkind IN ('r', 'p')
       AND (is_written OR (n.nspname = $2 AND c.relname = 'networks') OR (n.nspname = 'hydra_cutover' AND c.relname IN ('run', 'syncer')))
  )
  SELECT format('GRANT %s ON %s %s TO %I', string_agg(may, ', '), kind, name, $1::text) AS grant
    FROM wanted WHERE NOT has GROUP BY kind, name`;

/**
 * Lets the role write Hydra's tables and the sync's. After the migration, which makes tables; idempotent. Where nothing is missing it needs
 * no right to any of them.
 *
 * @param schema of Hydra's tables
 */
export async function grantSyncRole(to: SqlClient, role: string, schema = 'public'): Promise<void> {
  const missing = await queryRows<{ grant: string }>(to, MISSING_SQL, [role, schema, SYNC_TABLES]);
  for (const { grant } of missing) await to.query(grant);
}

/** Lets the sync log in, and nobody who knew an earlier password. @returns the login, to be kept in memory only */
export async function renewSyncPassword(to: SqlClient, role: string): Promise<SyncLogin> {
  return { user: role, password: await renewPassword(to, role) };
}

/**
 * Ends every session of the role and waits until they are gone, or for `timeoutMs`: by asking again, because the form of
 * `pg_terminate_backend` that waits came with PostgreSQL 14.
 *
 * @returns how many there were
 */
export async function terminateSyncSessions(to: SqlClient, role: string, timeoutMs = 5_000): Promise<number> {
  const end = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()';
  const deadline = performance.now() + timeoutMs;
  const found = (await queryRows(to, end, [role])).length;
  for (let left = found; left > 0 && performance.now() < deadline;) {
    await sleep(POLL_MS);
    // In a transaction the sessions are otherwise those that were there when it first looked.
    await to.query('SELECT pg_stat_clear_snapshot()');
    left = (await queryRows(to, end, [role])).length;
  }
  return found;
}

/**
 * Once the target is open nothing is carried any more: the role has no password, and no schema in which it could lock what every write
 * reads. It owns nothing. Idempotent; does nothing while the target is closed, or where it has no sync.
 */
export async function retireSyncRole(to: SqlClient): Promise<void> {
  const [open] = await queryRows<{ role: string }>(
    to,
    `SELECT r.rolname::text AS role FROM hydra_cutover.run JOIN pg_catalog.pg_roles r ON r.rolname = run.sync_role WHERE run.state = 'open'`,
  );
  if (open === undefined) return;
  await takePassword(to, open.role);
  await to.query(`REVOKE ALL ON SCHEMA hydra_cutover FROM ${quoteIdentifier(open.role)}`);
  await terminateSyncSessions(to, open.role);
}

/**
 * Takes from the role what {@link grantSyncRole} gave it in this database, and its password. It stays, as the script of
 * `hydra-cutover privileges` made it. Idempotent; does nothing where there is no such role.
 *
 * @param schema of Hydra's tables
 */
export async function releaseSyncRole(to: SqlClient, role: string, schema = 'public'): Promise<void> {
  const found = await queryRows(to, 'SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [role]);
  if (found.length === 0) return;
  await takePassword(to, role);
  await terminateSyncSessions(to, role);
  const schemas = await queryRows<{ name: string }>(
    to,
    `SELECT quote_ident(nspname) AS name FROM pg_catalog.pg_namespace WHERE nspname IN ($1, 'hydra_cutover')`,
    [schema],
  );
  const [database] = await queryRows<{ name: string }>(to, 'SELECT quote_ident(current_database()) AS name');
  const names = schemas.map(({ name }) => name).join(', ');
  const ofRole = `FROM ${quoteIdentifier(role)}`;
  await to.query(
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${names} ${ofRole}; REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${names} ${ofRole};
     REVOKE ALL ON SCHEMA ${names} ${ofRole}; REVOKE CONNECT ON DATABASE ${database?.name ?? ''} ${ofRole}`,
  );
}
