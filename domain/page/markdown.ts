import { chartRows, verdictWord, type Block, type Page, type TableRows } from './page';

/** A page as Markdown. Temporal's UI draws tables and no HTML. @param level of the page's own parts, 1 is the largest */
export function pageMarkdown({ verdict, facts, blocks }: Page, level = 4): string {
  const { text, reasons } = verdict;
  return [
    `**${verdictWord(verdict)}:** ${line(text)}`,
    ...(reasons.length === 0 ? [] : [markdownList(reasons)]),
    // Two lists in a row are drawn as one.
    ...(reasons.length === 0 ? [] : ['What is known:']),
    // No table: Temporal's column is narrow, and draws cells that are wider than it without their end.
    markdownList(
      facts.map(
        ({ label, value, state: its }) => `${label}: ${its === undefined || its === 'good' ? value : `**${value}**`}`,
      ),
    ),
    ...blocks.map((block) => `${'#'.repeat(level)} ${line(block.title)}\n\n${blockMarkdown(block)}`),
  ].join('\n\n');
}

export function markdownTable(head: readonly string[], rows: TableRows): string {
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

export function markdownList(items: readonly string[]): string {
  return items.map((item) => `- ${line(item)}`).join('\n');
}

/** Letters that stand beside each other in the column in which Temporal's UI shows Current Details, in a window of 1280 pixels. */
const COLUMN_LETTERS = 44;

/** A list where the table would be wider than its column, whose end nobody sees: cells break between words, and nowhere else. */
function narrowTable(head: readonly string[], rows: TableRows): string {
  const longest = head.map((name, at) =>
    Math.max(
      ...[name, ...rows.map((row) => row[at] ?? '')].flatMap((text) => text.split(/\s+/)).map(({ length }) => length),
    ),
  );
  const letters = longest.reduce((sum, each) => sum + each + 1, 0);
  if (letters <= COLUMN_LETTERS) return markdownTable(head, rows);
  return markdownList(
    rows.map(([first = '', ...others]) =>
      [`**${first}**`, ...others.map((text, at) => `${head[at + 1] ?? ''}: ${text}`)].join('; '),
    ),
  );
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'table':
      return narrowTable(block.head, block.rows);
    case 'list':
      return markdownList(block.items);
    case 'text':
      return block.text;
    case 'bars':
    case 'lines': {
      const { head, rows } = chartRows(block);
      return markdownTable(head, rows);
    }
  }
}

/** Text from outside (notes, names) must not break out of its cell. */
function cell(text: string): string {
  return line(text).replaceAll('|', '\\|');
}

function line(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
