import { quoteIdentifier } from '../cleaning/session';
import { quoteLiteral } from '../closing/role-password';
import { type ToolRoles } from './tool-role';

/** What lets the tool end sessions that are in the way, and see whose they are. */
export const PREDEFINED_ROLES = ['pg_monitor', 'pg_signal_backend'] as const;

/**
 * The whole of what the tool may do in PostgreSQL, as a script for the master user of blue; green gets it with the snapshot. May be
 * repeated. Holds no password.
 *
 * Source: PostgreSQL manual, "CREATE ROLE" and "GRANT" (until 15 CREATEROLE lets a role grant any other, from 16 on it needs ADMIN
 * OPTION), "ALTER DATABASE".
 */
export function privilegesSql(roles: ToolRoles): string {
  const { tool, owner, database, gateways } = roles;
  const own = quoteIdentifier(owner);
  const sections = [
    [
      `-- Run this in database ${oneLine(database)} of blue, as its master user. It may be repeated.`,
      '-- Nothing has to be done on green: the snapshot brings it there.',
    ],
    ...tool.flatMap((name) => toolRole(name, owner)),
    [
      '-- Nobody but the owner of a database can keep others from logging in, as green needs it while it is prepared.',
      `ALTER DATABASE ${quoteIdentifier(database)} OWNER TO ${own};`,
    ],
    ...gateways.map((name) => [
      '-- A gateway in doubt asks who serves. A cutover gives it the functions of schema hydra_cutover_asks, and nothing else.',
      createRole(name, 'LOGIN'),
      `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(name)};`,
    ]),
    [
      '-- Then give each role its password, with psql so that it is in no log, and put it where the config refers to:',
      ...[...tool, ...gateways].map((name) => `--   \\password ${oneLine(quoteIdentifier(name))}`),
    ],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function toolRole(name: string, owner: string): readonly (readonly string[])[] {
  const role = quoteIdentifier(name);
  const own = quoteIdentifier(owner);
  const withAdmin = `GRANT ${own} TO ${role} WITH ADMIN TRUE, INHERIT TRUE, SET TRUE`;
  return [
    [
      '-- CREATEROLE: the migration and the sync of green have login roles of their own, with random passwords, for as long as they run.',
      createRole(name, 'LOGIN CREATEROLE'),
      `ALTER ROLE ${role} LOGIN CREATEROLE NOCREATEDB;`,
    ],
    [
      '-- Only the owner of tables may make triggers on them. The migration acts as the owner too, and from PostgreSQL 16 on one who',
      '-- shall grant a role needs ADMIN OPTION on it.',
      'DO $privileges$',
      'BEGIN',
      "  IF current_setting('server_version_num')::int >= 160000 THEN",
      `    EXECUTE ${quoteLiteral(withAdmin).trim()};`,
      '  ELSE',
      `    GRANT ${own} TO ${role};`,
      '  END IF;',
      'END $privileges$;',
    ],
    [
      '-- Who holds locks and how large databases are; and ending sessions on green and of the sync.',
      `GRANT ${PREDEFINED_ROLES.join(', ')} TO ${role};`,
    ],
  ];
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
