import { type SqlClient } from '../../domain/ports/sql-client';
import { type CarriedTable, type RowKey } from '../paths/copy-path';
import { type CarriedRow, readTransformed } from '../transform';
import { BATCH_BYTES_MAX } from './json-batches';

/** Rows of one transaction that are in memory at once. */
const TRANSACTION_BYTES_MAX = 4 * BATCH_BYTES_MAX;
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

/**
 * Reads rows by their keys, as many in one query as are some megabytes by the rows before: a token may have megabytes of session data, and
 * most have a kilobyte.
 */
export async function* readBounded(
  from: SqlClient,
  table: CarriedTable,
  keys: readonly RowKey[],
  batchRows: number,
): AsyncGenerator<{ readonly rows: readonly CarriedRow[]; readonly bytes: number }> {
  let size = Math.min(batchRows, FIRST_KEYS);
  for (let at = 0; at < keys.length;) {
    const some = keys.slice(at, at + size);
    at += some.length;
    let bytes = 0;
    for await (const rows of readTransformed(from, table, some, { batchRows: size })) {
      const read = bytesOf(rows);
      bytes += read;
      yield { rows, bytes: read };
    }
    const fitting = Math.floor((some.length * BATCH_BYTES_MAX) / Math.max(1, bytes));
    size = Math.max(1, Math.min(batchRows, fitting, size * 8));
  }
}

/** Roughly: what is text in them. */
function bytesOf(rows: readonly CarriedRow[]): number {
  let bytes = 0;
  for (const row of rows) {
    for (const value of Object.values(row)) bytes += typeof value === 'string' ? value.length + 16 : 16;
  }
  return bytes;
}
