import { type Page } from '../../../../domain/page/page';

const WORD = 'a-name-that-has-no-blank-and-is-longer-than-a-narrow-screen-is-wide';

/** One page with every kind of block, and with text that would break out of each format. */
export const EVERYTHING: Page = {
  title: 'May the <b>writes</b> move | now?',
  verdict: { state: 'bad', text: 'two things are to be put right.', reasons: ['one | two', `${WORD} is in the way`] },
  facts: [
    { label: 'parity of all rows', value: '32 rows in 2 tables, 0 differ' },
    { label: 'way back', value: '**none**, `reject` & </dd><script>', state: 'unknown' },
  ],
  blocks: [
    { kind: 'list', title: 'Problems', items: ['a\nsecond line', WORD] },
    {
      kind: 'table',
      title: 'By rule',
      head: ['rule', 'rows', 'why'],
      rows: [
        ['F01', '3', `because of a | b and of ${WORD}, which is said at some length`],
        ['F02', '-', 'no'],
      ],
    },
    { kind: 'text', title: 'As it was', text: 'first line\nsecond line' },
    {
      kind: 'bars',
      title: 'Phases',
      unit: 's',
      bars: [
        { label: 'snapshot', value: 12.345, expected: 10 },
        { label: 'migrate', value: 240 },
      ],
    },
    {
      kind: 'lines',
      title: 'Answer times',
      unit: 'ms',
      lines: [
        { name: 'blue', points: [1, 2, 3].map((at) => ({ atMs: at * 60_000, value: at })) },
        { name: 'green', points: [{ atMs: 240_000, value: 9 }] },
      ],
      marks: [{ atMs: 200_000, name: 'flip & <held>' }],
    },
  ],
};
