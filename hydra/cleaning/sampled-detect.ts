/** The rows that a rule judges one by one, each beside rows that it finds by key. */
const JUDGED = /\bFROM (hydra_\w+) AS (?:owned|login|answer|listed)\b(?= |\n|$)/g;

/**
 * A rule's SQL over a sample of the tables whose rows are judged one by one; undefined for a rule that judges rows beside each other, of
 * which a sample says nothing.
 *
 * @param detect lists what the rule applies to
 * @param percentOf of a table's pages; undefined: all of them
 */
export function sampledDetectSql(detect: string, percentOf: (table: string) => number | undefined): string | undefined {
  if (detect.startsWith('WITH ')) return undefined;
  let isSampled = false;
  const sampled = detect.replace(JUDGED, (from, table: string) => {
    const percent = percentOf(table);
    if (percent === undefined) return from;
    isSampled = true;
    return `${from} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)`;
  });
  return isSampled ? sampled : undefined;
}
