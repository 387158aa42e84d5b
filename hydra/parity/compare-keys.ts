/**
 * The order that PostgreSQL gives to keys under COLLATE "C" in UTF-8: that of their bytes, column by column.
 *
 * JavaScript's own order is that of UTF-16, which differs beyond the basic plane.
 */
export function compareKeys(left: readonly string[], right: readonly string[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? '';
    if (value !== other) return Buffer.compare(Buffer.from(value), Buffer.from(other));
  }
  return 0;
}
