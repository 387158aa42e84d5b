import { type GreenTable, type RowKey } from '../transform';
import { keyConditions, hiddenArray } from '../transform/selection';
import { type RowsQuery, allRowsQuery, greenRowsSql, keyedRowsQueries } from '../transform/transform-sql';

/** A row as both databases reduce it: what it is known by, and a hash over all columns that are compared. */
export interface HashedRow {
  readonly key: readonly string[];
  /** What selects the row again, on either side. */
  readonly named: RowKey;
  readonly hash: string;
}

export interface RawHashedRow {
  /** Values of `namedBy`, in its order. */
  readonly named: readonly (string | null)[];
  readonly hash: string;
}

const FLOW = 'hydra_oauth2_flow';
/** Where the server would look (networkx): a row in another network is a row that it does not have. */
const OF_OUR_NETWORK = 'source.nid = (SELECT id FROM networks ORDER BY created_at LIMIT 1)';

/** @returns the key's columns first; of flows the consent too, because blue finds a flow of its own making by nothing else */
export function namedBy(table: GreenTable): readonly string[] {
  return table.name === FLOW ? [...table.key, 'consent_challenge_id'] : table.key;
}

export function makeHashedRow(table: GreenTable): (raw: RawHashedRow) => HashedRow {
  const names = namedBy(table);
  return ({ named, hash }) => ({
    key: named.slice(0, table.key.length).map((value) => value ?? ''),
    named: Object.fromEntries(names.flatMap((name, index) => (named[index] == null ? [] : [[name, named[index]]]))),
    hash,
  });
}

/** All rows of one side, in the order of their keys' bytes whatever the databases' collations are. */
export function orderedHashes(table: GreenTable, side: 'blue' | 'green'): RowsQuery {
  const { sql, values } = allHashes(table, side);
  const order = table.key.map((column) => `made.${column}::text COLLATE "C"`);
  return { sql: `${sql} ORDER BY ${order.join(', ')}`, values };
}

/** As {@link orderedHashes}, in no order. */
export function allHashes(table: GreenTable, side: 'blue' | 'green'): RowsQuery {
  const rows = side === 'blue' ? allRowsQuery(table) : { sql: greenRowsSql(table, OF_OUR_NETWORK), values: [] };
  return hashed(table, rows);
}

export function blueHashesOf(table: GreenTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  return keyedRowsQueries(table, keys).map((rows) => hashed(table, rows));
}

export function greenHashesOf(table: GreenTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  const conditions =
    table.name === FLOW
      ? [
          {
            sql: `source.login_challenge = ${hiddenArray(1)} OR source.consent_challenge_id = ${hiddenArray(2)}`,
            values: ['login_challenge', 'consent_challenge_id'].map((name) => keys.flatMap((key) => key[name] ?? [])),
          },
        ]
      : keyConditions(table, keys);
  return conditions.map(({ sql, values }) =>
    hashed(table, { sql: greenRowsSql(table, `(${sql}) AND ${OF_OUR_NETWORK}`), values }),
  );
}

function hashed(table: GreenTable, { sql, values }: RowsQuery): RowsQuery {
  const named = namedBy(table).map((column) => `made.${column}::text`);
  return {
    sql: `SELECT ARRAY[${named.join(', ')}] AS named, md5(to_json(made)::text) AS hash FROM (${sql}) AS made`,
    values,
  };
}
