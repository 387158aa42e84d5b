import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { lacks, type PrivilegeFinding } from './finding';

/**
 * What the sessions of each role begin with here: of its settings the one for it in this database goes before the one for it anywhere, and
 * both before those of the database and of the server.
 * Source: PostgreSQL manual, "ALTER ROLE" and "ALTER DATABASE".
 */
const SETTINGS_SQL = `
  WITH wanted (name, value) AS (
    VALUES ('default_transaction_read_only', 'off'), ('session_replication_role', 'origin')
  ), stands AS (
    SELECT s.setrole, s.setdatabase, w.name, substr(line, length(w.name) + 2) AS value
      FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS line JOIN wanted w ON line ^@ (w.name || '=')
     WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
  ), of_roles AS (
    SELECT DISTINCT ON (r.oid, s.name) s.*
      FROM pg_catalog.pg_roles r JOIN stands s ON s.setrole IN (0, r.oid) WHERE r.rolname = ANY($1)
     ORDER BY r.oid, s.name, s.setrole <> 0 DESC, s.setdatabase <> 0 DESC
  ), wrong AS (
    SELECT DISTINCT setrole, setdatabase, name, value FROM of_roles
     WHERE CASE name WHEN 'default_transaction_read_only' THEN value::boolean ELSE lower(value) <> 'origin' END
  )
  SELECT concat_ws(' ', CASE WHEN setrole <> 0 THEN format('role %s', pg_get_userbyid(setrole)) END, CASE WHEN setrole <> 0 AND setdatabase <> 0 THEN 'in' END,
           CASE WHEN setdatabase <> 0 THEN format('database %s', current_database()) WHEN setrole = 0 THEN 'every role' END) AS who, name, value,
         CASE WHEN setrole = 0 AND setdatabase <> 0 THEN format('ALTER DATABASE %I', current_database())
           ELSE concat_ws(' ', 'ALTER ROLE', CASE WHEN setrole = 0 THEN 'ALL' ELSE quote_ident(pg_get_userbyid(setrole)) END,
             CASE WHEN setdatabase <> 0 THEN format('IN DATABASE %I', current_database()) END) END || ' RESET ' || name AS fix
    FROM wrong
  UNION ALL
  SELECT 'the server', p.name, p.reset_val, format('set it to %s in the configuration of the server', w.value)
    FROM wanted w JOIN pg_catalog.pg_settings p USING (name) WHERE p.reset_val <> w.value AND NOT EXISTS (SELECT FROM stands s WHERE s.name = w.name)
  ORDER BY 1, 2`;

const WHY: Readonly<Record<string, string>> = {
  default_transaction_read_only: 'nothing can be written',
  session_replication_role:
    "foreign keys are not kept and other triggers do not fire, so that rows stay whose parent was removed, on blue and in green's migration",
};

/**
 * What the database or a role makes of sessions that no statement of ours can undo for all of them: the migration and Hydra set nothing for
 * themselves, and the snapshot brings it to green.
 *
 * @param names roles that a run logs in as, and Hydra
 */
export async function roleSettings(client: SqlClient, names: readonly string[]): Promise<readonly PrivilegeFinding[]> {
  const rows = await queryRows<{ who: string; name: string; value: string; fix: string }>(client, SETTINGS_SQL, [
    names,
  ]);
  return rows.map(({ who, name, value, fix }) => lacks(`${who} has ${name} = ${value}: ${WHY[name] ?? ''}`, fix));
}
