import {
  type CarriedTable,
  type ColumnType,
  type KeyRange,
  type RowKey,
  type RowsQuery,
  type SourceRows,
} from '../paths/copy-path';

/** `all`, or the rows of the source that have one of these keys. */
export type Selection = 'all' | readonly RowKey[];

/** `OFFSET 0` keeps the planner from joining whole tables. */
export type OneByOne = '' | 'OFFSET 0';

/**
 * Rows that are made of one row of the source each, and are found by its columns.
 *
 * @param select the SELECT for a condition on rows named `source`
 */
export function rowsOfSource(select: (condition: string, oneByOne: OneByOne) => string): SourceRows {
  return {
    all: () => select('true', ''),
    ofKeys: (table, keys) =>
      keyConditions(table, keys).map(({ sql, values }) => ({ sql: select(`(${sql})`, 'OFFSET 0'), values })),
    ofRange: (table, by, range) => select(rangeCondition(`source.${by}`, range, table.columns[by]), 'OFFSET 0'),
  };
}

/**
 * Keys as conditions on rows named `source`, one for each set of columns that they use.
 *
 * The arrays are read through a subquery, so that the planner does not see how long they are and always takes the index.
 * @throws Error when a key has other columns than the table's `selectableBy` names
 */
export function keyConditions(table: CarriedTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  const sets = new Map<string, RowKey[]>();
  for (const key of keys) {
    const names = Object.keys(key).sort().join(' ');
    const set = sets.get(names) ?? [];
    set.push(key);
    sets.set(names, set);
  }
  return [...sets].map(([names, set]) => {
    const found = table.selectableBy.find((columns) => [...columns].sort().join(' ') === names);
    if (found === undefined) throw new Error(`rows of ${table.name} cannot be selected by (${names})`);
    return { sql: conditionSql(table, found), values: found.map((column) => set.map((key) => key[column] ?? '')) };
  });
}

function conditionSql(table: CarriedTable, columns: readonly string[]): string {
  const type = (column: string): ColumnType => table.columns[column] ?? 'text';
  const [first] = columns.map((column) => `source.${column} = ${hiddenArray(1, type(column))}`);
  if (columns.length === 1) return first ?? 'false';
  const arrays = columns.map((column, index) => `$${index + 1}::${type(column)}[]`);
  const tuple = columns.map((column) => `source.${column}`);
  return `${first ?? 'false'} AND (${tuple.join(', ')}) IN (SELECT * FROM unnest(${arrays.join(', ')}))`;
}

/** @returns `ANY (…)` of parameter `number`, of unknown length for the planner */
export function hiddenArray(number: number, type: ColumnType = 'text'): string {
  return `ANY (ARRAY(SELECT unnest($${number}::${type}[])))`;
}

/** The names by which a flow is found, on either side. */
const NAMES_OF_FLOWS: readonly string[] = ['login_challenge', 'consent_challenge_id'];

/** Flows by either of their names: a key may hold both. @returns the condition on rows named `source` that have both as columns */
export function flowCondition(keys: readonly RowKey[]): RowsQuery {
  return {
    sql: `source.login_challenge = ${hiddenArray(1)} OR source.consent_challenge_id = ${hiddenArray(2)}`,
    values: flowNames(keys),
  };
}

/** @returns the logins and the consents that the keys name. @throws Error when a key has other columns */
export function flowNames(keys: readonly RowKey[]): readonly (readonly string[])[] {
  const unknown = keys.flatMap(Object.keys).find((name) => !NAMES_OF_FLOWS.includes(name));
  if (unknown !== undefined) throw new Error(`rows of hydra_oauth2_flow cannot be selected by (${unknown})`);
  return NAMES_OF_FLOWS.map((name) => keys.flatMap((key) => key[name] ?? []));
}

/** The bounds are parameters, `after` first: one-element arrays, like all that these queries are told. */
export function rangeCondition(column: string, { after, upTo }: KeyRange, type: ColumnType = 'text'): string {
  const conditions = [
    ...(after === null ? [] : [`${column} > ($1::text[])[1]::${type}`]),
    ...(upTo === null ? [] : [`${column} <= ($${after === null ? 1 : 2}::text[])[1]::${type}`]),
  ];
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}
