import { OUR_ROLES } from '../../domain/our-roles';
import { type SideName } from '../../domain/sides';
import { quoteIdentifier } from '../cleaning/session';
import { quoteLiteral } from '../closing/role-password';
import { type ToolRoles } from './tool-role';

/** What lets the tool end sessions that are in the way, and see whose they are. */
export const PREDEFINED_ROLES = ['pg_monitor', 'pg_signal_backend'] as const;

/** What lets a role see whose sessions there are, and how large databases are. */
export const LOOK_ROLE = 'pg_monitor';

/**
 * The whole of what the tool may do in PostgreSQL, as a script for the master user of blue; green gets it with the snapshot. May be
 * repeated. Holds no password, and gives CREATEROLE to nobody.
 *
 * @param side whose server it is for: a green that is no copy of blue needs it too
 * Source: PostgreSQL manual, "CREATE ROLE" and "GRANT" (INHERIT and SET for each membership came with 16), "ALTER DATABASE".
 */
export function privilegesSql(roles: ToolRoles, side: SideName = 'blue'): string {
  const { tool, workers, look, owner, database, gateways } = roles;
  const own = quoteIdentifier(owner);
  const sections = [
    [
      `-- Run this in database ${oneLine(database)} of ${side}, as its master user. It may be repeated.`,
      ...(side === 'blue'
        ? [
            '-- A green that is restored from a snapshot of blue has it from there; for another one, add `--side green`.',
          ]
        : []),
    ],
    [
      '-- Owns what a cutover makes, and every function that triggers and gateways call. Nobody logs in as it, and it is a member of nothing.',
      createRole(OUR_ROLES.owner, 'NOLOGIN'),
      `ALTER ROLE ${OUR_ROLES.owner} NOLOGIN NOINHERIT NOCREATEROLE NOCREATEDB PASSWORD NULL;`,
    ],
    ...runRoles(roles),
    ...tool.flatMap((name) => toolRole(name, roles)),
    ...workers.map((name) => workerRole(name, roles)),
    [
      '-- Nobody but the owner of a database can keep others from logging in, as green needs it while it is prepared.',
      `ALTER DATABASE ${quoteIdentifier(database)} OWNER TO ${own};`,
    ],
    // After it: the owner of the database may grant the use of its schema.
    ...look.map((name) => lookRole(name, roles)),
    ...gateways.map((name) => [
      '-- A gateway in doubt asks who serves. A cutover gives it the functions of schema hydra_cutover_asks, and nothing else.',
      createRole(name, 'LOGIN'),
      `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(name)};`,
    ]),
    [
      '-- Then give each role its password, with psql so that it is in no log, and put it where the config refers to:',
      ...[...tool, ...workers, ...look, ...gateways].map((name) => `--   \\password ${oneLine(quoteIdentifier(name))}`),
    ],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** What green is written and migrated as: a run gives each its password, as itself, and takes it away again. */
function runRoles({ sync, migration, owner }: ToolRoles): readonly (readonly string[])[] {
  return [
    [
      '-- What green is written as by the sync, and migrated as. Neither has a password but while a run needs one on green.',
      ...[sync, migration].flatMap((name) => [
        createRole(name, 'LOGIN NOINHERIT'),
        `ALTER ROLE ${quoteIdentifier(name)} LOGIN NOINHERIT NOCREATEROLE NOCREATEDB PASSWORD NULL;`,
      ]),
    ],
    [
      "-- The migration acts as the owner of Hydra's tables: what it makes belongs to Hydra.",
      grant(owner, migration, { inherits: false }),
    ],
  ];
}

function toolRole(name: string, { owner, sync, migration }: ToolRoles): readonly (readonly string[])[] {
  const role = quoteIdentifier(name);
  return [
    [createRole(name, 'LOGIN'), `ALTER ROLE ${role} LOGIN INHERIT NOCREATEROLE NOCREATEDB;`],
    ['-- What it makes belongs to the owner.', grant(OUR_ROLES.owner, name, { inherits: true })],
    ['-- Only the owner of tables may make triggers on them.', grant(owner, name, { inherits: true })],
    [
      '-- Nobody may change the password of a role but itself, without CREATEROLE: the tool acts as each of these for that.',
      ...[sync, migration].map((other) => grant(other, name, { inherits: false })),
    ],
    [
      '-- Who holds locks and how large databases are; and ending sessions on green and of the sync.',
      `GRANT ${PREDEFINED_ROLES.join(', ')} TO ${role};`,
    ],
  ];
}

/** What others plant on Hydra's tables meets a role that has Hydra's rights and no more. */
function workerRole(name: string, { owner, database }: ToolRoles): readonly string[] {
  const role = quoteIdentifier(name);
  return [
    "-- Reads Hydra's rows and what a cutover notes there, and cleans a copy; it may decide nothing.",
    createRole(name, 'LOGIN'),
    `ALTER ROLE ${role} LOGIN INHERIT NOCREATEROLE NOCREATEDB;`,
    grant(owner, name, { inherits: true }),
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${role};`,
  ];
}

/** How many migrations there were is all that it reads of Hydra; how a cutover stands it is told by a function. */
function lookRole(name: string, { owner, schema, database }: ToolRoles): readonly string[] {
  const role = quoteIdentifier(name);
  const of = quoteIdentifier(schema);
  return [
    '-- Looks: at catalogs, at who is connected, at the list of migrations. It is a member of nothing that reads or writes a row.',
    createRole(name, 'LOGIN'),
    `ALTER ROLE ${role} LOGIN INHERIT NOCREATEROLE NOCREATEDB;`,
    `GRANT ${LOOK_ROLE} TO ${role};`,
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${role};`,
    `SET ROLE ${quoteIdentifier(owner)};`,
    `GRANT USAGE ON SCHEMA ${of} TO ${role};`,
    `GRANT SELECT ON ${of}.schema_migration TO ${role};`,
    'RESET ROLE;',
  ];
}

/** Without the right to grant it further, which an earlier version of this script gave from 16 on. */
function grant(role: string, to: string, { inherits }: { readonly inherits: boolean }): string {
  const [of, member] = [quoteIdentifier(role), quoteIdentifier(to)];
  const options = `WITH ADMIN FALSE, INHERIT ${inherits ? 'TRUE' : 'FALSE'}, SET TRUE`;
  return [
    'DO $privileges$',
    'BEGIN',
    "  IF current_setting('server_version_num')::int >= 160000 THEN",
    `    EXECUTE ${quoteLiteral(`GRANT ${of} TO ${member} ${options}`).trim()};`,
    '  ELSE',
    `    GRANT ${of} TO ${member};`,
    '  END IF;',
    'END $privileges$;',
  ].join('\n');
}

function createRole(name: string, attributes: string): string {
  return [
    'DO $privileges$',
    'BEGIN',
    `  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(name).trim()}) THEN`,
    `    CREATE ROLE ${quoteIdentifier(name)} ${attributes};`,
    '  END IF;',
    'END $privileges$;',
  ].join('\n');
}

/** A name in a comment must not end it. */
function oneLine(name: string): string {
  return name.replace(/[\r\n]/g, '?');
}
