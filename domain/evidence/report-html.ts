import { pageHtml } from '../page/html';
import { type Block, type Page } from '../page/page';
import { type Report } from '../receipts';
import { cutoverPage } from './cutover-page';
import { noticePage } from './notice-page';
import { planPage } from './plan-page';
import { reportPage } from './report-page';

/** What mail and tickets take, and what opens at once on a phone. */
export const REPORT_HTML_BYTES_MAX = 500_000;

/** Rows of a table or items of a list, tried one after the other until the file is small enough. The JSON beside it has them all. */
const ROWS_MAX = [1_000, 200, 50, 10] as const;
const TEXT_MAX = 2_000;

/** The report as one file for people: how it ended, what the commit was decided on, and the plan. */
export function reportHtml(report: Report): string {
  const pages = pagesOf(report);
  let html = '';
  for (const rows of ROWS_MAX) {
    const [first, ...more] = pages;
    html = pageHtml([shortened(first, rows), ...more.map((page) => shortened(page, rows))], footer(report));
    if (new TextEncoder().encode(html).length <= REPORT_HTML_BYTES_MAX) break;
  }
  return html;
}

function pagesOf(report: Report): readonly [Page, ...Page[]] {
  const { plan, evidence, parity, sync, phases, backlog = [] } = report;
  return [
    reportPage(report),
    ...(plan === null || evidence === null ? [] : [cutoverPage(evidence, plan, { parity, sync, phases, backlog })]),
    ...(plan === null ? [] : [planPage(plan)]),
    ...(plan?.notice === undefined ? [] : [noticePage({ ...plan, notice: plan.notice })]),
  ];
}

function footer({ cutoverId, endedAt, schemaVersion }: Report): string {
  return `Report of cutover ${cutoverId}, ended at ${endedAt}, schema version ${schemaVersion}. The .json file beside this one has the same for programs, and the .sha256 file what both must be.`;
}

function shortened(page: Page, rows: number): Page {
  const { verdict } = page;
  return {
    ...page,
    verdict: { ...verdict, reasons: some(verdict.reasons.map(cut), rows, more) },
    blocks: page.blocks.map((block) => shortenedBlock(block, rows)),
  };
}

function shortenedBlock(block: Block, rows: number): Block {
  switch (block.kind) {
    case 'table':
      return {
        ...block,
        rows: some(
          block.rows.map((row) => row.map(cut)),
          rows,
          (left) => [more(left)],
        ),
      };
    case 'list':
      return { ...block, items: some(block.items.map(cut), rows, more) };
    case 'text':
      return { ...block, text: cut(block.text) };
    case 'bars':
      return { ...block, bars: block.bars.slice(0, rows) };
    case 'lines':
      return block;
  }
}

function some<T>(all: readonly T[], most: number, rest: (left: number) => T): readonly T[] {
  return all.length <= most ? all : [...all.slice(0, most), rest(all.length - most)];
}

function more(left: number): string {
  return `and ${left} more, in the .json file`;
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}… (all of it in the .json file)`;
}
