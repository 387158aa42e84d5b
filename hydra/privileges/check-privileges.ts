import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { OUR_ROLES } from '../../domain/our-roles';
import { readableIdentifier as quote } from '../cleaning/session';
import { mayActAs } from '../run-roles';
import { exceeds, lacks, type PrivilegeFinding } from './finding';
import { loginLimits } from './login-limits';
import { lookFindings } from './look-findings';
import { membershipFindings } from './membership-findings';
import { PREDEFINED_ROLES } from './privileges-sql';
import { roleSettings } from './role-settings';
import { type ToolRoles } from './tool-role';

/** Of {@link OUR_ROLES}: who owns what a cutover makes. */
interface OwnerRole {
  readonly found: boolean;
  readonly logs: boolean;
  readonly acts: boolean;
  readonly memberOf: readonly string[];
}

interface RunRole {
  readonly name: string;
  readonly found: boolean;
  readonly logs: boolean;
  /** Whether the session's role may act as it. */
  readonly acts: boolean;
  /** Whether it may act as the owner of Hydra's tables. */
  readonly owns: boolean;
}

interface Facts {
  readonly me: string;
  /** A membership may be one that lets nobody act as the role. */
  readonly hasGrantOptions: boolean;
  readonly superuser: boolean;
  readonly createRole: boolean;
  readonly createDatabase: boolean;
  readonly bypasses: boolean;
  readonly replicates: boolean;
  readonly masterLike: readonly string[];
  readonly owner: string | null;
  readonly member: boolean;
  readonly admin: boolean;
  readonly runRoles: readonly RunRole[];
  readonly ours: OwnerRole;
  readonly databaseOwner: string;
  readonly ownsDatabase: boolean;
  readonly createSchema: boolean;
  readonly temporary: boolean;
  readonly ownerLogs: boolean;
  readonly lacking: readonly string[];
  readonly schema: boolean;
  readonly foreign: readonly string[];
  /** Whether the owner of Hydra's tables may make others beside them. */
  readonly makes: boolean;
  /** Tables to which their owner has not all the rights that Hydra, its migration and our triggers need; with what is missing. */
  readonly denied: readonly string[];
}

/** The migration makes keys, and the guard triggers: owners have the rights to it like everybody, until they take them from themselves. */
const OF_OWNER = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES', 'TRIGGER'] as const;

const FACTS_SQL = `
  SELECT r.rolname::text AS me, current_setting('server_version_num')::int >= 160000 AS "hasGrantOptions", r.rolsuper AS superuser, r.rolcreaterole AS "createRole", r.rolcreatedb AS "createDatabase",
         r.rolbypassrls AS bypasses, r.rolreplication AS replicates,
         ARRAY(SELECT g.rolname::text FROM pg_roles g WHERE g.rolname = ANY(ARRAY['rds_superuser', 'pg_write_all_data', 'pg_execute_server_program',
                'pg_write_server_files', 'pg_read_server_files']) AND pg_has_role(r.oid, g.oid, 'USAGE') ORDER BY 1) AS "masterLike",
         o.rolname::text AS owner, COALESCE(pg_has_role(r.oid, o.oid, 'USAGE'), false) AND ${mayActAs('r.oid', 'o.oid')} AS member,
         COALESCE(pg_has_role(r.oid, o.oid, 'MEMBER WITH ADMIN OPTION'), false) AS admin,
         (SELECT jsonb_agg(jsonb_build_object('name', wanted.name, 'found', w.oid IS NOT NULL, 'logs', COALESCE(w.rolcanlogin, false),
                   'acts', ${mayActAs('r.oid', 'w.oid')}, 'owns', ${mayActAs('w.oid', 'o.oid')}) ORDER BY wanted.nr)
            FROM unnest($4::name[]) WITH ORDINALITY AS wanted(name, nr) LEFT JOIN pg_roles w ON w.rolname = wanted.name) AS "runRoles",
         (SELECT jsonb_build_object('found', w.oid IS NOT NULL, 'logs', COALESCE(w.rolcanlogin, false), 'acts', COALESCE(pg_has_role(r.oid, w.oid, 'USAGE'), false) AND ${mayActAs('r.oid', 'w.oid')},
                   'memberOf', (SELECT COALESCE(jsonb_agg(g.rolname ORDER BY g.rolname), '[]') FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = w.oid))
            FROM (SELECT) one LEFT JOIN pg_roles w ON w.rolname = $5) AS ours,
         pg_get_userbyid(d.datdba)::text AS "databaseOwner", pg_has_role(r.oid, d.datdba, 'USAGE') AS "ownsDatabase",
         has_database_privilege(r.oid, d.oid, 'CREATE') AS "createSchema", has_database_privilege(r.oid, d.oid, 'TEMPORARY') AS temporary,
         COALESCE(o.rolcanlogin, true) AS "ownerLogs",
         ARRAY(SELECT p::text FROM unnest($2::text[]) p WHERE NOT pg_has_role(r.oid, p::name, 'USAGE')) AS lacking,
         to_regnamespace(quote_ident($3)) IS NOT NULL AS schema,
         ARRAY(SELECT c.relname::text FROM pg_class c
                WHERE c.relnamespace = to_regnamespace(quote_ident($3)) AND c.relkind IN ('r', 'p')
                  AND (c.relname ^@ 'hydra_' OR c.relname = 'schema_migration') AND NOT pg_has_role(r.oid, c.relowner, 'USAGE') ORDER BY 1) AS foreign,
         COALESCE(has_schema_privilege(o.oid, to_regnamespace(quote_ident($3)), 'USAGE') AND has_schema_privilege(o.oid, to_regnamespace(quote_ident($3)), 'CREATE'), true) AS makes,
         ARRAY(SELECT format('%s (%s)', c.relname, string_agg(needed, ', ' ORDER BY needed)) FROM pg_class c
                CROSS JOIN unnest(CASE WHEN c.relname ^@ 'hydra_' THEN $7::text[] ELSE ARRAY['SELECT', 'INSERT'] END) needed
                WHERE c.relnamespace = to_regnamespace(quote_ident($3)) AND c.relkind IN ('r', 'p') AND (c.relname ^@ 'hydra_' OR c.relname = 'schema_migration')
                  AND NOT has_table_privilege(c.relowner, c.oid, needed) GROUP BY c.relname ORDER BY c.relname) AS denied
    FROM pg_roles r CROSS JOIN pg_database d LEFT JOIN pg_roles o ON o.rolname = $1
   WHERE r.rolname = COALESCE($6, current_user) AND d.datname = current_database()`;

