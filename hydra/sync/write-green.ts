import { type SqlClient } from '../../domain/ports/sql-client';
import { type CarriedTable, type CarriedTableName, type CopyPath, tableOf } from '../paths/copy-path';
import { type GreenRow, greenRowsFrom } from '../transform';
import { type FlowKeys, type FlowPlan, planFlows } from './flow-plan';
import { jsonBatches } from './json-batches';
import { KeySet, type KeyedTable, type NamedKeys, TOKEN_TABLES, type TokenTable, keyColumns } from './log-keys';
import { type WantedRows } from './wanted-rows';

export interface WriteContext {
  readonly path: CopyPath;
  readonly green: SqlClient;
  readonly nid: string;
}

/**
 * Makes green's rows equal to `wanted`, inside the caller's transaction. What is equal already is not written.
 *
 * Removes first, children before parents, so that nothing new meets an old row's unique key; then writes, parents first.
 * @returns how many rows changed
 */
export async function writeGreen(
  context: WriteContext,
  named: NamedKeys<'closed'>,
  wanted: WantedRows,
  present: readonly FlowKeys[],
): Promise<number> {
  const plan = planFlows(wanted.flows.map(flowKeys), present);
  let rows = 0;
  const { tables } = context.path;
  for (const { name: table } of [...tables].reverse()) {
    rows +=
      table === 'hydra_oauth2_flow'
        ? await removeFlows(context, plan)
        : await removeRows(context, table, named, wanted);
  }
  rows += await rekeyFlows(context, plan);
  for (const { name } of tables) {
    rows += await upsertRows(context, name, name === 'hydra_oauth2_flow' ? wanted.flows : rowsOf(wanted, name));
  }
  return rows;
}

function rowsOf(wanted: WantedRows, table: CarriedTableName): readonly GreenRow[] {
  return table === 'hydra_oauth2_flow' ? wanted.flows : wanted.rows[table];
}

async function removeRows(
  { path, green, nid }: WriteContext,
  table: KeyedTable,
  named: NamedKeys,
  wanted: WantedRows,
): Promise<number> {
  const columns = keyColumns(path, table);
  const found = new KeySet();
  for (const row of wanted.rows[table]) found.add(columns.map((column) => String(row[column])));
  const gone = named.rows[table].values().filter((key) => !found.has(key));
  if (gone.length === 0) return 0;
  const values = columns.map((_, index) => gone.map((key) => key[index]));
  const names = columns.map((_, index) => `k${index}`);
  const arrays = columns.map((_, index) => `$${index + 2}::text[]`).join(', ');
  const matches = columns
    .map((column, index) => `${table}.${column} = k${index}${cast(tableOf(path, table), column)}`)
    .join(' AND ');
  const { rowCount } = await green.query(
    `DELETE FROM ${table} USING unnest(${arrays}) AS gone(${names.join(', ')}) WHERE ${matches} AND nid = $1::uuid`,
    [nid, ...values],
  );
  return rowCount ?? 0;
}

function cast({ columns }: CarriedTable, column: string): string {
  return columns[column] === 'uuid' ? '::uuid' : '';
}

/** @returns how many there were */
export async function deleteTokens(
  { green, nid }: WriteContext,
  table: TokenTable,
  signatures: readonly string[],
): Promise<number> {
  if (signatures.length === 0) return 0;
  const sql = `DELETE FROM ${table} WHERE signature = ANY($2::text[]) AND nid = $1::uuid`;
  return (await green.query(sql, [nid, signatures])).rowCount ?? 0;
}

async function removeFlows({ green, nid }: WriteContext, plan: FlowPlan): Promise<number> {
  let rows = 0;
  if (plan.deadConsents.length > 0) {
    for (const table of TOKEN_TABLES) {
      const sql = `DELETE FROM ${table} WHERE challenge_id = ANY($2::text[]) AND nid = $1::uuid`;
      rows += (await green.query(sql, [nid, plan.deadConsents])).rowCount ?? 0;
    }
  }
  if (plan.remove.length > 0) {
    const sql = 'DELETE FROM hydra_oauth2_flow WHERE login_challenge = ANY($2::text[]) AND nid = $1::uuid';
    rows += (await green.query(sql, [nid, plan.remove])).rowCount ?? 0;
  }
  return rows;
}

/** In two steps where rows swap keys: a primary key is checked row by row. */
async function rekeyFlows({ green }: WriteContext, { rekey }: FlowPlan): Promise<number> {
  if (rekey.length === 0) return 0;
  const taken = new Set(rekey.map(({ from }) => from));
  const rename = async (pairs: readonly { readonly from: string; readonly to: string }[]): Promise<number> => {
    const { rowCount } = await green.query(
      `UPDATE hydra_oauth2_flow SET login_challenge = new_key
         FROM unnest($1::text[], $2::text[]) AS pair(old_key, new_key) WHERE login_challenge = old_key`,
      [pairs.map(({ from }) => from), pairs.map(({ to }) => to)],
    );
    return rowCount ?? 0;
  };
  if (!rekey.some(({ to }) => taken.has(to))) return rename(rekey);
  const between = rekey.map(({ from, to }, index) => ({ from, to, between: `sync-rekey-${index}` }));
  await rename(between.map(({ from, between: to }) => ({ from, to })));
  return rename(between.map(({ between: from, to }) => ({ from, to })));
}

export async function upsertRows(
  { path, green, nid }: WriteContext,
  table: CarriedTableName,
  rows: readonly GreenRow[],
): Promise<number> {
  let written = 0;
  for (const batch of jsonBatches(rows)) {
    written += (await green.query(upsertSql(tableOf(path, table)), [batch, nid])).rowCount ?? 0;
  }
  return written;
}

function upsertSql(table: CarriedTable): string {
  const { name } = table;
  const columns = Object.keys(table.columns);
  const filled = Object.entries(table.filled);
  const others = columns.filter((column) => !table.key.includes(column));
  const list = (names: readonly string[], of = ''): string => names.map((column) => of + column).join(', ');
  const target = [...columns, 'nid', ...filled.map(([column]) => column)];
  const values = [...columns, '$2::uuid', ...filled.map(([, sql]) => sql)];
  const conflict = [...table.key, ...(table.isKeyOfNetwork === true ? ['nid'] : [])];
  return `INSERT INTO ${name} AS old (${list(target)}) SELECT ${list(values)} FROM ${greenRowsFrom(table, '$1')} AS made
    ON CONFLICT (${list(conflict)}) DO UPDATE SET (${list(others)}) = ROW(${list(others, 'excluded.')})
      WHERE (${list(others, 'old.')}) IS DISTINCT FROM (${list(others, 'excluded.')})`;
}

export function flowKeys(row: GreenRow): FlowKeys {
  const { login_challenge: login, consent_challenge_id: consent } = row;
  return { login: String(login), consent: typeof consent === 'string' ? consent : null };
}
