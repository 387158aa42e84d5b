import { CutoverFault } from '../domain/faults';
import { type SqlClient, type Statement, queryRows } from '../domain/ports/sql-client';
import { OUR_ROLES } from '../domain/our-roles';
import { type SideName } from '../domain/sides';
import { isLockBusy, lockBusy } from './arbiter/lock-retry';
import { HYDRAS_TABLES } from './by-full-name';
import { inTransaction, quoteIdentifier } from './cleaning/session';
import { assertNoneForeign } from './ours';
import { SQL_STATES, hasSqlState } from './sql-state';

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

/** By the index, table by table: this is asked in the pause, and all columns that a server has are thousands. */
const columnsOf = (which: string): string =>
  `(SELECT attname, attnum, atttypid, attgenerated FROM pg_catalog.pg_attribute WHERE attrelid = h.oid AND ${which} OFFSET 0)`;

/**
 * Everything on the tables of schema $1 that is evaluated by whoever reads or writes them, and that others can have put there. Names
 * in $2 are those that are written or read; a view under one of them is none of Hydra's. Besides them it looks at what a statement that
 * names them reaches: partitions and tables that inherit, and, where they are written, tables whose rows go with theirs.
 * Source: PostgreSQL manual, "System Catalogs"; the trees of expressions show each function that they call as funcid or opfuncid. What
 * they make a value of a type by shows no function, and checks of a domain run: that they depend on the type, pg_depend knows, but
 * for what SQL/JSON returns.
 */
