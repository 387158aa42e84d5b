import { type Direction } from '../../domain/sides';
import { type CarriedTable, type CopyPath, type KeyRange, type TableWalk } from '../paths/copy-path';
import { rangeCondition } from '../transform/selection';

/** Of the copy: where rows come from, or where they went. */
export type End = keyof Direction;

/** One way through a table of the target, by ranges of a column that both sides have an index on. */
export interface Walk extends TableWalk {
  readonly table: CarriedTable;
}

/** @returns ways through all tables; every row of the target is in exactly one of them */
export function walksOf({ tables }: Pick<CopyPath, 'tables'>): readonly Walk[] {
  return tables.flatMap((table): Walk[] => {
    const [by = ''] = table.key;
    const walks = table.walks ?? [{ name: table.name, by, source: { table: table.name, column: by } }];
    return walks.map((walk) => ({ ...walk, table }));
  });
}

/** @returns the query for the key that ends a range of so many rows; no row where fewer are left. Reads the index alone. */
export function boundarySql(walk: Walk, end: End, range: KeyRange, rows: number): string {
  const { table, column } = end === 'from' ? walk.source : { table: walk.table.name, column: walk.by };
  const type = walk.table.columns[walk.by];
  return `SELECT source.${column}::text AS key FROM ${table} AS source
    WHERE source.${column} IS NOT NULL AND ${rangeCondition(`source.${column}`, range, type)}
    ORDER BY source.${column} OFFSET ${rows} LIMIT 1`;
}
