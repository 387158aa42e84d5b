import { type Page } from '../page/page';
import { type Removal } from '../receipts';
import { countText, fact } from './words';

/** What a person must know to let so many rows go. */
export function removalPage(removals: readonly Removal[]): Page {
  const rows = removals.reduce((sum, removal) => sum + removal.rows, 0);
  return {
    title: 'Rows that cleaning would remove',
    verdict: {
      state: 'bad',
      text: `cleaning would remove ${countText(rows, 'row')}, more of a table than is done without a question.`,
      reasons: removals.map(
        ({ rule, table, rows: gone, of }) => `${rule}: ${gone} of ${of} rows of ${table}, ${share(gone, of)}`,
      ),
    },
    facts: [
      fact('rows that go', String(rows), 'bad'),
      fact('on blue', 'they stay as they are'),
      fact('on green', 'they are gone, and kept in the archive'),
    ],
    blocks: [
      {
        kind: 'table',
        title: 'By rule',
        head: ['cleaning rule', 'table', 'rows that go', 'of', 'share'],
        rows: removals.map(({ rule, table, rows: gone, of }) => [
          rule,
          table,
          String(gone),
          String(of),
          share(gone, of),
        ]),
      },
    ],
  };
}

function share(rows: number, of: number): string {
  return `${((100 * rows) / of).toFixed(1)} %`;
}
