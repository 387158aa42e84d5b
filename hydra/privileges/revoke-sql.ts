import { OUR_ROLES } from '../../domain/our-roles';
import { quoteIdentifier } from '../cleaning/session';
import { quoteLiteral } from '../closing/role-password';
import { LOOK_ROLE, PREDEFINED_ROLES } from './privileges-sql';
import { type ToolRoles } from './tool-role';

/**
 * Takes back what `privilegesSql` gives, as a script for the master user of blue and of green, once a cutover is finalized. May be
 * repeated.
 *
 * A role that owns something stays, because guards on blue and the archive on green belong to it; without a login, a password or a
 * membership it is an owner and no more. The others go.
 * Source: PostgreSQL manual, "DROP ROLE" and "Role Removal".
 */
export function revokeSql(roles: ToolRoles): string {
  const { tool, workers, look, sync, migration, owner, database, schema, gateways } = roles;
  const sections = [
    [
      '-- Run this on green and on blue, in the database of Hydra, as the master user, once the cutover is finalized. It may be repeated.',
      '-- On blue the guards stay, which keep a Hydra that is started there by mistake from writing: they need their owner, and no login.',
    ],
    ...tool.map((name) =>
      whereItIs(name, [
        `ALTER ROLE ${quoteIdentifier(name)} NOLOGIN NOCREATEROLE NOCREATEDB PASSWORD NULL`,
        `REVOKE ${[...[owner, OUR_ROLES.owner, sync, migration].map(quoteIdentifier), ...PREDEFINED_ROLES].join(', ')} FROM ${quoteIdentifier(name)}`,
        `PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${quoteLiteral(name).trim()}`,
      ]),
    ),
    ...workers.map((name) =>
      whereItIs(name, [
        `ALTER ROLE ${quoteIdentifier(name)} NOLOGIN PASSWORD NULL`,
        `REVOKE ${quoteIdentifier(owner)} FROM ${quoteIdentifier(name)}`,
        `REVOKE CONNECT ON DATABASE ${quoteIdentifier(database)} FROM ${quoteIdentifier(name)}`,
        `PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${quoteLiteral(name).trim()}`,
      ]),
    ),
    ...look.map((name) =>
      whereItIs(name, [
        `ALTER ROLE ${quoteIdentifier(name)} NOLOGIN PASSWORD NULL`,
        `REVOKE ${LOOK_ROLE} FROM ${quoteIdentifier(name)}`,
        // By who gave them.
        `SET LOCAL ROLE ${quoteIdentifier(owner)}`,
        `REVOKE SELECT ON ${quoteIdentifier(schema)}.schema_migration FROM ${quoteIdentifier(name)}`,
        `REVOKE USAGE ON SCHEMA ${quoteIdentifier(schema)} FROM ${quoteIdentifier(name)}`,
        'RESET ROLE',
        `REVOKE CONNECT ON DATABASE ${quoteIdentifier(database)} FROM ${quoteIdentifier(name)}`,
        `PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${quoteLiteral(name).trim()}`,
      ]),
    ),
    whereItIs(OUR_ROLES.owner, [`ALTER ROLE ${OUR_ROLES.owner} NOLOGIN PASSWORD NULL`]),
    ...[sync, migration].map((name) =>
      whereItIs(name, [
        `ALTER ROLE ${quoteIdentifier(name)} NOLOGIN PASSWORD NULL`,
        `PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${quoteLiteral(name).trim()}`,
      ]),
    ),
    ...gateways.flatMap((name) => [
      ['-- Only once no config of a gateway has `doubt` any more: a gateway in doubt asks blue who serves.'],
      whereItIs(name, [
        `ALTER ROLE ${quoteIdentifier(name)} NOLOGIN PASSWORD NULL`,
        `REVOKE CONNECT ON DATABASE ${quoteIdentifier(database)} FROM ${quoteIdentifier(name)}`,
      ]),
    ]),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Does `work` where there is the role, and drops it where nothing depends on it. */
function whereItIs(name: string, work: readonly string[]): readonly string[] {
  return [
    'DO $revoke$',
    'BEGIN',
    `  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(name).trim()}) THEN`,
    ...work.map((statement) => `    ${statement};`),
    '    BEGIN',
    `      DROP ROLE ${quoteIdentifier(name)};`,
    '    EXCEPTION WHEN dependent_objects_still_exist THEN',
    `      RAISE NOTICE 'role % owns something, or has rights to it, and stays without a login', ${quoteLiteral(name).trim()};`,
    '    END;',
    '  END IF;',
    'END $revoke$;',
  ];
}
