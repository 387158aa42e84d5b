import {
  type CarriedTable,
  type ColumnType,
  type KeyRange,
  type RowKey,
  type RowsQuery,
  type TableWalk,
} from '../paths/copy-path';
import { rangeCondition } from './selection';

/** What a column is called in JSON: JavaScript has no 64-bit integers, and JSON's own null would be taken for SQL's. */
const ON_THE_WAY: Readonly<Record<ColumnType, ColumnType>> = {
  text: 'text',
  boolean: 'boolean',
  integer: 'integer',
  bigint: 'text',
  timestamp: 'timestamp',
  uuid: 'uuid',
  jsonb: 'text',
};

/** Where the server would look (networkx): a row in another network is a row that it does not have. */
export const OF_OUR_NETWORK = 'source.nid = (SELECT id FROM networks ORDER BY created_at LIMIT 1)';

/** @returns the query on the source for all rows of a table, columns in the table's order and as they travel */
export function allRowsQuery(table: CarriedTable): RowsQuery {
  return { sql: travelling(table, table.rows.all()), values: [] };
}

/** @returns the queries on the source for the rows of these keys: one for each set of columns that they use */
export function keyedRowsQueries(table: CarriedTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  if (keys.length === 0) return [];
  return table.rows.ofKeys(table, keys).map(({ sql, values }) => ({ sql: travelling(table, sql), values }));
}

/** @returns the query on the source for the rows of a range, one index look-up for each row of another table that it needs */
export function rangeRowsQuery(table: CarriedTable, by: string, range: KeyRange): RowsQuery {
  const values = [range.after, range.upTo].filter((bound) => bound !== null).map((bound) => [bound]);
  return { sql: travelling(table, table.rows.ofRange(table, by, range)), values };
}

/** As {@link rangeRowsQuery}, on the target. */
export function targetRangeSql(
  table: CarriedTable,
  { by, only = 'true' }: Pick<TableWalk, 'by' | 'only'>,
  range: KeyRange,
): string {
  const condition = rangeCondition(`source.${by}`, range, table.columns[by]);
  return targetRowsSql(table, `${condition} AND source.${by} IS NOT NULL AND ${only} AND ${OF_OUR_NETWORK}`);
}

/** @returns the query on the target for its rows, columns as they travel. @param condition on rows named `source` */
export function targetRowsSql(table: CarriedTable, condition: string): string {
  return travelling(table, `SELECT * FROM ${table.name} AS source WHERE ${condition}`);
}

/**
 * The target's rows out of arrays of text, one for each column in the table's order: a FROM item with all columns in their own types. It
 * takes PostgreSQL half the time that the same rows take it as JSON.
 *
 * @param first number of the parameter that holds the first column, with values as `readTransformed` gives them
 */
export function travelledRows(table: CarriedTable, first: number): string {
  const columns = Object.entries(table.columns);
  const typed = columns.map(([name, type]) => (type === 'text' ? name : `${name}::${type}`));
  const arrays = columns.map((_, index) => `$${first + index}::text[]`);
  const names = columns.map(([name]) => name);
  return `(SELECT ${typed.join(', ')} FROM unnest(${arrays.join(', ')}) AS travelled(${names.join(', ')}))`;
}

function travelling(table: CarriedTable, rows: string): string {
  const columns = Object.entries(table.columns).map(([name, type]) =>
    ON_THE_WAY[type] === type ? name : `${name}::${ON_THE_WAY[type]} AS ${name}`,
  );
  return `SELECT ${columns.join(', ')} FROM (${rows}) AS made`;
}