/**
 * Compares what a role of the tool may do with what {@link privilegesSql} gives, and looks at the other roles. Changes nothing.
 *
 * @param of the role of the tool that works here; another one may ask about it. @default the session's
 * @returns everything that differs, what is missing first
 */
export async function checkPrivileges(
  client: SqlClient,
  roles: ToolRoles,
  of?: string,
): Promise<readonly PrivilegeFinding[]> {
  const [facts] = await queryRows<Facts>(client, FACTS_SQL, [
    roles.owner,
    [...PREDEFINED_ROLES],
    roles.schema,
    [roles.sync, roles.migration],
    OUR_ROLES.owner,
    of ?? null,
    [...OF_OWNER],
  ]);
  if (!facts) return of === undefined ? [] : [lacks(`role ${of} does not exist`, `CREATE ROLE ${quote(of)} LOGIN`)];
  const findings = [...missing(facts, roles), ...excess(facts), ...excessOfOwner(facts)];
  const { workers, look, sync, migration, gateways, owner } = roles;
  const names = [facts.me, ...workers, ...look, sync, migration, ...gateways, owner];
  findings.push(...(await loginLimits(client, names)), ...(await roleSettings(client, names)));
  findings.push(...(await membershipFindings(client, facts.me, roles)));
  for (const worker of roles.workers) findings.push(...(await workerFindings(client, facts.me, worker, roles)));
  for (const look of roles.look) findings.push(...(await lookFindings(client, look, roles)));
  for (const gateway of roles.gateways) findings.push(...(await gatewayFindings(client, gateway, roles)));
  return findings.sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'missing' ? -1 : 1));
}

