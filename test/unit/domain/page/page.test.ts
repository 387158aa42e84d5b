import { pageHtml } from '../../../../domain/page/html';
import { markdownTable, pageMarkdown } from '../../../../domain/page/markdown';
import { blocksOf, hasNewReason } from '../../../../domain/page/page';
import { pageText, tableLines, wrapped } from '../../../../domain/page/text';
import { EVERYTHING } from './pages';

/** What is read in each format, without its marks. */
const SAID = ['two things are to be put right.', 'one', '32 rows in 2 tables, 0 differ', 'second line', 'F01', '240'];

describe.each([
  ['Markdown', pageMarkdown(EVERYTHING)],
  ['a wide terminal', pageText(EVERYTHING, 120)],
  ['a narrow terminal', pageText(EVERYTHING, 40)],
  ['HTML', pageHtml([EVERYTHING], 'made at noon')],
])('in %s', (_format, text) => {
  it('everything is said, the verdict before the facts, and what follows from it after them', () => {
    const joined = text.replaceAll(/\s+/g, ' ');
    const places = SAID.map((one) => joined.indexOf(one));
    expect(places).not.toContain(-1);
    expect(joined.search(/Verdict, look first:/)).toBeGreaterThan(-1);
    expect(joined.indexOf('Verdict, look first:')).toBeLessThan(joined.indexOf('parity of all rows'));
  });
});

describe('a terminal', () => {
  it.each([20, 40, 60, 79, 80, 120])('of %i columns has no line that is longer', (width) => {
    const lines = pageText(EVERYTHING, width).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
  });

  it('of any width loses no word', () => {
    const letters = (width: number) => [...pageText(EVERYTHING, width).replaceAll(/\s/g, '')].length;
    expect(letters(120)).toBe(letters(100));
    for (const word of ['snapshot', 'F02', '240']) expect(pageText(EVERYTHING, 40)).toContain(word);
  });

  it('that nobody looks at breaks no line', () => {
    expect(pageText(EVERYTHING, Infinity)).toContain('F01   3     because of a | b and of a-name');
  });

  it('shows a table as columns where they fit, else row by row', () => {
    const rows = [['one', '2', 'three words here, and some more to fill the line']];
    expect(tableLines(['a', 'b', 'c'], rows, 80)[1]).toBe('one  2  three words here, and some more to fill the line');
    expect(tableLines(['a', 'b', 'c'], rows, 30)).toEqual([
      'one',
      '  b: 2',
      '  c: three words here, and',
      '    some more to fill the line',
    ]);
  });

  it.each([
    ['', 5, ['']],
    ['one two', 3, ['one', 'two']],
    ['abcdefgh', 3, ['abc', 'def', 'gh']],
  ])('breaks "%s" at %i', (text, width, lines) => expect(wrapped(text, width)).toEqual(lines));
});

describe('Markdown', () => {
  it('draws a table that is wider than the column of the Temporal UI as a list, with every cell in it', () => {
    const page = (value: string) =>
      pageMarkdown({
        ...EVERYTHING,
        blocks: [{ kind: 'table', title: 'T', head: ['key', 'value', 'why'], rows: [['a', value, 'because of it']] }],
      });
    expect(page('short and many words, which break')).toContain(
      '| a | short and many words, which break | because of it |',
    );
    const long = 'x'.repeat(60);
    expect(page(long)).toContain(`- **a**; value: ${long}; why: because of it`);
    expect(page(long)).not.toContain('| a |');
  });

  it('keeps what speaks against it apart from what is known, which would be one list', () => {
    expect(pageMarkdown(EVERYTHING)).toMatch(/\n- [^\n]+\n\nWhat is known:\n\n- /);
    expect(pageMarkdown({ ...EVERYTHING, verdict: { state: 'good', text: 'go', reasons: [] } })).not.toContain(
      'known:',
    );
  });

  it('keeps text from outside within its cell and its line', () => {
    expect(markdownTable(['a'], [['x | y\nz']])).toBe('| a |\n| --- |\n| x \\| y z |');
    expect(pageMarkdown(EVERYTHING)).toContain('- a second line');
  });
});

describe('HTML', () => {
  const html = pageHtml([EVERYTHING, EVERYTHING], 'made <at> noon');

  it('takes nothing from elsewhere and runs nothing', () => {
    expect(html).not.toMatch(/<script|<link|<img|\bsrc=|\bhref=|@import|url\(|https?:|\son\w+=/i);
    expect(html).toContain(`default-src 'none'`);
  });

  it('keeps text from outside text', () => {
    expect(html).toContain('&lt;b&gt;writes&lt;/b&gt;');
    expect(html).toContain('<code>reject</code> &amp; &lt;/dd&gt;&lt;script&gt;');
    expect(html).toContain('flip &amp; &lt;held&gt;');
    expect(html).toContain('made &lt;at&gt; noon');
  });

  it('closes what it opens', () => {
    const open: string[] = [];
    for (const [, close, tag = '', its = ''] of html.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/g)) {
      if (its.endsWith('/') || ['meta'].includes(tag)) continue;
      if (close === '') open.push(tag);
      else expect(open.pop()).toBe(tag);
    }
    expect(open).toEqual([]);
  });

  it('has the numbers of each chart beside it', () => {
    expect(html.match(/<svg /g)).toHaveLength(4);
    expect(html.match(/The same in numbers/g)).toHaveLength(4);
    expect(html).toContain('aria-label="Phases: snapshot 12 10; migrate 240 -"');
  });
});

it.each([
  ['that is longer open', ['session 4711 is open for 3 s'], ['session 4712 is open for 95.5 s'], false],
  ['of another time', ['since 2026-01-01T00:00:00.000Z'], ['since 2026-01-01T00:15:00.000+00:00'], false],
  ['of another gateway', ['gateway edge-1 is away'], ['gateway edge-2 is away'], true],
  ['of another address', ['10.0.0.5 asks Hydra 3.5 times'], ['10.0.0.7 asks Hydra 3.5 times'], true],
  ['of another port', ['target 10.0.0.5:4445 is away'], ['target 10.0.0.5:4446 is away'], true],
  ['of another client', ['client app1 differs'], ['client app2 differs'], true],
  ['beside one that was there', ['one'], ['one', 'two'], true],
  ['less', ['one', 'two'], ['two'], false],
])('a verdict with a reason %s is or is not another one', (_which, before, now, isNew) => {
  const verdict = (reasons: readonly string[]) => ({ state: 'bad', text: 'look first.', reasons }) as const;
  expect(hasNewReason(verdict(before), verdict(now))).toBe(isNew);
});

it('leaves out what has nothing in it', () => {
  expect(
    blocksOf(
      { kind: 'list', title: 'a', items: [] },
      { kind: 'table', title: 'b', head: ['x'], rows: [] },
      { kind: 'text', title: 'c', text: '' },
      { kind: 'bars', title: 'd', unit: 's', bars: [] },
      { kind: 'lines', title: 'e', unit: 's', lines: [{ name: 'f', points: [] }], marks: [] },
    ),
  ).toEqual([]);
});
