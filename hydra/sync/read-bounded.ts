import { type SqlClient } from '../../domain/ports/sql-client';
import { type CarriedTable, type RowKey } from '../paths/copy-path';
import { readColumns, readTransformed } from '../transform';
import { columnBatches } from './column-batches';
import { BATCH_BYTES_MAX } from './json-batches';
import { RowBlock, tuplesOf } from './row-block';

/** Rows of one transaction that are in memory at once. */
const TRANSACTION_BYTES_MAX = 4 * BATCH_BYTES_MAX;
/** Values of one query: twice as much is text of what has to be escaped, and stays below what a string may hold. */
const QUERY_BYTES_MAX = 8 * BATCH_BYTES_MAX;
/** Of whose rows nobody knows yet how large they are. */
const FIRST_KEYS = 100;

/** A transaction would hold more bytes, or more tokens of revoked grants, than it may; carried in smaller ones it does not. */
export class TooLargeAtOnce extends Error {}

/** Counts what the rows of one transaction take. */
export class ByteBudget {
  #bytes = 0;

  /** @param isDivisible whether the transaction could carry less; one change is carried whatever it takes */
  constructor(private readonly isDivisible: boolean) {}

  /** @throws TooLargeAtOnce */
  spend(bytes: number): void {
    this.#bytes += bytes;
    if (this.isDivisible && this.#bytes > TRANSACTION_BYTES_MAX) throw new TooLargeAtOnce();
  }
}

/** How many rows of a table are some megabytes, as far as a round knows. */
export class RowSizes {
  readonly #fitting = new Map<string, number>();

  /** @returns how many keys to begin with */
  first(table: CarriedTable): number {
    return this.#fitting.get(table.name) ?? FIRST_KEYS;
  }

  /** @returns how many keys to go on with */
  next(table: CarriedTable, keys: number, bytes: number): number {
    const fitting = Math.floor((keys * BATCH_BYTES_MAX) / Math.max(1, bytes));
    // The rows that come next may be larger.
    if (bytes > 0) this.#fitting.set(table.name, Math.max(1, Math.floor(fitting / 4)));
    return Math.max(1, Math.min(fitting, keys * 8));
  }
}

/**
 * Reads rows by their keys, as many in one query as are some megabytes by the rows before: a token may have megabytes of session data, and
 * most have a kilobyte. A few come one by one, because nobody knows how large they are; many come as columns.
 */
export async function* readBounded(
  from: SqlClient,
  table: CarriedTable,
  keys: readonly RowKey[],
  batchRows: number,
  sizes = new RowSizes(),
): AsyncGenerator<RowBlock> {
  let size = Math.min(batchRows, sizes.first(table));
  for (let at = 0; at < keys.length;) {
    const some = keys.slice(at, at + size);
    const blocks = await (some.length > FIRST_KEYS ? readMany : readFew)(from, table, some);
    if (blocks === null) {
      // Larger than those before them by far.
      size = Math.max(FIRST_KEYS, Math.floor(some.length / 8));
      continue;
    }
    at += some.length;
    let bytes = 0;
    for (const block of blocks) {
      bytes += block.bytes;
      yield block;
    }
    size = Math.min(batchRows, sizes.next(table, some.length, bytes));
  }
}

async function readFew(from: SqlClient, table: CarriedTable, keys: readonly RowKey[]): Promise<readonly RowBlock[]> {
  const blocks: RowBlock[] = [];
  for await (const rows of readTransformed(from, table, keys, { batchRows: keys.length })) {
    for (const { columns, bytes } of columnBatches(rows, Object.keys(table.columns)))
      blocks.push(new RowBlock(table, columns, bytes));
  }
  return blocks;
}

/** @returns null when they are too large for one query */
async function readMany(
  from: SqlClient,
  table: CarriedTable,
  keys: readonly RowKey[],
): Promise<readonly RowBlock[] | null> {
  const read = await readColumns(from, table, keys, QUERY_BYTES_MAX);
  const blocks = read?.map((columns) => new RowBlock(table, columns, lengthOf(columns)));
  return blocks?.flatMap((block) => (block.bytes > BATCH_BYTES_MAX ? divided(table, block) : block)) ?? null;
}

/** Rows that were larger than those before them. */
function divided(table: CarriedTable, block: RowBlock): readonly RowBlock[] {
  const names = Object.keys(table.columns);
  const rows = [...tuplesOf([block], names)].map((values) =>
    Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])),
  );
  return [...columnBatches(rows, names)].map(({ columns, bytes }) => new RowBlock(table, columns, bytes));
}

/** Roughly what they take: most of it is ASCII. */
function lengthOf(columns: readonly string[]): number {
  let length = 0;
  for (const column of columns) length += column.length;
  return length;
}
