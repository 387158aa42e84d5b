import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type CutoverSettings } from '../../domain/settings';
import { NAMES_MADE } from './names-made';
import { type Findings } from './findings';

/** The migration merges these into one table and drops them. */
const MERGED = [
  'hydra_oauth2_authentication_request',
  'hydra_oauth2_authentication_request_handled',
  'hydra_oauth2_consent_request',
  'hydra_oauth2_consent_request_handled',
] as const;

interface Dependent {
  readonly kind: 'view' | 'function' | 'key' | 'check';
  /** As PostgreSQL writes it, with its schema. */
  readonly name: string;
  readonly on: string;
  readonly columns: readonly string[];
  /** Drops it, or makes it again. */
  readonly drop: string;
  readonly make: string;
}

const DEPENDENTS_SQL = `
  WITH hydras AS (
    SELECT oid, relname, reltype FROM pg_class
     WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relkind IN ('r', 'p') AND relname ^@ 'hydra_'
  )
  SELECT DISTINCT 'view' AS kind, v.oid::regclass::text AS name, h.relname::text AS "on", ARRAY[]::text[] AS columns,
         format('DROP %s %s', CASE v.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v.oid::regclass) AS drop,
         '' AS make
    FROM hydras h JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = h.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, h.relname, ARRAY[]::text[], format('DROP ROUTINE %s', p.oid::regprocedure), ''
    FROM hydras h JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.classid = 'pg_proc'::regclass
      AND d.refobjid IN (h.reltype, (SELECT typarray FROM pg_type WHERE oid = h.reltype))
    JOIN pg_proc p ON p.oid = d.objid
  UNION ALL
  SELECT 'key', format('%I on %s', c.conname, c.conrelid::regclass), h.relname,
         ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = h.oid AND attnum = ANY (c.confkey)),
         format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
         format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
    FROM hydras h JOIN pg_constraint c ON c.confrelid = h.oid AND c.contype = 'f'
   WHERE c.conrelid NOT IN (SELECT oid FROM hydras)
  UNION ALL
  SELECT 'check', format('%I on %s', c.conname, c.conrelid::regclass), h.relname, ARRAY[]::text[],
         format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname), ''
    FROM hydras h JOIN pg_constraint c ON c.conrelid = h.oid AND c.contype IN ('c', 'x')
  ORDER BY 1, 2`;

/**
 * What is none of Hydra's and hangs on its tables, in any schema: all that would stop the migration, and all that would be gone
 * after it, each with the statement that helps. The migration of 1.11.10 to 2.x has no constraint of this kind of its own.
 */
export async function checkForeignObjects(
  client: SqlClient,
  settings: CutoverSettings,
  findings: Findings,
): Promise<void> {
  for (const one of await queryRows<Dependent>(client, DEPENDENTS_SQL, [settings.hydraSchema])) judge(one, findings);
  const taken = await queryRows<{ name: string; table: string | null; rename: string }>(
    client,
    `SELECT c.relname AS name, i.indrelid::regclass::text AS table,
            format('ALTER %s %s RENAME TO %I', CASE WHEN c.relkind IN ('i', 'I') THEN 'INDEX' ELSE 'TABLE' END,
              c.oid::regclass, left('own_' || c.relname, 63)) AS rename
       FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
      WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relname = ANY ($2) ORDER BY 1`,
    [settings.hydraSchema, NAMES_MADE],
  );
  for (const { name, table, rename } of taken) {
    const what = table === null ? '' : ` (an index on ${table})`;
    findings.problem(
      `relation ${name} on blue`,
      `has a name that the migration gives to one of its own${what}`,
      rename,
    );
  }
}

function judge({ kind, name, on, columns, drop, make }: Dependent, findings: Findings): void {
  if (kind === 'check') {
    const observed = `a constraint on ${on} that is none of Hydra's: what 2.x writes may be refused by it, and every request with it`;
    findings.problem(`constraint ${name} on blue`, observed, drop);
  } else if (kind === 'key') {
    const stops = MERGED.some((table) => table === on) || columns.includes('pk');
    const where = `foreign key ${name} on blue`;
    if (stops) findings.problem(where, `refers to ${on}, which the migration drops or changes`, drop);
    else if (on === 'hydra_client') {
      findings.warn(
        where,
        'refers to hydra_client, and the migration drops it without a word',
        `on green, afterwards: ${make}`,
      );
    }
  } else if (kind === 'view' || MERGED.some((table) => table === on)) {
    const again = 'make it again on green, for the tables of 2.x';
    findings.problem(
      `${kind} ${name} on blue`,
      `depends on ${on}, which the migration drops or changes`,
      `${drop}; ${again}`,
    );
  }
}
