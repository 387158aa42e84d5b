import { chartRows, verdictWord, type Block, type Fact, type Page, type TableRows } from './page';

/** Narrower than this, a label stands above its value and not beside it. */
const BESIDE_MIN = 60;
const GAP = '  ';

/** A page for a terminal. @param width in characters; Infinity where nobody sees lines break, as in a log */
export function pageText({ title, verdict, facts, blocks }: Page, width: number): string {
  const lines = [
    ...wrapped(title, width),
    '',
    ...wrapped(`${verdictWord(verdict)}: ${verdict.text}`, width),
    ...listed(verdict.reasons, width),
    '',
    ...factLines(facts, width),
    ...blocks.flatMap((block) => ['', ...wrapped(block.title, width), ...blockLines(block, width)]),
  ];
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** Breaks at blanks, and within a word only if it is longer than a line. @param indent of all lines but the first */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const room = width - (lines.length === 0 ? 0 : indent.length);
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = '';
    }
    let rest = line === '' ? word : `${line} ${word}`;
    while (rest.length > width - (lines.length === 0 ? 0 : indent.length)) {
      const cut = Math.max(1, width - (lines.length === 0 ? 0 : indent.length));
      lines.push(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    line = rest;
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines.map((one, index) => (index === 0 ? one : `${indent}${one}`));
}

function listed(items: readonly string[], width: number): string[] {
  return items.flatMap((item) => wrapped(`- ${item}`, width, '  '));
}

function factLines(facts: readonly Fact[], width: number): string[] {
  if (width < BESIDE_MIN)
    return records(
      ['', ''],
      facts.map(({ label, value }) => [label, value]),
      width,
    );
  const labels = Math.min(Math.max(...facts.map(({ label }) => label.length)), Math.floor(width / 3));
  return facts.flatMap(({ label, value }) => {
    const [first = '', ...more] = wrapped(value, width - labels - GAP.length);
    const [head = '', ...below] = wrapped(label, labels);
    const count = Math.max(more.length, below.length);
    return [
      `${head.padEnd(labels)}${GAP}${first}`,
      ...Array.from({ length: count }, (_, at) => `${(below[at] ?? '').padEnd(labels)}${GAP}${more[at] ?? ''}`),
    ];
  });
}

function blockLines(block: Block, width: number): string[] {
  switch (block.kind) {
    case 'table':
      return tableLines(block.head, block.rows, width);
    case 'list':
      return listed(block.items, width);
    case 'text':
      return block.text.split('\n').flatMap((line) => wrapped(line, width));
    case 'bars':
    case 'lines': {
      const { head, rows } = chartRows(block);
      return tableLines(head, rows, width);
    }
  }
}

/** Columns where they fit, the last one broken into lines; else each row as a paragraph. */
export function tableLines(head: readonly string[], rows: TableRows, width: number): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  const last = Math.min(widths.at(-1) ?? 0, width - before);
  if (last < Math.min(widths.at(-1) ?? 0, 24)) return records(head, rows, width);
  return all.flatMap((row) => {
    const cells = row.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0));
    const [first = '', ...more] = wrapped(row.at(-1) ?? '', last);
    return [[...cells, first].join(GAP), ...more.map((line) => ' '.repeat(before) + line)];
  });
}

function records(head: readonly string[], rows: TableRows, width: number): string[] {
  return rows.flatMap((row) => {
    const [first = '', ...more] = row;
    const told = more.flatMap((cell, column) => {
      const name = head[column + 1] ?? '';
      if (cell === '' || cell === '-') return [];
      return wrapped(`${name === '' ? '' : `${name}: `}${cell}`, width - 2, '  ').map((line) => `  ${line}`);
    });
    return [...wrapped(first, width, '  '), ...told];
  });
}
