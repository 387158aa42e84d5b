import { type ColumnType, type GreenTable } from './green-tables';

/** Values of one of a table's `selectableBy` sets; a row of the selection may leave out columns that it does not know. */
export type RowKey = Readonly<Record<string, string>>;

/** `all`, or the rows of blue that have one of these keys. */
export type Selection = 'all' | readonly RowKey[];

/** A condition on rows named `source`, with its parameters: one array for each column. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (readonly string[])[];
}

/**
 * Keys as conditions, one for each set of columns that they use.
 *
 * The arrays are read through a subquery, so that the planner does not see how long they are and always takes the index.
 * @throws Error when a key has other columns than the table's `selectableBy` names
 */
export function keyConditions(table: GreenTable, keys: readonly RowKey[]): readonly Condition[] {
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

function conditionSql(table: GreenTable, columns: readonly string[]): string {
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
