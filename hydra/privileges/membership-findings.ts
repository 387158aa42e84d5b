import { OUR_ROLES } from '../../domain/our-roles';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { exceeds, type PrivilegeFinding } from './finding';
import { type ToolRoles } from './tool-role';

/**
 * Direct memberships of roles that should have none but the allowed one, with INHERIT or without: SET ROLE asks for less. And who may act
 * as a role of ours and is none: superusers and whoever makes roles may in any case.
 */
const MEMBERSHIPS_SQL = `
  SELECT m.rolname::text AS member, g.rolname::text AS of
    FROM unnest($1::name[], $2::name[]) AS narrow (name, allowed)
    JOIN pg_catalog.pg_roles m ON m.rolname = narrow.name JOIN pg_catalog.pg_auth_members a ON a.member = m.oid
    JOIN pg_catalog.pg_roles g ON g.oid = a.roleid AND g.rolname IS DISTINCT FROM narrow.allowed
  UNION
  SELECT r.rolname::text, o.rolname::text
    FROM pg_catalog.pg_roles o JOIN pg_catalog.pg_roles r ON pg_has_role(r.oid, o.oid, 'MEMBER') AND r.oid <> o.oid
   WHERE o.rolname = ANY ($3) AND NOT r.rolsuper AND NOT r.rolcreaterole AND r.rolname <> ALL ($4)
   ORDER BY 1, 2`;

/** Roles that are more than the printed script makes of them, and others that may become ours. */
export async function membershipFindings(
  client: SqlClient,
  me: string,
  { tool, sync, migration, owner, gateways }: ToolRoles,
): Promise<readonly PrivilegeFinding[]> {
  const narrow = [sync, migration, ...gateways];
  const allowed = narrow.map((name) => (name === migration ? owner : null));
  const acting = [...new Set([me, ...tool])];
  const deciding = [OUR_ROLES.owner, sync, migration, ...acting];
  const rows = await queryRows<{ member: string; of: string }>(client, MEMBERSHIPS_SQL, [
    ...[narrow, allowed, deciding, acting],
  ]);
  return rows.map(({ member, of }) =>
    exceeds(
      `${member} may act as ${of}`,
      `REVOKE ${quoteIdentifier(of)} FROM ${quoteIdentifier(member)}, or from the role by which it has that`,
    ),
  );
}
