import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import {
  type CarriedTable,
  type CarriedTableName,
  type CopyPath,
  type RowKey,
  type RowsQuery,
} from '../paths/copy-path';
import { prepareSource } from '../transform';
import { mapJsonFaults } from '../transform/read-transformed';
import {
  type ComparedRange,
  RANGE_ROWS,
  type Sides,
  compareInTime,
  differencesOf,
  readBoundary,
} from './compare-range';
import { type HashedRow, type RawHashedRow, sourceHashesOf, targetHashesOf, makeHashedRow } from './parity-queries';
import { type TableParity, Tally } from './tally';
import { type Walk, walksOf } from './walks';

/** Each statement has a snapshot of its own: one over all keys would keep vacuum on the source from its work for as long. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY';
const MAX_DIFFERING = 10_000;

export type ParitySelection = Readonly<Partial<Record<CarriedTableName, readonly RowKey[]>>>;

export interface ParityOptions {
  /** @default all; with a selection, those that it names */
  readonly tables?: readonly CarriedTableName[];
  /** Only the rows of these keys (see `readTransformed`), and of flows all that hang together with them. @default every row */
  readonly selection?: ParitySelection;
  /** Keys of one query. */
  readonly batchRows: number;
  /** Rows of the source in one range. @default RANGE_ROWS */
  readonly rangeRows?: number;
  /** So many differing keys are kept for another look. @default 10000 */
  readonly maxDiffering?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ParityProgress) => void;
}

interface ParityProgress {
  readonly table: CarriedTableName;
  /** Rows of the source that were compared. */
  readonly rows: number;
}

export interface ParityResult {
  readonly tables: Readonly<Partial<Record<CarriedTableName, TableParity>>>;
  /** Different keys on both sides together. */
  readonly rows: number;
  readonly differences: number;
  /** Table, kind of difference and a hash of the key; at most 20. */
  readonly examples: readonly string[];
  /** What to select to look at the differences again. Holds keys: not for receipts or logs. */
  readonly differing: ParitySelection;
  /** Whether `differing` names all of them; else look at everything again. */
  readonly complete: boolean;
}

/**
 * Compares what the target has with what the source's rows become by cleaning, migrating and repairing: every column of every row, but for
 * `nid` and those that the vendor's migration draws at random.
 *
 * Without a selection, by ranges of keys: each database sums its hashes of a range, and one row of each travels. Only ranges that
 * differ are looked at row by row. Nothing is sorted, memory does not depend on the number of rows, and no snapshot lives for longer
 * than a minute. While the source changes, differences say only that a look at the same keys is due after a round of the sync: give
 * `differing` as the `selection` then.
 *
 * Opens and ends transactions in both sessions; neither must be in one.
 * @throws CutoverFault ROW_UNREADABLE (JSON on the source that only a person can fix); the signal's reason
 */
export async function compareSides(
  path: CopyPath,
  from: SqlClient,
  to: SqlClient,
  options: ParityOptions,
): Promise<ParityResult> {
  const tally = new Tally(options.maxDiffering ?? MAX_DIFFERING);
  const sides = { from, to };
  await prepareSource(path, from);
  const { selection } = options;
  for (const table of tablesOf(path, options)) {
    const { name } = table;
    tally.open(name);
    if (selection === undefined) {
      for (const walk of walksOf({ tables: [table] })) await compareWalk(sides, walk, options, tally);
    } else {
      const comparison = { ...sides, table, options, tally };
      await inTransaction(from, BEGIN, 'COMMIT', () =>
        inTransaction(to, BEGIN, 'COMMIT', () => compareKeyed(comparison, selection[name] ?? [])),
      );
    }
    options.onProgress?.({ table: name, rows: tally.rows(name) });
  }
  return tally.result();
}

async function compareWalk(sides: Sides, walk: Walk, options: ParityOptions, tally: Tally): Promise<void> {
  const { signal, onProgress, rangeRows = RANGE_ROWS } = options;
  const { name } = walk.table;
  for (let after: string | null = null; ;) {
    const upTo: string | null = await readBoundary(sides.from, walk, 'from', { after, upTo: null }, rangeRows);
    for (const compared of await compareInTime(sides, walk, { after, upTo })) {
      signal?.throwIfAborted();
      const differingRows = await addDifferences(sides, walk, compared, tally);
      tally.addEqual(name, Math.max(0, compared.from.rows - differingRows));
      onProgress?.({ table: name, rows: tally.rows(name) });
    }
    after = upTo;
    if (after === null) return;
  }
}

/** @returns how many of the source's rows differ */
async function addDifferences(sides: Sides, walk: Walk, compared: ComparedRange, tally: Tally): Promise<number> {
  if (compared.equal) return 0;
  let differing = 0;
  for await (const [ours, theirs] of differencesOf(sides, walk, compared)) {
    tally.add(walk.table.name, ours, theirs);
    if (ours !== null) differing += 1;
  }
  return differing;
}

function tablesOf(path: CopyPath, { tables, selection }: ParityOptions): readonly CarriedTable[] {
  return path.tables.filter(
    ({ name }) => (tables?.includes(name) ?? true) && (selection === undefined || (selection[name]?.length ?? 0) > 0),
  );
}

interface Comparison {
  readonly from: SqlClient;
  readonly to: SqlClient;
  readonly table: CarriedTable;
  readonly options: ParityOptions;
  readonly tally: Tally;
}

async function compareKeyed({ from, to, table, options, tally }: Comparison, keys: readonly RowKey[]): Promise<void> {
  const ours = new Map<string, HashedRow>();
  const theirs = new Map<string, HashedRow>();
  const collect = async (client: SqlClient, queries: readonly RowsQuery[], into: Map<string, HashedRow>) => {
    for (const { sql, values } of queries) {
      const rows = await mapJsonFaults(table, () => queryRows<RawHashedRow>(client, sql, [...values]));
      for (const row of rows.map(makeHashedRow(table))) into.set(JSON.stringify(row.key), row);
    }
  };
  for (const some of chunks(keys, options.batchRows)) {
    options.signal?.throwIfAborted();
    await collect(from, sourceHashesOf(table, some), ours);
  }
  // The source may tell more than was asked for: flows that hang together.
  const all = [...keys, ...[...ours.values()].map(({ named }) => named)];
  for (const some of chunks(all, options.batchRows)) {
    options.signal?.throwIfAborted();
    await collect(to, targetHashesOf(table, some), theirs);
  }
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    tally.add(table.name, ours.get(key) ?? null, theirs.get(key) ?? null);
  }
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
