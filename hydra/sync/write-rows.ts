import { type SqlClient, type Statement, runInOrder } from '../../domain/ports/sql-client';
import { type CarriedTable, type CarriedTableName, type CopyPath, tableOf } from '../paths/copy-path';
import { travelledRows } from '../transform';
import { type FlowKeys, type FlowPlan, planFlows } from './flow-plan';
import { KeySet, type KeyedTable, type NamedKeys, TOKEN_TABLES, type TokenTable, keyColumns } from './log-keys';
import { type RowBlock, tuplesOf } from './row-block';
import { type WantedRows } from './wanted-rows';

export interface WriteContext {
  readonly path: CopyPath;
  readonly to: SqlClient;
  readonly nid: string;
}

/**
 * Makes the target's rows equal to `wanted`, inside the caller's transaction. What is equal already is not written.
 *
 * Removes first, children before parents, so that nothing new meets an old row's unique key; then writes, parents first.
 */
export function* rowChanges(
  context: WriteContext,
  named: NamedKeys<'closed'>,
  wanted: WantedRows,
  present: readonly FlowKeys[],
): Generator<Statement> {
  const plan = planFlows(flowKeysOf(wanted.flows), present);
  const { tables } = context.path;
  for (const { name: table } of [...tables].reverse()) {
    if (table === 'hydra_oauth2_flow') yield* removeFlows(context, plan);
    else yield* removeRows(context, table, named, wanted);
  }
  yield* rekeyFlows(plan);
  for (const { name } of tables) yield* upserts(context, name, rowsOf(wanted, name));
}

function rowsOf(wanted: WantedRows, table: CarriedTableName): readonly RowBlock[] {
  return table === 'hydra_oauth2_flow' ? wanted.flows : wanted.rows[table];
}

function* removeRows(
  { path, nid }: WriteContext,
  table: KeyedTable,
  named: NamedKeys,
  wanted: WantedRows,
): Generator<Statement> {
  const columns = keyColumns(path, table);
  const found = new KeySet();
  for (const key of tuplesOf(wanted.rows[table], columns)) found.add(key.map(String));
  const gone = named.rows[table].values().filter((key) => !found.has(key));
  if (gone.length === 0) return;
  const values = columns.map((_, index) => gone.map((key) => key[index]));
  const names = columns.map((_, index) => `k${index}`);
  const arrays = columns.map((_, index) => `$${index + 2}::text[]`).join(', ');
  const matches = columns
    .map((column, index) => `${table}.${column} = k${index}${cast(tableOf(path, table), column)}`)
    .join(' AND ');
  yield {
    text: `DELETE FROM ${table} USING unnest(${arrays}) AS gone(${names.join(', ')}) WHERE ${matches} AND nid = $1::uuid`,
    values: [nid, ...values],
  };
}

function cast({ columns }: CarriedTable, column: string): string {
  return columns[column] === 'uuid' ? '::uuid' : '';
}

/** @returns how many there were */
export async function deleteTokens(
  { to, nid }: WriteContext,
  table: TokenTable,
  signatures: readonly string[],
): Promise<number> {
  if (signatures.length === 0) return 0;
  const sql = `DELETE FROM ${table} WHERE signature = ANY($2::text[]) AND nid = $1::uuid`;
  return (await to.query(sql, [nid, signatures])).rowCount ?? 0;
}

function* removeFlows({ nid }: WriteContext, plan: FlowPlan): Generator<Statement> {
  if (plan.deadConsents.length > 0) {
    for (const table of TOKEN_TABLES) {
      const text = `DELETE FROM ${table} WHERE challenge_id = ANY($2::text[]) AND nid = $1::uuid`;
      yield { text, values: [nid, plan.deadConsents] };
    }
  }
  if (plan.remove.length > 0) {
    const text = 'DELETE FROM hydra_oauth2_flow WHERE login_challenge = ANY($2::text[]) AND nid = $1::uuid';
    yield { text, values: [nid, plan.remove] };
  }
}

/** In two steps where rows swap keys: a primary key is checked row by row. */
function* rekeyFlows({ rekey }: FlowPlan): Generator<Statement> {
  if (rekey.length === 0) return;
  const taken = new Set(rekey.map(({ from }) => from));
  const rename = (pairs: readonly { readonly from: string; readonly to: string }[]): Statement => ({
    text: `UPDATE hydra_oauth2_flow SET login_challenge = new_key
         FROM unnest($1::text[], $2::text[]) AS pair(old_key, new_key) WHERE login_challenge = old_key`,
    values: [pairs.map(({ from }) => from), pairs.map(({ to }) => to)],
  });
  if (!rekey.some(({ to }) => taken.has(to))) {
    yield rename(rekey);
    return;
  }
  const between = rekey.map(({ from, to }, index) => ({ from, to, between: `sync-rekey-${index}` }));
  yield rename(between.map(({ from, between: to }) => ({ from, to })));
  yield rename(between.map(({ between: from, to }) => ({ from, to })));
}

export function upsertRows(
  context: WriteContext,
  table: CarriedTableName,
  blocks: readonly RowBlock[],
): Promise<number> {
  return runInOrder(context.to, upserts(context, table, blocks));
}

function* upserts(
  { path, nid }: WriteContext,
  table: CarriedTableName,
  blocks: readonly RowBlock[],
): Generator<Statement> {
  const text = upsertSql(tableOf(path, table));
  for (const { columns, bytes } of blocks) yield { text, values: [nid, ...columns], bytes };
}

function upsertSql(table: CarriedTable): string {
  const { name } = table;
  const columns = Object.keys(table.columns);
  const filled = Object.entries(table.filled);
  const others = columns.filter((column) => !table.key.includes(column));
  const list = (names: readonly string[], of = ''): string => names.map((column) => of + column).join(', ');
  const target = [...columns, 'nid', ...filled.map(([column]) => column)];
  const values = [...columns, '$1::uuid', ...filled.map(([, sql]) => sql)];
  const conflict = [...table.key, ...(table.isKeyOfNetwork === true ? ['nid'] : [])];
  return `INSERT INTO ${name} AS old (${list(target)}) SELECT ${list(values)} FROM ${travelledRows(table, 2)} AS made
    ON CONFLICT (${list(conflict)}) DO UPDATE SET (${list(others)}) = ROW(${list(others, 'excluded.')})
      WHERE (${list(others, 'old.')}) IS DISTINCT FROM (${list(others, 'excluded.')})`;
}

/** A flow that several blocks have is one. */
function flowKeysOf(blocks: readonly RowBlock[]): readonly FlowKeys[] {
  const flows = new Map<string, FlowKeys>();
  for (const [login, consent = null] of tuplesOf(blocks, ['login_challenge', 'consent_challenge_id']))
    flows.set(String(login), { login: String(login), consent });
  return [...flows.values()];
}
