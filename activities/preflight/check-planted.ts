import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type CutoverSettings } from '../../domain/settings';
import { copyPathOf, sourceTables } from '../../hydra/paths';
import { plantedOn } from '../../hydra/planted';
import { type Findings } from './findings';

/**
 * What somebody put on Hydra's tables that would run in a session of ours which reads them, and who may put a table beside them. Reads
 * catalogs alone.
 */
export async function checkPlanted(client: SqlClient, settings: CutoverSettings, findings: Findings): Promise<void> {
  const { hydraSchema: schema } = settings;
  const tables = sourceTables(copyPathOf(settings.hydraVersion));
  for (const what of await plantedOn(client, { schema, tables, isWritten: false })) {
    // A check of its own says what helps, and for whom.
    if (what.startsWith('row level security')) continue;
    const fix = 'find out who made it, and take it off for the cutover; nothing of it has run';
    findings.problem(
      "Hydra's tables on blue",
      `${what}: none of Hydra's, and it would run with our rights`,
      fix,
      'none',
    );
  }
  const creators = await queryRows<{ name: string }>(
    client,
    `SELECT 'PUBLIC' AS name FROM pg_namespace n, aclexplode(n.nspacl) a
      WHERE n.nspname = $1 AND a.grantee = 0 AND a.privilege_type = 'CREATE'
     UNION
     SELECT quote_ident(a.grantee::regrole::text) FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
      WHERE n.nspname = $1 AND a.privilege_type = 'CREATE' AND NOT r.rolsuper AND r.rolname NOT IN (current_user, $2)
        AND NOT pg_has_role($2, a.grantee, 'USAGE') AND a.grantee <> n.nspowner ORDER BY 1`,
    [schema, settings.green.hydraRole],
  );
  for (const { name } of creators) {
    const observed = `${name} may create in schema ${schema}: a table there that has no guard keeps every commit away`;
    findings.warn("schema of Hydra's tables on blue", observed, `REVOKE CREATE ON SCHEMA ${schema} FROM ${name}`);
  }
}
