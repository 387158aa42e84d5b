import { ADDED_BY_26_2_0, TABLES_26_2_0 } from '../../versions/tables-26-2-0';
import { FROM_1_11_10_TO_2_3_0 } from '../1-11-10-to-2-3-0';
import { type CarriedTable, type ColumnType, type SourceRows, tableOf } from '../copy-path';

/** Tables of 26.2.0: rows as the way to 2.3.0 makes them, with some more columns that are empty. */
export const CARRIED_TABLES: readonly CarriedTable[] = TABLES_26_2_0.map((table) => {
  const made = tableOf(FROM_1_11_10_TO_2_3_0, table.name);
  const added = ADDED_BY_26_2_0[table.name];
  return { ...made, ...table, rows: added === undefined ? made.rows : withEmpty(made.rows, added) };
});

function withEmpty(rows: SourceRows, added: Readonly<Record<string, ColumnType>>): SourceRows {
  const empty = Object.entries(added).map(([column, type]) => `NULL::${type} AS ${column}`);
  const widened = (sql: string): string => `SELECT narrow.*, ${empty.join(', ')} FROM (${sql}) AS narrow`;
  return {
    all: () => widened(rows.all()),
    ofKeys: (table, keys) => rows.ofKeys(table, keys).map(({ sql, values }) => ({ sql: widened(sql), values })),
    ofRange: (table, by, range) => widened(rows.ofRange(table, by, range)),
  };
}
