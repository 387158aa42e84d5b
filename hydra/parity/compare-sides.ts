import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { GREEN_TABLES, type GreenTable, type GreenTableName, type RowKey, greenTable, prepareBlue } from '../transform';
import { mapJsonFaults, readThroughCursor } from '../transform/read-transformed';
import { type RowsQuery } from '../transform/transform-sql';
import { awake } from './awake';
import { compareKeys } from './compare-keys';
import {
  type HashedRow,
  type RawHashedRow,
  blueHashesOf,
  greenHashesOf,
  makeHashedRow,
  orderedHashes,
} from './parity-queries';
import { type TableParity, Tally } from './tally';

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const MAX_DIFFERING = 10_000;

export type ParitySelection = Readonly<Partial<Record<GreenTableName, readonly RowKey[]>>>;

export interface ParityOptions {
  /** @default all; with a selection, those that it names */
  readonly tables?: readonly GreenTableName[];
  /** Only the rows of these keys (see `readTransformed`), and of flows all that hang together with them. @default every row */
  readonly selection?: ParitySelection;
  /** Rows of one table that are in memory at once, for each side. */
  readonly batchRows: number;
  /** So many differing keys are kept for another look. @default 10000 */
  readonly maxDiffering?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ParityProgress) => void;
}

export interface ParityProgress {
  readonly table: GreenTableName;
  /** Rows of blue that were compared. */
  readonly rows: number;
}

export interface ParityResult {
  readonly tables: Readonly<Partial<Record<GreenTableName, TableParity>>>;
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
 * Compares what green has with what blue's rows become by cleaning, migrating and repairing: every column of every row, but for `nid` and
 * those that the vendor's migration draws at random.
 *
 * The databases hash the rows; keys and hashes stream in key order, so that memory does not depend on their number. Each side is
 * read in one snapshot of its own. While blue changes, differences say only that a look at the same keys is due after a round of
 * the sync: give `differing` as the `selection` then.
 *
 * Opens and ends a transaction in both sessions; neither must be in one.
 * @throws CutoverFault CHECK_FAILED (JSON on blue that only a person can mend); the signal's reason
 */
export async function compareSides(blue: SqlClient, green: SqlClient, options: ParityOptions): Promise<ParityResult> {
  const tally = new Tally(options.maxDiffering ?? MAX_DIFFERING);
  await prepareBlue(blue);
  // One side may sort for long while the other waits.
  const sides = { blue: awake(blue), green: awake(green) };
  try {
    await inTransaction(sides.blue, SNAPSHOT, 'COMMIT', () =>
      inTransaction(sides.green, SNAPSHOT, 'COMMIT', async () => {
        for (const name of tablesOf(options)) {
          const comparison = { ...sides, table: greenTable(name), options, tally };
          tally.open(name);
          const keys = options.selection?.[name];
          await (options.selection === undefined ? compareAll(comparison) : compareKeyed(comparison, keys ?? []));
          options.onProgress?.({ table: name, rows: tally.rows(name) });
        }
      }),
    );
  } finally {
    sides.blue.stop();
    sides.green.stop();
  }
  return tally.result();
}

function tablesOf({ tables, selection }: ParityOptions): readonly GreenTableName[] {
  const names = GREEN_TABLES.map(({ name }) => name);
  return names.filter(
    (name) => (tables?.includes(name) ?? true) && (selection === undefined || (selection[name]?.length ?? 0) > 0),
  );
}

interface Comparison {
  readonly blue: SqlClient;
  readonly green: SqlClient;
  readonly table: GreenTable & { readonly name: GreenTableName };
  readonly options: ParityOptions;
  readonly tally: Tally;
}

async function compareAll(comparison: Comparison): Promise<void> {
  const { table, tally, options } = comparison;
  const blue = stream(comparison, 'blue');
  const green = stream(comparison, 'green');
  try {
    // Sorting is the long part, and both databases can do it at once.
    let [ours, theirs] = await settleBoth(blue.next(), green.next());
    while (ours !== null || theirs !== null) {
      const order = ours === null ? 1 : theirs === null ? -1 : compareKeys(ours.key, theirs.key);
      tally.add(table.name, order <= 0 ? ours : null, order >= 0 ? theirs : null);
      if (order <= 0) ours = blue.ready() ?? (await blue.next());
      if (order >= 0) theirs = green.ready() ?? (await green.next());
    }
  } finally {
    await blue.close();
    await green.close();
  }
  options.signal?.throwIfAborted();
}

/** Both have ended when it does, so that no query of one side is left behind when the other fails. */
async function settleBoth<T>(first: Promise<T>, second: Promise<T>): Promise<[T, T]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

interface RowStream {
  /** The next row if it is in memory. */
  readonly ready: () => HashedRow | null;
  /** The next row, or null at the end. */
  readonly next: () => Promise<HashedRow | null>;
  readonly close: () => Promise<void>;
}

function stream({ blue, green, table, options, tally }: Comparison, side: 'blue' | 'green'): RowStream {
  const client = side === 'blue' ? blue : green;
  const batches = readThroughCursor<RawHashedRow, HashedRow>(
    client,
    table.name,
    orderedHashes(table, side),
    options.batchRows,
    makeHashedRow(table),
  );
  let batch: readonly HashedRow[] = [];
  let at = 0;
  const ready = (): HashedRow | null => batch[at++] ?? null;
  const next = async (): Promise<HashedRow | null> => {
    options.signal?.throwIfAborted();
    const read = await batches.next();
    if (side === 'blue') options.onProgress?.({ table: table.name, rows: tally.rows(table.name) });
    batch = read.done === true ? [] : read.value;
    at = 0;
    return ready();
  };
  return { ready, next, close: async () => void (await batches.return(undefined)) };
}

async function compareKeyed(
  { blue, green, table, options, tally }: Comparison,
  keys: readonly RowKey[],
): Promise<void> {
  const ours = new Map<string, HashedRow>();
  const theirs = new Map<string, HashedRow>();
  const collect = async (client: SqlClient, queries: readonly RowsQuery[], into: Map<string, HashedRow>) => {
    for (const { sql, values } of queries) {
      const rows = await mapJsonFaults(table.name, () => queryRows<RawHashedRow>(client, sql, [...values]));
      for (const row of rows.map(makeHashedRow(table))) into.set(JSON.stringify(row.key), row);
    }
  };
  for (const some of chunks(keys, options.batchRows)) {
    options.signal?.throwIfAborted();
    await collect(blue, blueHashesOf(table, some), ours);
  }
  // Blue may tell more than was asked for: flows that hang together.
  const all = [...keys, ...[...ours.values()].map(({ named }) => named)];
  for (const some of chunks(all, options.batchRows)) {
    options.signal?.throwIfAborted();
    await collect(green, greenHashesOf(table, some), theirs);
  }
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    tally.add(table.name, ours.get(key) ?? null, theirs.get(key) ?? null);
  }
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
