import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { exceeds, lacks, type PrivilegeFinding } from './finding';
import { LOOK_ROLE } from './privileges-sql';
import { type ToolRoles } from './tool-role';

interface LookFacts {
  readonly logs: boolean;
  readonly connects: boolean;
  readonly seesSessions: boolean;
  readonly seesMigrations: boolean;
  readonly attributes: boolean;
  readonly memberOf: readonly string[];
  /** Relations of Hydra, but for the list of migrations, of which it may read or write something. */
  readonly uses: readonly string[];
  readonly schemas: readonly string[];
}

const OURS: readonly string[] = ['hydra_cutover', 'hydra_cutover_barrier', 'hydra_cutover_archive'];

/** A right to one column counts, too. */
const LOOK_SQL = `
  SELECT r.rolcanlogin AS logs, has_database_privilege(r.oid, current_database(), 'CONNECT') AS connects,
         pg_has_role(r.oid, '${LOOK_ROLE}', 'USAGE') AS "seesSessions",
         COALESCE(has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, m.oid, 'SELECT'), false) AS "seesMigrations",
         r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication AS attributes,
         ARRAY(SELECT g.rolname::text FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
                WHERE a.member = r.oid AND g.rolname <> '${LOOK_ROLE}' ORDER BY 1) AS "memberOf",
         ARRAY(SELECT c.relname::text FROM pg_class c
                WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                  AND (has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                       OR has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE, REFERENCES')
                       OR c.relname <> 'schema_migration' AND has_any_column_privilege(r.oid, c.oid, 'SELECT')) ORDER BY 1) AS uses,
         ARRAY(SELECT s.nspname::text FROM pg_namespace s
                WHERE has_schema_privilege(r.oid, s.oid, 'CREATE') AND s.nspname !~ '^pg_'
                   OR s.nspname = ANY ($3) AND has_schema_privilege(r.oid, s.oid, 'USAGE')
                ORDER BY 1) AS schemas
    FROM pg_roles r LEFT JOIN pg_namespace n ON n.nspname = $2
    LEFT JOIN pg_class m ON m.relnamespace = n.oid AND m.relname = 'schema_migration' WHERE r.rolname = $1`;

/** In what a role that may only look differs from what the printed script makes of it. */
export async function lookFindings(
  client: SqlClient,
  role: string,
  { schema }: ToolRoles,
): Promise<readonly PrivilegeFinding[]> {
  const [facts] = await queryRows<LookFacts>(client, LOOK_SQL, [role, schema, OURS]);
  const has = (what: string, fix: string) => exceeds(`${role} only looks, and ${what}`, fix);
  const name = quoteIdentifier(role);
  if (facts === undefined)
    return [lacks(`role ${role}, which only looks, does not exist`, `CREATE ROLE ${name} LOGIN`)];
  const { logs, connects, seesSessions, seesMigrations, attributes, memberOf, uses, schemas } = facts;
  const migrations = `${quoteIdentifier(schema)}.schema_migration`;
  return [
    ...(logs ? [] : [lacks(`role ${role} may not log in`, `ALTER ROLE ${name} LOGIN`)]),
    ...(connects ? [] : [lacks(`${role} may not connect to the database`, `GRANT CONNECT ON DATABASE … TO ${name}`)]),
    ...(seesSessions ? [] : [lacks(`${role} lacks ${LOOK_ROLE}`, `GRANT ${LOOK_ROLE} TO ${name}`)]),
    ...(seesMigrations
      ? []
      : [
          lacks(
            `${role} may not read ${migrations}`,
            `GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${name}; GRANT SELECT ON ${migrations} TO ${name}`,
          ),
        ]),
    ...(attributes
      ? [
          has(
            'has attributes of an administrator',
            `ALTER ROLE ${name} NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS NOREPLICATION`,
          ),
        ]
      : []),
    ...memberOf.map((other) => has(`is a member of ${other}`, `REVOKE ${quoteIdentifier(other)} FROM ${name}`)),
    ...(uses.length === 0
      ? []
      : [
          has(
            `may use ${uses.slice(0, 5).join(', ')}`,
            `REVOKE ALL ON these FROM ${name}, or what PUBLIC or its roles have there`,
          ),
        ]),
    ...schemas.map((one) => {
      // Where it is Hydra's own schema, Hydra may use it by what PUBLIC has there.
      const [does, right] = OURS.includes(one) ? ['use or create', 'ALL'] : ['create', 'CREATE'];
      const fix = `REVOKE ${right} ON SCHEMA ${quoteIdentifier(one)} FROM ${name}, or from PUBLIC`;
      return has(`may ${does} in schema ${one}`, fix);
    }),
  ];
}
