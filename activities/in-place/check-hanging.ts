import { type OnlinePlan } from '../../domain/in-place/online-plan';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { draftName } from '../../hydra/in-place/indexes';
import { type Findings } from '../preflight/findings';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';
import { onLive } from './prepare-live';

/**
 * Nothing of others hangs on what the migration drops or changes: the server would refuse that act in the middle of the run, or writes of
 * both versions afterwards.
 */
export function checkHanging(
  deps: InPlaceDeps,
  context: StepContext,
  plan: OnlinePlan,
  findings: Findings,
): Promise<void> {
  const { schema } = deps.settings;
  return onLive(deps, context, async (client) => {
    await checkDroppedIndexes(client, schema, plan, findings);
    await checkRowTypes(client, schema, plan, findings);
    await checkTakenNames(client, schema, plan, findings);
  });
}

async function checkDroppedIndexes(
  client: SqlClient,
  schema: string,
  { acts }: OnlinePlan,
  findings: Findings,
): Promise<void> {
  const indexes = acts.flatMap((act) => (act.kind === 'dropIndex' || act.kind === 'replaceIndex' ? [act.index] : []));
  const found = await queryRows<{ table: string; index: string; identity: boolean; hanging: string[] }>(
    client,
    `SELECT t.relname AS table, c.relname AS index, i.indisreplident AND t.relreplident = 'i' AS identity,
            ARRAY(SELECT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend d
                   WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype = 'n' ORDER BY 1) AS hanging
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
      WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relname = ANY ($2) ORDER BY 1, 2`,
    [schema, indexes],
  );
  for (const { table, index, identity, hanging } of found) {
    const where = `index ${index} on ${table}`;
    for (const object of hanging) {
      const observed = `${object} hangs on it, and the migration drops it`;
      findings.problem(where, observed, 'drop that, or hang it on the primary key');
    }
    if (identity) {
      findings.problem(
        where,
        'is the replica identity of its table, and the migration drops it: without one every UPDATE and DELETE of a published table is refused',
        `ALTER TABLE ${table} REPLICA IDENTITY DEFAULT`,
      );
    }
  }
}

/** Source: PostgreSQL's tablecmds.c, find_composite_type_dependencies: also through other types, and not for views. */
async function checkRowTypes(
  client: SqlClient,
  schema: string,
  { changedTables }: OnlinePlan,
  findings: Findings,
): Promise<void> {
  const found = await queryRows<{ table: string; column: string }>(
    client,
    `WITH RECURSIVE changed AS (
       SELECT c.relname, t.oid AS type FROM pg_class c JOIN pg_type t ON t.oid = c.reltype
        WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relname = ANY ($2)
     ), made AS (
       SELECT relname, type FROM changed
       UNION
       SELECT m.relname, t.oid FROM made m JOIN pg_type base ON base.oid = m.type, LATERAL (
         SELECT base.typarray UNION ALL
         SELECT d.objid FROM pg_depend d WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid = m.type AND d.classid = 'pg_type'::regclass
         UNION ALL
         SELECT c.reltype FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.atttypid = m.type AND c.relkind = 'c'
       ) AS next(oid) JOIN pg_type t ON t.oid = next.oid
     )
     SELECT DISTINCT m.relname AS table, format('%s.%I', c.oid::regclass, a.attname) AS column
       FROM made m JOIN pg_attribute a ON a.atttypid = m.type AND NOT a.attisdropped
       JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm', 'p') ORDER BY 1, 2`,
    [schema, changedTables],
  );
  for (const { table, column } of found) {
    findings.problem(
      `column ${column}`,
      `keeps rows of ${table} as a whole: the server lets nobody add a column to that table`,
      'give it another type (jsonb, say), or drop it',
    );
  }
}

interface Made {
  readonly name: string;
  /** The table of an index; null: it is a table. */
  readonly of: string | null;
}

/** Tables, views, sequences and indexes of a schema share their names. */
async function checkTakenNames(
  client: SqlClient,
  schema: string,
  { acts }: OnlinePlan,
  findings: Findings,
): Promise<void> {
  const made = acts.flatMap((act): Made[] => {
    if (act.kind === 'createIndex') return [{ name: act.index, of: act.table }];
    if (act.kind === 'replaceIndex') return [act.index, draftName(act.index)].map((name) => ({ name, of: act.table }));
    if (act.kind !== 'ddl') return [];
    return act.makes.flatMap((mark): Made[] => {
      if (mark.has === 'table') return [{ name: mark.table, of: null }];
      return mark.has === 'index' ? [{ name: mark.index, of: mark.table }] : [];
    });
  });
  const found = await queryRows<{ name: string; is: string }>(
    client,
    `SELECT c.relname AS name, pg_describe_object('pg_class'::regclass, c.oid, 0) || coalesce(' on table ' || t.relname, '') AS is
       FROM json_to_recordset($2) AS made(name text, of text)
       JOIN pg_class c ON c.relname = made.name AND c.relnamespace = to_regnamespace(quote_ident($1))
       LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
      WHERE CASE WHEN made.of IS NULL THEN c.relkind NOT IN ('r', 'p') ELSE t.relname IS DISTINCT FROM made.of END ORDER BY 1`,
    [schema, JSON.stringify(made)],
  );
  for (const { name, is } of found) {
    findings.problem(is, `has the name ${name}, which the migration gives to something else`, 'rename it, or drop it');
  }
}