const PLANTED_SQL = `
  WITH RECURSIVE named AS (
    SELECT c.oid, c.relname::text AS name, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY ($2::name[])
  ), reached (oid, name, relkind, by_key) AS (
    SELECT oid, name, relkind, false FROM named
    UNION
    SELECT c.oid, c.oid::regclass::text, c.relkind, below.by_key
      FROM reached r CROSS JOIN LATERAL (
        SELECT i.inhrelid AS oid, r.by_key FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid
        UNION ALL
        -- What a key does it does as the owner of its table, but until PostgreSQL 17 triggers that fire after it are fired by whoever
        -- wrote the first table.
        SELECT k.conrelid, true FROM pg_catalog.pg_constraint k
         WHERE $3 AND current_setting('server_version_num')::int < 180000 AND k.confrelid = r.oid AND k.contype = 'f'
           AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))
      ) AS below JOIN pg_catalog.pg_class c ON c.oid = below.oid WHERE c.oid NOT IN (SELECT n.oid FROM named n)
  ), hydras AS (
    SELECT oid, name, relkind FROM reached WHERE NOT by_key
  ), superusers AS MATERIALIZED (
    SELECT oid FROM pg_catalog.pg_roles WHERE rolsuper
  ), expressions AS (
    SELECT h.name, format('default of column %s', a.attname) AS what, d.adbin::text AS tree, 'pg_catalog.pg_attrdef'::regclass AS class, d.oid, 0 AS part
      FROM hydras h JOIN pg_catalog.pg_attrdef d ON d.adrelid = h.oid CROSS JOIN LATERAL ${columnsOf('attnum = d.adnum')} AS a
    UNION ALL
    -- Until PostgreSQL 14 what a generated column is made by its column depends on.
    SELECT h.name, format('column %s', a.attname), NULL, 'pg_catalog.pg_class'::regclass, h.oid, a.attnum
      FROM hydras h JOIN pg_catalog.pg_attrdef d ON d.adrelid = h.oid CROSS JOIN LATERAL ${columnsOf('attnum = d.adnum')} AS a
     WHERE a.attgenerated <> ''
    UNION ALL
    SELECT h.name, format('constraint %s', k.conname), k.conbin::text, 'pg_catalog.pg_constraint'::regclass, k.oid, 0 FROM hydras h JOIN pg_catalog.pg_constraint k ON k.conrelid = h.oid AND k.contype = 'c'
    UNION ALL
    SELECT h.name, format('index %s', x.relname), concat(i.indexprs::text, i.indpred::text), 'pg_catalog.pg_class'::regclass, x.oid, 0
      FROM hydras h JOIN pg_catalog.pg_index i ON i.indrelid = h.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
     WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT h.name, format('trigger %s', t.tgname), t.tgqual::text, 'pg_catalog.pg_trigger'::regclass, t.oid, 0
      FROM hydras h JOIN pg_catalog.pg_trigger t ON t.tgrelid = h.oid WHERE $3 AND t.tgqual IS NOT NULL AND t.tgenabled <> 'D'
    UNION ALL
    SELECT h.name, 'partition key', p.partexprs::text, 'pg_catalog.pg_class'::regclass, h.oid, 0
      FROM hydras h JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = h.oid WHERE p.partexprs IS NOT NULL
    UNION ALL
    -- The planner evaluates what is constant in them. PostgreSQL 13 has no expressions there.
    SELECT h.name, format('statistics %s', s.stxname), to_jsonb(s) ->> 'stxexprs', 'pg_catalog.pg_statistic_ext'::regclass, s.oid, 0 FROM hydras h JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = h.oid
  ), called AS (
    SELECT DISTINCT e.name, e.what, found.id[1]::oid AS function
      FROM expressions e, regexp_matches(e.tree, ':(?:funcid|opfuncid) (\\d+)', 'g') AS found(id) WHERE found.id[1] <> '0'
  )
  SELECT format('%s is no table', name) AS what, 'no table' AS kind FROM hydras WHERE relkind NOT IN ('r', 'p')
  UNION ALL
  -- With row_security = off no policy is evaluated: one that would apply to this role is an error.
  SELECT format('row level security of %s', name), 'row security' FROM hydras WHERE row_security_active(hydras.oid)
  UNION ALL
  SELECT format('rule %s of %s', r.rulename, h.name), 'rule' FROM hydras h JOIN pg_catalog.pg_rewrite r ON r.ev_class = h.oid WHERE h.relkind IN ('r', 'p')
  UNION ALL
  SELECT DISTINCT format('trigger %s of %s', t.tgname, r.name),
         CASE WHEN r.oid IN (SELECT n.oid FROM named n)
                OR (c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relname ^@ 'hydra_') THEN 'trigger' ELSE 'trigger elsewhere' END
    FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
   WHERE $3 AND NOT t.tgisinternal AND t.tgenabled <> 'D'
     AND (SELECT f.pronamespace FROM pg_catalog.pg_proc f WHERE f.oid = t.tgfoid) IS DISTINCT FROM to_regnamespace('hydra_cutover')::oid
  UNION ALL
  SELECT format('type of column %s of %s', a.attname, h.name), 'column type'
    FROM hydras h CROSS JOIN LATERAL ${columnsOf('attnum > 0 AND NOT attisdropped')} AS a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
   WHERE ${foreign('t.oid', 't.typowner')}
  UNION ALL
  SELECT format('operator class %s of index %s of %s', o.opcname, x.relname, h.name), 'operator class'
    FROM hydras h JOIN pg_catalog.pg_index i ON i.indrelid = h.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_opclass o ON o.oid = ANY (i.indclass::oid[]) WHERE ${foreign('o.oid', 'o.opcowner')}
  UNION ALL
  SELECT format('%s of %s, which calls %s', c.what, c.name, f.oid::regprocedure), 'expression'
    -- Each by itself: all functions there are take longer.
    FROM called c CROSS JOIN LATERAL (SELECT oid, proowner, provolatile, proname FROM pg_catalog.pg_proc WHERE oid = c.function OFFSET 0) AS f
   WHERE ${foreign('f.oid', 'f.proowner')} OR (f.provolatile <> 'i' AND f.proname <> ALL ($4::name[]))
  UNION ALL
  SELECT format('%s of %s, which makes something by SQL/JSON', what, name), 'expression' FROM expressions WHERE strpos(tree, '{JSONRETURNING') > 0
  UNION ALL
  SELECT DISTINCT format('%s of %s, which makes a %s', e.what, e.name, t.oid::regtype), 'expression'
    FROM expressions e
    JOIN pg_catalog.pg_depend d ON d.classid = e.class AND d.objid = e.oid AND d.objsubid = e.part AND d.refclassid = 'pg_catalog.pg_type'::regclass
    JOIN pg_catalog.pg_type t ON t.oid = d.refobjid
   WHERE ${foreign('t.oid', 't.typowner')} AND t.typrelid NOT IN (SELECT oid FROM hydras)
  ORDER BY 1`;

