/** Our own Markdown (workflows/details.ts) for a terminal: aligned tables, and no marks of emphasis. */
export function plainMarkdown(markdown: string): string {
  const lines = markdown.replaceAll('**', '').replaceAll(/^#+ /gm, '').split('\n');
  const out: string[] = [];
  for (let at = 0; at < lines.length;) {
    const isOver = lines.findIndex((line, index) => index >= at && !line.startsWith('|'));
    const end = isOver === -1 ? lines.length : isOver;
    out.push(...aligned(lines.slice(at, end)));
    if (end < lines.length) out.push(lines[end] ?? '');
    at = end + 1;
  }
  return out.join('\n');
}

/** @param rows of one table, as `| a | b |`; a bar within a cell is `\|` */
function aligned(rows: readonly string[]): string[] {
  const cells = rows.map((row) =>
    row
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replaceAll('\\|', '|')),
  );
  const widths: number[] = [];
  for (const row of cells) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return cells
    .filter((row) => row.some((cell) => cell !== '---'))
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
