import { chartSvg } from './chart';
import { chartRows, verdictWord, type Block, type Page, type TableRows } from './page';
import { PAGE_STYLE } from './style';

/**
 * Pages as one file that needs nothing else: no script, no picture, no font from elsewhere, and a policy that forbids them. Reads
 * at 390 and at 1280 pixels, dark and light, printed and without its charts.
 */
export function pageHtml(pages: readonly [Page, ...Page[]], footer: string): string {
  const [first] = pages;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(first.title)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...pages.map(article),
    '</main>',
    `<footer>${escaped(footer)}</footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function article({ title, verdict, facts, blocks }: Page, at: number): string {
  const { state, text, reasons } = verdict;
  return [
    '<article>',
    at === 0 ? `<h1>${inline(title)}</h1>` : `<h2>${inline(title)}</h2>`,
    `<section class="verdict ${state}"><p><strong>${verdictWord(verdict)}:</strong> ${inline(text)}</p>${list(reasons)}</section>`,
    '<dl>',
    ...facts.map(
      ({ label, value, state: its }) =>
        `<div><dt>${inline(label)}</dt><dd${its === undefined ? '' : ` class="${its}"`}>${inline(value)}</dd></div>`,
    ),
    '</dl>',
    ...blocks.map((block) => `<section><h3>${inline(titleOf(block))}</h3>${blockHtml(block)}</section>`),
    '</article>',
  ].join('\n');
}

/** A chart has no room for its unit. */
function titleOf(block: Block): string {
  return block.kind === 'lines' ? `${block.title}, ${block.unit}` : block.title;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'table':
      return table(block.head, block.rows);
    case 'list':
      return list(block.items);
    case 'text':
      return `<pre>${escaped(block.text)}</pre>`;
    case 'bars':
    case 'lines': {
      const { head, rows } = chartRows(block);
      const told = rows.map((row) => row.join(' ')).join('; ');
      return `<figure>${chartSvg(block, escaped(`${block.title}: ${told}`))}</figure><details><summary>The same in numbers</summary>${table(head, rows)}</details>`;
    }
  }
}

/** Each cell names its column: on a narrow screen a row is a paragraph. */
function table(head: readonly string[], rows: TableRows): string {
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell, column) => `<td data-head="${escaped(head[column] ?? '')}">${inline(cell)}</td>`).join('')}</tr>`,
  );
  return `<table><thead><tr>${head.map((one) => `<th>${inline(one)}</th>`).join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`;
}

function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