/** Of a transaction that writes. */
export const OUR_PATH = 'pg_catalog, pg_temp';

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
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $planted$ BEGIN
    RETURN QUERY SELECT planted.what FROM (${PLANTED_SQL}) AS planted; END $planted$`;

/** `trigger`: of one of these tables, or of another one of Hydra's. `trigger elsewhere`: of a table of others whose rows go with theirs. */
export type PlantedKind =
  | 'no table'
  | 'row security'
  | 'rule'
  | 'trigger'
  | 'trigger elsewhere'
  | 'column type'
  | 'operator class'
  | 'expression';

export interface Planted {
  readonly kind: PlantedKind;
  /** For people: its name, and what it is on. */
  readonly what: string;
}

/** What somebody put on these tables that would run in a session which reads or writes them, with its rights. Reads catalogs alone. */
export function plantedOn(client: SqlClient, { schema, tables, isWritten }: Evaluated): Promise<Planted[]> {
  return queryRows<Planted>(client, PLANTED_SQL, [schema, tables, isWritten, HARMLESS]);
}

const namesOf = (planted: readonly Planted[]): string[] => planted.map(({ what }) => what);

/**
 * Beside an arbiter, in a transaction that has locked the tables as it will use them. It holds until that transaction ends for all that needs
 * a lock which that keeps out; what does not, {@link assertNothingPlantedSince} looks for.
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
 * What of it can come in beside a transaction that has looked, asked by that transaction before it commits: statistics, tables that
 * inherit and indexes that are built CONCURRENTLY, for which a lock would be needed that keeps autovacuum out too, and triggers of others'
 * tables whose rows go with Hydra's. What ran of it is rolled back then. It may have been taken away
 * again; but that its code led the names of our statements elsewhere is seen, and that it gave this role another password, so that somebody
 * else can log in as it, by the lock that this left.
 *
 * A function for the same reason as {@link PLANTED_FUNCTION_SQL}; made anew by whoever becomes the syncer.
 */
export const PLANTED_SINCE_FUNCTION_SQL = `
  CREATE OR REPLACE FUNCTION hydra_cutover.refuse_planted_since(p_path text, p_schema name, p_tables name[], p_harmless name[]) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $since$ DECLARE tables oid[]; found text; BEGIN
    SELECT array_agg(c.oid) INTO tables FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = ANY (p_tables) WHERE n.nspname = p_schema;
    IF EXISTS (SELECT FROM pg_statistic_ext AS s WHERE s.stxrelid = ANY (tables) AND to_jsonb(s) ->> 'stxexprs' IS NOT NULL)
      OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = ANY (tables))
      -- CREATE INDEX CONCURRENTLY keeps no writer out, and whoever writes beside it evaluates what is constant in its expressions.
      OR EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = ANY (tables) AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
      -- Nothing of ours locks a table of others before rows of it go with Hydra's.
      OR (current_setting('server_version_num')::int < 180000 AND EXISTS (
        SELECT FROM pg_constraint AS k WHERE k.contype = 'f' AND k.confrelid = ANY (tables) AND k.conrelid <> ALL (tables)
           AND (EXISTS (SELECT FROM pg_constraint AS below WHERE below.contype = 'f' AND below.confrelid = k.conrelid AND below.conrelid <> k.conrelid)
                OR EXISTS (SELECT FROM pg_trigger AS t JOIN pg_proc AS f ON f.oid = t.tgfoid
                            WHERE t.tgrelid = k.conrelid AND NOT t.tgisinternal AND f.pronamespace <> 'hydra_cutover'::regnamespace)))) THEN
      SELECT string_agg(what, '; ') INTO found FROM hydra_cutover.planted_on(p_schema, p_tables, true, p_harmless) AS what;
    END IF;
    IF found IS NULL AND p_path <> '${OUR_PATH}' THEN
      found := 'something that is gone again, and has changed the search_path';
    END IF;
    IF found IS NULL AND EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'pg_authid'::regclass AND mode = 'RowExclusiveLock') THEN
      found := 'something that is gone again, and has changed a role';
    END IF;
    IF found IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = '${SQL_STATES.plantedMeanwhile}', MESSAGE = found; END IF;
  END $since$`;

/** @returns what calls it: it ends in the SQLSTATE `plantedMeanwhile`, with names. In full, because names may lead elsewhere by then */
export function assertNothingPlantedSince({ schema, tables }: Omit<Evaluated, 'isWritten'>): Statement {
  const text = `SELECT hydra_cutover.refuse_planted_since(pg_catalog.current_setting('search_path'), $1, $2, $3)`;
  return { text, values: [schema, tables, HARMLESS], isOurs: true };
}

/** What {@link assertNothingPlantedSince} ended in, as {@link assertNothingPlanted} says it; any other error as it is. */
export function explainPlanted(error: unknown, side: SideName): never {
  if (!hasSqlState(error, 'plantedMeanwhile')) throw error;
  const planted = error.message.split('; ');
  throw new CutoverFault(
    'CHECK_FAILED',
    `on ${side} something was put on Hydra's tables while our transaction wrote them: ${planted.slice(0, 10).join('; ')}; what ran of it had the rights of the ` +
      'login that writes, and is rolled back. Find out who made it and remove it; then try again',
    { side, planted: planted.slice(0, 50) },
    error,
  );
}

/**
 * Before tables of Hydra are read on a side that may have no arbiter yet: locks them until the caller's transaction ends, and looks.
 *
 * @param client names Hydra's tables in full: see `byFullName`
 * @throws CutoverFault CHECK_FAILED as {@link assertNothingPlanted}
 */
