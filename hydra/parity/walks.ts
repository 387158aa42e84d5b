import { GREEN_TABLES, type GreenTable, type GreenTableName } from '../transform';
import { type KeyRange, rangeCondition } from '../transform/transform-sql';

/** One way through a table of green, by ranges of a column that both sides have an index on. */
export interface Walk {
  readonly name: string;
  readonly table: GreenTable & { readonly name: GreenTableName };
  /** Column of green's row. */
  readonly by: string;
  /** Where blue has its values. */
  readonly blue: { readonly table: string; readonly column: string };
}

const FLOW = 'hydra_oauth2_flow';

/**
 * Every row of green is in exactly one walk. Flows take two: a login challenge may be of our own making, which blue has no index on, so
 * that those with a consent are found by it.
 */
export const WALKS: readonly Walk[] = GREEN_TABLES.flatMap((table): Walk[] => {
  if (table.name !== FLOW) {
    const [by] = table.key;
    return [{ name: table.name, table, by, blue: { table: table.name, column: by } }];
  }
  return [
    {
      name: `${FLOW} by consent`,
      table,
      by: 'consent_challenge_id',
      blue: { table: 'hydra_oauth2_consent_request', column: 'challenge' },
    },
    {
      name: `${FLOW} by login`,
      table,
      by: 'login_challenge',
      blue: { table: 'hydra_oauth2_authentication_request', column: 'challenge' },
    },
  ];
});

/** @returns the query for the key that ends a range of so many rows; no row where fewer are left. Reads the index alone. */
export function boundarySql(walk: Walk, side: 'blue' | 'green', range: KeyRange, rows: number): string {
  const { table, column } = side === 'blue' ? walk.blue : { table: walk.table.name, column: walk.by };
  const type = walk.table.columns[walk.by];
  return `SELECT source.${column}::text AS key FROM ${table} AS source
    WHERE source.${column} IS NOT NULL AND ${rangeCondition(`source.${column}`, range, type)}
    ORDER BY source.${column} OFFSET ${rows} LIMIT 1`;
}
