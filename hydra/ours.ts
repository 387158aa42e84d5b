import { CutoverFault } from '../domain/faults';
import { OUR_ROLES } from '../domain/our-roles';
import { type SqlClient, queryRows } from '../domain/ports/sql-client';

/**
 * Whether all of these relations of ours are there. Asked before anything of ours is read: whoever owns a database may make schemas
 * in it, and a view in the place of a table runs its functions with the rights of who reads it.
 *
 * @param relations with their schemas, unquoted
 * @throws CutoverFault CHECK_FAILED as {@link assertNoneForeign}
 */
export async function hasOurs(client: SqlClient, ...relations: readonly string[]): Promise<boolean> {
  await assertNoneForeign(client, [...new Set(relations.map((name) => name.split('.')[0] ?? ''))]);
  const [row] = await queryRows<{ there: boolean }>(
    client,
    'SELECT bool_and(to_regclass(name) IS NOT NULL) AS there FROM unnest($1::text[]) AS name',
    [relations],
  );
  return row?.there === true;
}

interface Foreign {
  readonly what: string;
  readonly owner: string;
}

/**
 * @param schemas that only we make: as the owner of what is ours, or as a role that may act as it, which it belongs to then
 * @throws CutoverFault CHECK_FAILED when one of them, or a relation in it, belongs to somebody else; nothing of it was read
 */
export async function assertNoneForeign(client: SqlClient, schemas: readonly string[]): Promise<void> {
  const [foreign] = await queryRows<Foreign>(
    client,
    `WITH named AS (SELECT oid, nspname, nspowner FROM pg_catalog.pg_namespace WHERE nspname = ANY($1::text[])),
          ours AS (SELECT r.oid FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_roles o ON o.rolname = $2
                    WHERE r.rolname IN (current_user, $2) OR NOT r.rolsuper AND pg_has_role(r.oid, o.oid, 'MEMBER'))
     SELECT format('schema %I', nspname) AS what, pg_get_userbyid(nspowner)::text AS owner
       FROM named WHERE nspowner NOT IN (SELECT oid FROM ours)
     UNION ALL
     SELECT format('%I.%I', nspname, c.relname), pg_get_userbyid(c.relowner)
       FROM named JOIN pg_catalog.pg_class c ON c.relnamespace = named.oid WHERE c.relowner NOT IN (SELECT oid FROM ours)
     ORDER BY 1 DESC LIMIT 1`,
    [schemas, OUR_ROLES.owner],
  );
  if (foreign === undefined) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `${foreign.what} exists and belongs to ${foreign.owner}, not to our role, so that nothing of it was read; find out who made it, ` +
      'then rename or remove it',
    { what: foreign.what, owner: foreign.owner },
  );
}
