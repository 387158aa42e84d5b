import { CutoverFault } from '../domain/faults';
import { type SqlClient, queryRows } from '../domain/ports/sql-client';
import { type SideName } from '../domain/sides';

/**
 * Functions that defaults and constraints of Hydra may call though they are not immutable: they say what time it is, or draw
 * something. Any other one may do more than its name says: `query_to_xml` runs SQL, `set_config` moves a search_path.
 */
const HARMLESS = [
  'now',
  'clock_timestamp',
  'statement_timestamp',
  'transaction_timestamp',
  'timestamp',
  'timestamptz',
  'date',
  'time',
  'timezone',
  'date_part',
  'extract',
  'date_trunc',
  'to_char',
  'to_timestamp',
  'nextval',
  'gen_random_uuid',
  'random',
  'text',
  'jsonb_build_object',
  'json_build_object',
  'to_jsonb',
  'to_json',
  'concat',
  'concat_ws',
  'format',
];

/**
 * Whether an object is the server's own or one of an extension, whose objects a superuser owns.
 * Source: PostgreSQL manual, "System Catalog Initial Data": lower ones are PostgreSQL's (`FirstNormalObjectId`).
 */
const foreign = (oid: string, owner: string): string =>
  `(${oid} >= 16384 AND ${owner} NOT IN (SELECT oid FROM superusers))`;

/**
 * Everything on the tables of schema $1 that is evaluated by whoever reads or writes them, and that others can have put there. Names
 * in $2 are those that are written or read; a view under one of them is none of Hydra's.
 * Source: PostgreSQL manual, "System Catalogs"; the trees of expressions show each function that they call as funcid or opfuncid.
 */
const PLANTED_SQL = `
  WITH hydras AS (
    SELECT c.oid, c.relname, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY ($2::name[])
  ), superusers AS MATERIALIZED (
    SELECT oid FROM pg_catalog.pg_roles WHERE rolsuper
  ), expressions AS (
    SELECT h.relname, format('default of column %s', a.attname) AS what, d.adbin::text AS tree
      FROM hydras h JOIN pg_catalog.pg_attrdef d ON d.adrelid = h.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = h.oid AND a.attnum = d.adnum
    UNION ALL
    SELECT h.relname, format('constraint %s', k.conname), k.conbin::text FROM hydras h JOIN pg_catalog.pg_constraint k ON k.conrelid = h.oid AND k.contype = 'c'
    UNION ALL
    SELECT h.relname, format('index %s', x.relname), concat(i.indexprs::text, i.indpred::text)
      FROM hydras h JOIN pg_catalog.pg_index i ON i.indrelid = h.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
     WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT h.relname, format('trigger %s', t.tgname), t.tgqual::text
      FROM hydras h JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid WHERE $3 AND t.tgqual IS NOT NULL
  ), called AS (
    SELECT DISTINCT e.relname, e.what, found.id[1]::oid AS function
      FROM expressions e, regexp_matches(e.tree, ':(?:funcid|opfuncid) (\\d+)', 'g') AS found(id) WHERE found.id[1] <> '0'
  )
  SELECT format('%s is no table', relname) AS what FROM hydras WHERE relkind NOT IN ('r', 'p')
  UNION ALL
  -- With row_security = off no policy is evaluated: one that would apply to this role is an error.
  SELECT format('row level security of %s', relname) FROM hydras WHERE row_security_active(hydras.oid)
  UNION ALL
  SELECT format('rule %s of %s', r.rulename, h.relname) FROM hydras h JOIN pg_catalog.pg_rewrite r ON r.ev_class = h.oid WHERE h.relkind IN ('r', 'p')
  UNION ALL
  SELECT format('trigger %s of %s', t.tgname, h.relname)
    FROM hydras h JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
   WHERE $3 AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND f.pronamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ^@ 'hydra_cutover')
  UNION ALL
  SELECT format('type of column %s of %s', a.attname, h.relname)
    FROM hydras h JOIN pg_catalog.pg_attribute a ON a.attrelid = h.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
   WHERE ${foreign('t.oid', 't.typowner')}
  UNION ALL
  SELECT format('operator class %s of index %s of %s', o.opcname, x.relname, h.relname)
    FROM hydras h JOIN pg_catalog.pg_index i ON i.indrelid = h.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_opclass o ON o.oid = ANY (i.indclass::oid[]) WHERE ${foreign('o.oid', 'o.opcowner')}
  UNION ALL
  SELECT format('%s of %s, which calls %s', c.what, c.relname, f.oid::regprocedure)
    FROM called c JOIN pg_catalog.pg_proc f ON f.oid = c.function
   WHERE ${foreign('f.oid', 'f.proowner')} OR (f.provolatile <> 'i' AND f.proname <> ALL ($4::name[]))
  ORDER BY 1`;

