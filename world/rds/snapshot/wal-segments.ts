/**
 * Names of all WAL segment files from `first` to `last`, both included.
 *
 * A name is timeline, log and segment as 8 hex digits each; a log holds 4 GB.
 * Source: PostgreSQL manual, "WAL Internals".
 */
export function walSegmentsBetween(first: string, last: string, segmentBytes: number): string[] {
  const timeline = first.slice(0, 8);
  if (timeline !== last.slice(0, 8)) throw new RangeError(`WAL files ${first} and ${last} are of different timelines`);
  const perLog = 0x1_0000_0000 / segmentBytes;
  const from = ordinal(first, perLog);
  const to = ordinal(last, perLog);
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const position = from + index;
    return `${timeline}${hex(Math.floor(position / perLog))}${hex(position % perLog)}`;
  });
}

function ordinal(name: string, perLog: number): number {
  return Number.parseInt(name.slice(8, 16), 16) * perLog + Number.parseInt(name.slice(16, 24), 16);
}

function hex(number: number): string {
  return number.toString(16).toUpperCase().padStart(8, '0');
}
