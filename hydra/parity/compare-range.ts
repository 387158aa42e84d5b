import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { queryAlone } from '../cleaning/session';
import { type KeyRange, type RowsQuery } from '../paths/copy-path';
import { mapJsonFaults } from '../transform/read-transformed';
import { hasSqlState } from '../sql-state';
import {
  type Bucket,
  type HashedRow,
  type RawHashedRow,
  bucketOfRange,
  hashesOfRange,
  makeHashedRow,
} from './parity-queries';
import { type End, type Walk, boundarySql } from './walks';

/** No snapshot is held for longer, on either side. */
const RANGE_LIMIT_MS = 60_000;
/** Rows of a range on one side, before it is known how long one takes; what is looked at row by row stays as small. */
export const RANGE_ROWS = 10_000;
/** With these a range is worth a statement of its own, whatever one takes. */
const RANGE_ROWS_MIN = 100;

/** Enough for what is sorted of a range; beyond it PostgreSQL would write to disk. */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = ${RANGE_LIMIT_MS};
  SET LOCAL work_mem = '32MB'; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0`;

export interface Sides {
  readonly from: SqlClient;
  readonly to: SqlClient;
}

/** A range as both sides have it. Each is one statement, so each has a snapshot of its own. */
export interface ComparedRange {
  readonly range: KeyRange;
  readonly from: Bucket;
  readonly to: Bucket;
  readonly equal: boolean;
}

/**
 * Compares the rows of a range; in parts, where they take too long for one snapshot.
 *
 * The order of keys is each database's own; where the two differ, ranges overlap and are unequal, and it is the keys that decide.
 */
export async function compareInTime(sides: Sides, walk: Walk, range: KeyRange): Promise<readonly ComparedRange[]> {
  try {
    return [await compareRange(sides, walk, range)];
  } catch (error) {
    if (!hasSqlState(error, 'canceled')) throw error;
    const middle = await middleOf(sides, walk, range);
    if (middle === null) throw error;
    const before = await compareInTime(sides, walk, { after: range.after, upTo: middle });
    return [...before, ...(await compareInTime(sides, walk, { after: middle, upTo: range.upTo }))];
  }
}

/** @returns null where a range is too small to be divided */
async function middleOf(sides: Sides, walk: Walk, range: KeyRange): Promise<string | null> {
  for (const end of ['from', 'to'] as const) {
    for (let rows = RANGE_ROWS / 2; rows >= RANGE_ROWS_MIN; rows = Math.floor(rows / 2)) {
      const middle = await readBoundary(sides[end], walk, end, range, rows);
      if (middle !== null && middle !== range.upTo) return middle;
    }
  }
  return null;
}

export async function compareRange(sides: Sides, walk: Walk, range: KeyRange): Promise<ComparedRange> {
  const [from, to] = await both((end) => readBucket(sides[end], walk, end, range));
  return { range, from, to, equal: from.rows === to.rows && from.sum === to.sum };
}

/** One row of the target or the source, or what both have of it. */
export type RowPair = readonly [from: HashedRow | null, to: HashedRow | null];

/** Looks at a range row by row. @returns what differs; what is equal is only counted */
export async function* differencesOf(sides: Sides, walk: Walk, compared: ComparedRange): AsyncGenerator<RowPair> {
  const { from, to, range } = compared;
  if (Math.max(from.rows, to.rows) > 2 * RANGE_ROWS) yield* differencesOfParts(sides, walk, compared);
  else yield* differencesByRow(sides, walk, range);
}

async function* differencesByRow(sides: Sides, walk: Walk, range: KeyRange): AsyncGenerator<RowPair> {
  const [ours, theirs] = await both((end) => readHashes(sides[end], walk, end, range));
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const pair = [ours.get(key) ?? null, theirs.get(key) ?? null] as const;
    if (pair[0]?.hash !== pair[1]?.hash) yield pair;
  }
}

/**
 * A large range, or one of which a side has far more rows than the other: in parts, so that memory does not depend on how many. All of one size at
 * once, so that each row is summed once more, however large the range is.
 */
async function* differencesOfParts(
  sides: Sides,
  walk: Walk,
  { from, to, range }: ComparedRange,
): AsyncGenerator<RowPair> {
  const end = from.rows > to.rows ? 'from' : 'to';
  let { after } = range;
  for (let isLast = false; !isLast;) {
    const rest: KeyRange = { after, upTo: range.upTo };
    const cut = await readBoundary(sides[end], walk, end, rest, RANGE_ROWS);
    isLast = cut === null || cut === range.upTo;
    if (isLast && after === range.after) {
      // It has shrunk meanwhile, or all of it has one key of which this column is only the first.
      yield* differencesByRow(sides, walk, range);
      return;
    }
    const compared = await compareRange(sides, walk, isLast ? rest : { after, upTo: cut });
    if (!compared.equal) yield* differencesOf(sides, walk, compared);
    after = cut;
  }
}

/** @returns the key that ends a range of so many rows; null where fewer are left */
export function readBoundary(client: SqlClient, ...asked: BoundaryAsked): Promise<string | null> {
  return boundaryBy((sql, values) => queryAlone(client, BEGIN, sql, values), ...asked);
}

/** As {@link readBoundary}, in the caller's transaction: one that proves something by a lock cannot be read-only. */
export function boundaryIn(client: SqlClient, ...asked: BoundaryAsked): Promise<string | null> {
  return boundaryBy((sql, values) => queryRows(client, sql, values), ...asked);
}

type BoundaryAsked = readonly [walk: Walk, end: End, range: KeyRange, rows: number];

async function boundaryBy(
  ask: (sql: string, values: unknown[]) => Promise<{ readonly key: string }[]>,
  ...[walk, end, range, rows]: BoundaryAsked
): Promise<string | null> {
  const values = [range.after, range.upTo].flatMap((bound) => (bound === null ? [] : [[bound]]));
  const [row] = await ask(boundarySql(walk, end, range, rows), values);
  return row?.key ?? null;
}

async function readBucket(client: SqlClient, walk: Walk, end: End, range: KeyRange): Promise<Bucket> {
  const [bucket] = await read<Bucket>(client, walk, bucketOfRange(walk, end, range));
  if (bucket === undefined) throw new Error('an aggregate gave no row');
  return bucket;
}

async function readHashes(client: SqlClient, walk: Walk, end: End, range: KeyRange): Promise<Map<string, HashedRow>> {
  const rows = await read<RawHashedRow>(client, walk, hashesOfRange(walk, end, range));
  return new Map(rows.map(makeHashedRow(walk.table)).map((row) => [JSON.stringify(row.key), row]));
}

function read<Row>(client: SqlClient, { table }: Walk, { sql, values }: RowsQuery): Promise<Row[]> {
  return mapJsonFaults(table, () => queryAlone<Row>(client, BEGIN, sql, [...values]));
}

/** Both have ended when it does, so that no query of one side is left behind when the other fails. */
async function both<T>(ask: (end: End) => Promise<T>): Promise<[T, T]> {
  const asked = [ask('from'), ask('to')] as const;
  await Promise.allSettled(asked);
  return [await asked[0], await asked[1]];
}
