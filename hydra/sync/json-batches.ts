/**
 * What one statement takes at most. PostgreSQL's jsonb holds 256 MB of an array's elements, and a JavaScript string 512 MB; a token
 * may have megabytes of session data.
 */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** @returns the rows in their order as JSON arrays of at most so many bytes each; a row that is larger travels alone */
export function* jsonBatches(rows: readonly object[], bytesMax = BATCH_BYTES_MAX): Generator<string> {
  let batch: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const json = JSON.stringify(row);
    // With what joins it to the others.
    const size = Buffer.byteLength(json) + 1;
    if (batch.length > 0 && bytes + size > bytesMax) {
      yield `[${batch.join(',')}]`;
      [batch, bytes] = [[], 0];
    }
    batch.push(json);
    bytes += size;
  }
  if (batch.length > 0) yield `[${batch.join(',')}]`;
}