function missing(facts: Facts, { owner, schema, migration, database }: ToolRoles): PrivilegeFinding[] {
  const { me } = facts;
  const found: PrivilegeFinding[] = [];
  const add = (what: string, fix: string) => found.push(lacks(what, fix));
  if (facts.owner === null) {
    add(`role ${owner} does not exist`, "name the owner of Hydra's tables");
  } else if (!facts.member) {
    const what = `${me} lacks membership of ${owner}, with INHERIT: only owners may make triggers`;
    add(what, grant(owner, me, facts, 'INHERIT TRUE, SET TRUE'));
  }
  if (!facts.ownerLogs) add(`role ${owner} may not log in`, 'name the role that Hydra logs in as');
  if (!facts.createSchema)
    add(`${me} lacks CREATE on the database`, `GRANT CREATE ON DATABASE ${quote(database)} TO ${quote(me)}`);
  if (!facts.temporary)
    add(`${me} lacks TEMPORARY on the database`, `GRANT TEMPORARY ON DATABASE ${quote(database)} TO ${quote(me)}`);
  if (!facts.ours.found) {
    const what = `role ${OUR_ROLES.owner}, which owns what a cutover makes, does not exist`;
    add(what, `CREATE ROLE ${OUR_ROLES.owner} NOLOGIN`);
  } else if (!facts.ours.acts) {
    const what = `${me} lacks membership of ${OUR_ROLES.owner}, with INHERIT`;
    add(what, grant(OUR_ROLES.owner, me, facts, 'INHERIT TRUE, SET TRUE'));
  }
  for (const role of facts.runRoles) found.push(...missingOf(role, facts, migration));
  for (const role of facts.lacking) add(`${me} lacks ${role}`, `GRANT ${quote(role)} TO ${quote(me)}`);
  if (!facts.ownsDatabase) {
    const what = `${me} lacks the rights of the database's owner ${facts.databaseOwner}: nobody else can close the logins of green`;
    add(what, `ALTER DATABASE … OWNER TO ${quote(owner)}`);
  }
  if (!facts.schema) add(`schema ${schema} is not there`, 'correct the name of the schema');
  if (facts.foreign.length > 0 && facts.member) {
    const what = `Hydra's tables do not all belong to ${owner}: ${facts.foreign.slice(0, 10).join(', ')}`;
    add(what, `ALTER TABLE … OWNER TO ${quote(owner)}`);
  }
  if (facts.denied.length > 0) {
    const what = `${owner} has not all rights to its own tables: ${facts.denied.slice(0, 10).join(', ')}`;
    add(what, `GRANT ${OF_OWNER.join(', ')} ON these TO ${quote(owner)}`);
  }
  if (!facts.makes) {
    const what = `${owner} may not make tables in schema ${schema}, as its migration does`;
    add(what, `GRANT USAGE, CREATE ON SCHEMA ${quote(schema)} TO ${quote(owner)}`);
  }
  return found;
}

function missingOf({ name, found, logs, acts, owns }: RunRole, facts: Facts, migration: string): PrivilegeFinding[] {
  const { me, owner } = facts;
  if (!found)
    return [
      lacks(`role ${name}, as which green is made ready, does not exist`, `CREATE ROLE ${quote(name)} LOGIN NOINHERIT`),
    ];
  const all: PrivilegeFinding[] = [];
  if (!logs) all.push(lacks(`role ${name} may not log in`, `ALTER ROLE ${quote(name)} LOGIN`));
  if (!acts) all.push(lacks(`${me} may not act as ${name}, to give it a password`, grant(name, me, facts, 'SET TRUE')));
  if (name === migration && owner !== null && !owns)
    all.push(lacks(`${name} may not act as ${owner}, who owns Hydra's tables`, grant(owner, name, facts, 'SET TRUE')));
  return all;
}

/** @param options from PostgreSQL 16 on: what an earlier grant said stays unless it is said again */
function grant(role: string, to: string, { hasGrantOptions }: Facts, options: string): string {
  return `GRANT ${quote(role)} TO ${quote(to)}${hasGrantOptions ? ` WITH ${options}` : ''}`;
}

/** Its functions run in sessions of Hydra and of gateways. */
function excessOfOwner({ ours }: Facts): PrivilegeFinding[] {
  const name = OUR_ROLES.owner;
  const found = ours.memberOf.map((role) =>
    exceeds(
      `${name} is a member of ${role}, and should be one of nothing`,
      `REVOKE ${quote(role)} FROM ${quote(name)}`,
    ),
  );
  if (ours.logs) found.push(exceeds(`somebody can log in as ${name}`, `ALTER ROLE ${quote(name)} NOLOGIN`));
  return found;
}

