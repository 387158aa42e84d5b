import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');

/** Rows of the tables: what if, title of a test, its file. */
const rows = readFileSync(join(ROOT, 'docs', 'proven.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`test/'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, what = '', title = '', file = '']) => ({ what, title, file: file.replaceAll('`', '') }));

describe('docs/proven.md', () => {
  it('has the sixteen holes and more, each once', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(new Set(rows.map(({ what }) => what)).size).toBe(rows.length);
  });

  it.each(rows)('names a test that there is: $what', ({ title, file }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    const source = readFileSync(join(ROOT, file), 'utf8');
    expect(source.includes(`'${title}'`) || source.includes(`\`${title}\``) || source.includes(`"${title}"`)).toBe(
      true,
    );
  });
});