export async function lockUnplanted(client: SqlClient, tables: readonly string[], side: SideName): Promise<void> {
  await client.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS SHARE MODE`);
  const [row] = await queryRows<{ schema: string }>(
    client,
    `SELECT n.nspname AS schema FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass('hydra_client')`,
  );
  refusePlanted(namesOf(await plantedOn(client, { schema: row?.schema ?? '', tables, isWritten: false })), side);
}

/**
 * Reads tables of Hydra outside the sync. In a session of a role that may decide it looks first, in a transaction that is READ ONLY and rolled
 * back: of what comes in between nothing stays, not even what setval() did, by which guards go.
 *
 * @param client names Hydra's tables in full, outside a transaction @throws CutoverFault CHECK_FAILED as {@link assertNothingPlanted}
 */
export async function readUnplanted<T>(
  client: SqlClient,
  tables: readonly string[],
  side: SideName,
  read: () => Promise<T>,
): Promise<T> {
  if (!(await mayDecide(client))) return read();
  return inTransaction(client, 'BEGIN READ ONLY', 'ROLLBACK', async () => {
    await lockUnplanted(client, tables, side);
    return read();
  });
}

/**
 * Before tables of Hydra are written outside the sync: locks them until the caller's transaction ends, and looks. A role that may
 * decide nothing needs no look: what is planted runs with rights that Hydra's role has anyway, as an operator's audit does.
 *
 * @param schema of Hydra's tables
 * @throws CutoverFault CHECK_FAILED as {@link assertNothingPlanted}; also where schema hydra_cutover is somebody else's | LOCK_BUSY
 */
export async function lockToWrite(client: SqlClient, schema: string, side: SideName): Promise<void> {
  if (!(await mayDecide(client))) return;
  // Triggers that call functions in there are taken for ours.
  await assertNoneForeign(client, ['hydra_cutover']);
  const tables = await queryRows<{ name: string }>(
    client,
    `SELECT relname::text AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = ANY ($2::name[]) AND c.relkind IN ('r', 'p') ORDER BY 1`,
    [schema, HYDRAS_TABLES],
  );
  const inFull = tables.map(({ name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
  if (inFull.length > 0) await lockAlone(client, inFull);
  const instead = `, or let a role write that may decide nothing: name it in ${side}.database.worker`;
  const planted = await plantedOn(client, { schema, tables: HYDRAS_TABLES, isWritten: true });
  refusePlanted(namesOf(planted), side, instead);
}

const LOCK_ALONE_MS = 5_000;
/** What SHARE UPDATE EXCLUSIVE waits for. Source: PostgreSQL manual, "Explicit Locking". */
const KEEPS_OUT = [
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];

/**
 * In a mode that keeps out statistics, tables that inherit and indexes that are built beside it, which a writer's would let in after the look:
 * their code would run as the role that decides. Whoever writes does not wait for it, and autovacuum keeps away for as long as one
 * short transaction lasts.
 */
async function lockAlone(client: SqlClient, tables: readonly string[]): Promise<void> {
  try {
    await client.query(
      `SET LOCAL lock_timeout = ${LOCK_ALONE_MS}; LOCK TABLE ${tables.join(', ')} IN SHARE UPDATE EXCLUSIVE MODE; SET LOCAL lock_timeout = 0`,
    );
  } catch (error) {
    if (!isLockBusy(error)) throw error;
    // Nothing can be asked in a transaction that has failed.
    await client.query('ROLLBACK');
    const what = `Hydra's tables were not free for ${LOCK_ALONE_MS} ms, and nothing was changed`;
    throw await lockBusy(client, tables, what, error, { modes: KEEPS_OUT });
  }
}

/** @returns also true where no roles of ours were made, because one does everything then */
export async function mayDecide(client: SqlClient): Promise<boolean> {
  const [row] = await queryRows<{ decides: boolean }>(
    client,
    `SELECT COALESCE(pg_has_role(to_regrole($1), 'MEMBER'), true) AS decides`,
    [OUR_ROLES.owner],
  );
  return row?.decides !== false;
}

/** @throws CutoverFault CHECK_FAILED when there is any */
export function refusePlanted(planted: readonly string[], side: SideName, instead = ''): void {
  if (planted.length === 0) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `on ${side} objects on Hydra's tables do not belong to Hydra and would run with our rights: ${planted.slice(0, 10).join('; ')}; ` +
      `nothing of it has run. Find out who made it and remove it${instead}; then try again`,
    { side, planted: planted.slice(0, 50) },
  );
}
