import { chartRows, verdictWord, type Block, type Page, type TableRows } from './page';

/** A page as Markdown. Temporal's UI draws tables and no HTML. @param level of the page's own parts, 1 is the largest */
export function pageMarkdown({ verdict, facts, blocks }: Page, level = 4): string {
  const { state, text, reasons } = verdict;
  return [
    `**${verdictWord(state)}:** ${line(text)}`,
    ...(reasons.length === 0 ? [] : [markdownList(reasons)]),
    markdownTable(
      ['fact', 'value'],
      facts.map(({ label, value, state: its }) => [
        label,
        its === undefined || its === 'good' ? value : `**${value}**`,
      ]),
    ),
    ...blocks.map((block) => `${'#'.repeat(level)} ${line(block.title)}\n\n${blockMarkdown(block)}`),
  ].join('\n\n');
}

export function markdownTable(head: readonly string[], rows: TableRows): string {
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

function markdownList(items: readonly string[]): string {
  return items.map((item) => `- ${line(item)}`).join('\n');
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'table':
      return markdownTable(block.head, block.rows);
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
