import { type CarriedRow } from '../transform';
import { BATCH_BYTES_MAX } from './json-batches';

/** Rows as PostgreSQL reads them fastest: for each column an array of the text of its values, as a literal. */
export interface ColumnBatch {
  readonly columns: readonly string[];
  readonly bytes: number;
}

/** @returns the rows in their order, in batches of at most so many bytes; a row that is larger travels alone */
export function* columnBatches(
  rows: readonly CarriedRow[],
  names: readonly string[],
  bytesMax = BATCH_BYTES_MAX,
): Generator<ColumnBatch> {
  let batch: string[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const elements = names.map((name) => elementOf(row[name]));
    let size = elements.length;
    for (const element of elements) size += Buffer.byteLength(element);
    if (batch.length > 0 && bytes + size > bytesMax) {
      yield { columns: columnsOf(batch, names), bytes };
      [batch, bytes] = [[], 0];
    }
    batch.push(elements);
    bytes += size;
  }
  if (batch.length > 0) yield { columns: columnsOf(batch, names), bytes };
}

function columnsOf(batch: readonly (readonly string[])[], names: readonly string[]): readonly string[] {
  return names.map((_, index) => `{${batch.map((elements) => elements[index]).join(',')}}`);
}

const ESCAPED = /["\\]/g;

/** Source: PostgreSQL manual, "Arrays", "Array Input and Output Syntax". */
function elementOf(value: CarriedRow[string] | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  const text = String(value);
  return `"${text.includes('"') || text.includes('\\') ? text.replace(ESCAPED, '\\$&') : text}"`;
}
