import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');
const FOLDERS = [
  'activities',
  'adapters',
  'bench',
  'cli',
  'config',
  'domain',
  'gateway',
  'hydra',
  'test',
  'workers',
  'workflows',
  'world',
];
const HEADINGS = new Set(
  readFileSync(join(ROOT, 'docs', 'hydra', 'facts.md'), 'utf8')
    .split('\n')
    .flatMap((line) => /^## (.+)$/.exec(line)?.[1] ?? []),
);

/** Files whose comments may cite a fact, with their text in one line: a citation may be broken over two. */
const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|sql)$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(folder, file)),
).map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8').replace(/\s*\n\s*(\*|--|\/\/)?\s*/g, ' ') }));

const cited = files.flatMap(({ file, text }) =>
  [...text.matchAll(/docs\/hydra\/facts\.md, ((?:"[^"]+"(?: and )?)+)/g)].flatMap(([, titles = '']) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  ),
);

describe('docs/hydra/facts.md', () => {
  it('has every fact that a comment cites', () => {
    expect(cited.length).toBeGreaterThan(5);
    expect(cited.filter(({ title }) => !HEADINGS.has(title))).toEqual([]);
  });

  it('has no fact that nobody cites', () => {
    const known = new Set(cited.map(({ title }) => title));
    expect([...HEADINGS].filter((title) => !known.has(title))).toEqual([]);
  });

  it('is the only place where such facts are looked for: nothing names a document that is not here', () => {
    const missing = files.filter(({ text }) => /\bhydra-(\w+-)?facts\b/.test(text));
    expect(missing.map(({ file }) => file)).toEqual([]);
  });
});
