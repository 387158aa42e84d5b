import { type CarriedTable, type KeyRange, type RowKey, type RowsQuery } from '../paths/copy-path';
import { flowCondition, keyConditions } from '../transform/selection';
import {
  OF_OUR_NETWORK,
  allRowsQuery,
  targetRangeSql,
  targetRowsSql,
  keyedRowsQueries,
  rangeRowsQuery,
} from '../transform/transform-sql';
import { type End, type Walk } from './walks';

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

/** Many rows, as one database reduces them. */
export interface Bucket {
  readonly rows: number;
  /** Of their 64-bit hashes, in digits. */
  readonly sum: string;
}

const FLOW = 'hydra_oauth2_flow';

/** @returns the key's columns first; of flows the consent too, because the source finds a flow of its own making by nothing else */
function namedBy(table: CarriedTable): readonly string[] {
  return table.name === FLOW ? [...table.key, 'consent_challenge_id'] : table.key;
}

export function makeHashedRow(table: CarriedTable): (raw: RawHashedRow) => HashedRow {
  const names = namedBy(table);
  return ({ named, hash }) => ({
    key: named.slice(0, table.key.length).map((value) => value ?? ''),
    named: Object.fromEntries(names.flatMap((name, index) => (named[index] == null ? [] : [[name, named[index]]]))),
    hash,
  });
}

/** One row travels, however many there are: no sort, and nothing on disk. */
export function bucketOfRange(walk: Walk, end: End, range: KeyRange): RowsQuery {
  return bucket(walk.table, rowsOfRange(walk, end, range));
}

/** Into how many parts a range is summed where it cannot be looked at row by row later. */
const PARTS = 256;

/** As {@link bucketOfRange}, in parts by a hash of the key: one row for each part that has rows. */
export function partsOfRange(walk: Walk, end: End, range: KeyRange): RowsQuery {
  const { table } = walk;
  const { sql, values } = rowsOfRange(walk, end, range);
  const key = table.key.map((column) => `made.${column}::text`).join(', ');
  const part = `(hash_array_extended(ARRAY[${key}] COLLATE "C", 0) & ${PARTS - 1})::integer`;
  return {
    sql: `SELECT part, count(*)::float8 AS rows, sum(hash)::text AS sum
      FROM (SELECT ${part} AS part, ${rowHash(table)} AS hash FROM (${sql}) AS made) AS hashed GROUP BY part`,
    values,
  };
}

/** All rows of the source, read once from end to end: what comparing costs at least. */
export function bucketOfTable(table: CarriedTable): RowsQuery {
  return bucket(table, allRowsQuery(table));
}

/** The rows of a range one by one, in no order. */
export function hashesOfRange(walk: Walk, end: End, range: KeyRange): RowsQuery {
  return hashed(walk.table, rowsOfRange(walk, end, range));
}

function rowsOfRange(walk: Walk, end: End, range: KeyRange): RowsQuery {
  const ofSource = rangeRowsQuery(walk.table, walk.by, range);
  return end === 'from' ? ofSource : { sql: targetRangeSql(walk.table, walk, range), values: ofSource.values };
}

export function sourceHashesOf(table: CarriedTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  return keyedRowsQueries(table, keys).map((rows) => hashed(table, rows));
}

export function targetHashesOf(table: CarriedTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  const conditions = table.name === FLOW ? [flowCondition(keys)] : keyConditions(table, keys);
  return conditions.map(({ sql, values }) =>
    hashed(table, { sql: targetRowsSql(table, `(${sql}) AND ${OF_OUR_NETWORK}`), values }),
  );
}

function bucket(table: CarriedTable, { sql, values }: RowsQuery): RowsQuery {
  return {
    sql: `SELECT count(*)::float8 AS rows, coalesce(sum(${rowHash(table)}), 0)::text AS sum FROM (${sql}) AS made`,
    values,
  };
}

function hashed(table: CarriedTable, { sql, values }: RowsQuery): RowsQuery {
  const named = namedBy(table).map((column) => `made.${column}::text`);
  return {
    sql: `SELECT ARRAY[${named.join(', ')}] AS named, ${rowHash(table)}::text AS hash FROM (${sql}) AS made`,
    values,
  };
}

/**
 * 64 bits over all columns, the same in every version of PostgreSQL.
 *
 * PostgreSQL makes the hash of an array as a polynomial of those of its elements, which sums add up column by column: two rows that
 * exchanged a value would have the sum that they had. So what is summed is a hash of that hash.
 * Source: PostgreSQL 15, src/backend/utils/adt/arrayfuncs.c, hash_array_extended; hashfunc.c, hashtextextended.
 */
function rowHash(table: CarriedTable): string {
  const columns = Object.entries(table.columns).map(([name, type]) =>
    // The text of a time is a setting's business.
    type === 'timestamp' ? `timestamp_hash_extended(made.${name}, 0)::text` : `made.${name}::text`,
  );
  return `hashtextextended(hash_array_extended(ARRAY[${columns.join(', ')}] COLLATE "C", 0)::text COLLATE "C", 0)`;
}
