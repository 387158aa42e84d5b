import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Removal } from '../../domain/receipts';
import { type RuleCountWithin } from './count-rules';
import { type Cleaning } from '../paths/copy-path';

/** What one rule counts in one table; rows may be an estimate. */
type Counted = Pick<RuleCountWithin, 'id' | 'tables'>;

/**
 * Where a rule would take more than `shareMax` of a table's rows away: more than data that is a little broken explains, and what it
 * looks like when a table is hidden from us, or another one was emptied.
 *
 * @param rowsOf of each table, counted or estimated
 */
export function largeRemovals(
  { rules }: Cleaning,
  counts: readonly Counted[],
  rowsOf: (table: string) => number,
  shareMax: number,
): readonly Removal[] {
  return counts.flatMap(({ id, tables }) => {
    if (rules[id]?.removes !== true) return [];
    return Object.entries(tables).flatMap(([table, rows]) => {
      const of = Math.max(rows, rowsOf(table));
      return rows > of * shareMax ? [{ rule: id, table, rows, of }] : [];
    });
  });
}

/** Rows of the tables in which a removing rule counted something. */
export async function countTables(
  { rules }: Cleaning,
  client: SqlClient,
  counts: readonly Counted[],
): Promise<ReadonlyMap<string, number>> {
  const removing = counts.filter(({ id }) => rules[id]?.removes === true);
  const tables = new Set(removing.flatMap(({ tables: counted }) => Object.keys(counted)));
  const rows = new Map<string, number>();
  for (const table of tables) {
    const [counted] = await queryRows<{ rows: number }>(client, `SELECT count(*)::float8 AS rows FROM ${table}`);
    rows.set(table, counted?.rows ?? 0);
  }
  return rows;
}