function excess(facts: Facts): PrivilegeFinding[] {
  const { me } = facts;
  const more: readonly (readonly [boolean, string, string])[] = [
    [facts.superuser, 'is a superuser', `ALTER ROLE ${quote(me)} NOSUPERUSER`],
    [
      facts.createRole && !facts.superuser,
      'may create roles, and until PostgreSQL 15 change the password of every role',
      `ALTER ROLE ${quote(me)} NOCREATEROLE`,
    ],
    [
      facts.admin && !facts.superuser,
      `may grant ${facts.owner ?? ''} to others`,
      `REVOKE ADMIN OPTION FOR ${quote(facts.owner ?? '')} FROM ${quote(me)}`,
    ],
    [facts.createDatabase, 'may create databases', `ALTER ROLE ${quote(me)} NOCREATEDB`],
    [facts.bypasses, 'bypasses row security', `ALTER ROLE ${quote(me)} NOBYPASSRLS`],
    [facts.replicates, 'may replicate', `ALTER ROLE ${quote(me)} NOREPLICATION`],
    ...(facts.superuser ? [] : facts.masterLike).map(
      (role) => [true, `is a member of ${role}`, `REVOKE ${quote(role)} FROM ${quote(me)}`] as const,
    ),
  ];
  return more.flatMap(([is, what, fix]) => (is ? [exceeds(`${me} ${what}`, fix)] : []));
}

interface WorkerFacts {
  readonly found: boolean;
  readonly logs: boolean;
  readonly reads: boolean;
  readonly decides: boolean;
}

const WORKER_SQL = `
  SELECT w.oid IS NOT NULL AS found, COALESCE(w.rolcanlogin, false) AS logs,
         COALESCE(pg_has_role(w.oid, o.oid, 'USAGE'), false) AS reads,
         COALESCE(w.rolsuper OR w.rolcreaterole OR pg_has_role(w.oid, to_regrole(quote_ident($3)), 'MEMBER') OR pg_has_role(w.oid, to_regrole(quote_ident($4)), 'MEMBER'), false) AS decides
    FROM (SELECT $1::name AS name) AS wanted LEFT JOIN pg_roles w ON w.rolname = wanted.name LEFT JOIN pg_roles o ON o.rolname = $2`;

async function workerFindings(
  client: SqlClient,
  me: string,
  worker: string,
  { owner }: ToolRoles,
): Promise<PrivilegeFinding[]> {
  const [facts] = await queryRows<WorkerFacts>(client, WORKER_SQL, [worker, owner, OUR_ROLES.owner, me]);
  const found: PrivilegeFinding[] = [];
  if (facts?.found !== true)
    return [lacks(`role ${worker}, which reads Hydra's rows, does not exist`, `CREATE ROLE ${quote(worker)} LOGIN`)];
  if (!facts.logs) found.push(lacks(`role ${worker} may not log in`, `ALTER ROLE ${quote(worker)} LOGIN`));
  if (!facts.reads)
    found.push(
      lacks(`${worker} lacks membership of ${owner}, with INHERIT`, `GRANT ${quote(owner)} TO ${quote(worker)}`),
    );
  if (facts.decides)
    found.push(
      exceeds(`${worker} may become a role that decides`, `REVOKE what it is a member of besides ${quote(owner)}`),
    );
  return found;
}

interface GatewayFacts {
  readonly logs: boolean;
  readonly connects: boolean;
  readonly reads: readonly string[];
  readonly attributes: boolean;
}

const GATEWAY_SQL = `
  SELECT r.rolcanlogin AS logs, has_database_privilege(r.oid, current_database(), 'CONNECT') AS connects,
         r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication AS attributes,
         ARRAY(SELECT c.relname::text FROM pg_class c
                WHERE c.relnamespace = to_regnamespace(quote_ident($2)) AND c.relkind IN ('r', 'p')
                  AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE') ORDER BY 1) AS reads
    FROM pg_roles r WHERE r.rolname = $1`;

async function gatewayFindings(client: SqlClient, role: string, { schema }: ToolRoles): Promise<PrivilegeFinding[]> {
  const [facts] = await queryRows<GatewayFacts>(client, GATEWAY_SQL, [role, schema]);
  const who = `the gateways' role ${role}`;
  if (!facts) return [lacks(`${who} does not exist`, `CREATE ROLE ${quote(role)} LOGIN`)];
  const found: PrivilegeFinding[] = [];
  if (!facts.logs) found.push(lacks(`${who} may not log in`, `ALTER ROLE ${quote(role)} LOGIN`));
  if (!facts.connects)
    found.push(lacks(`${who} may not connect to the database`, `GRANT CONNECT ON DATABASE … TO ${quote(role)}`));
  if (facts.reads.length > 0 || facts.attributes) {
    const may = facts.attributes
      ? 'has attributes of an administrator'
      : `may use ${facts.reads.slice(0, 5).join(', ')}`;
    const what = `${who} ${may}, and needs nothing but the functions of schema hydra_cutover_asks`;
    found.push(exceeds(what, 'REVOKE what it has, or give the gateways a role of their own'));
  }
  return found;
}