export interface Evaluated {
  /** That holds Hydra's tables. */
  readonly schema: string;
  readonly tables: readonly string[];
  /** Whether they are written: then their triggers run too. */
  readonly isWritten: boolean;
}

/** In `hydra_cutover`, so that its plan is made once for each session: the sync asks in each of its transactions. For everybody who may use the schema. */
export const PLANTED_FUNCTION_SQL = `
  CREATE FUNCTION hydra_cutover.planted_on(p_schema name, p_tables name[], p_written boolean, p_harmless name[]) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $planted$ BEGIN RETURN QUERY ${PLANTED_SQL}; END $planted$`;

/**
 * What somebody put on these tables that would run in a session which reads or writes them, with its rights. Reads catalogs alone.
 *
 * @returns names of what it is; empty when all is well
 */
export async function plantedOn(client: SqlClient, { schema, tables, isWritten }: Evaluated): Promise<string[]> {
  const rows = await queryRows<{ what: string }>(client, PLANTED_SQL, [schema, tables, isWritten, HARMLESS]);
  return rows.map(({ what }) => what);
}

/**
 * Beside an arbiter, in a transaction that has locked the tables as it will use them. It holds until that transaction ends: every DDL
 * that could change it needs a lock that readers keep out, but for CREATE TRIGGER and CREATE INDEX, which concern writers and
 * wait for them.
 *
 * @throws CutoverFault CHECK_FAILED when {@link plantedOn} names anything; nothing of it has run
 */
export async function assertNothingPlanted(
  client: SqlClient,
  { schema, tables, isWritten }: Evaluated,
  side: SideName,
): Promise<void> {
  const rows = await queryRows<{ what: string }>(client, 'SELECT hydra_cutover.planted_on($1, $2, $3, $4) AS what', [
    schema,
    tables,
    isWritten,
    HARMLESS,
  ]);
  refusePlanted(
    rows.map(({ what }) => what),
    side,
  );
}

/**
 * Before tables of Hydra are read on a side that may have no arbiter yet: locks them until the caller's transaction ends, and looks.
 *
 * @param client names Hydra's tables in full: see `byFullName`
 * @throws CutoverFault CHECK_FAILED as {@link assertNothingPlanted}
 */
export async function lockUnplanted(client: SqlClient, tables: readonly string[]): Promise<void> {
  await client.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS SHARE MODE`);
  const [row] = await queryRows<{ schema: string }>(
    client,
    `SELECT n.nspname AS schema FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass('hydra_client')`,
  );
  refusePlanted(await plantedOn(client, { schema: row?.schema ?? '', tables, isWritten: false }), 'blue');
}

/** @throws CutoverFault CHECK_FAILED when there is any */
export function refusePlanted(planted: readonly string[], side: SideName): void {
  if (planted.length === 0) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `on ${side} there is something on Hydra's tables that is none of Hydra's and would run with our rights: ${planted.slice(0, 10).join('; ')}; ` +
      'nothing of it has run. Find out who made it, remove it, then try again',
    { side, planted: planted.slice(0, 50) },
  );
}
