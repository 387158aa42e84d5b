import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../cli/run-program';

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .sort(),
];

describe('links of the documents', () => {
  it.each(DOCUMENTS)('%s leads to files and headings that exist', (document) => {
    expect(brokenLinksOf(document)).toEqual([]);
  });
});

function brokenLinksOf(document: string): readonly string[] {
  const links = withoutCode(readFileSync(join(ROOT, document), 'utf8')).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].map(([, link = '']) => link).filter((link) => !leadsSomewhere(document, link));
}

function leadsSomewhere(document: string, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return true;
  const [path = '', heading] = link.split('#', 2);
  const file = path === '' ? join(ROOT, document) : join(ROOT, dirname(document), path);
  if (!existsSync(file)) return false;
  return heading === undefined || !file.endsWith('.md') || headingsOf(file).has(heading);
}

/** As GitHub names them. */
function headingsOf(file: string): ReadonlySet<string> {
  const headings = withoutCode(readFileSync(file, 'utf8')).matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .trim()
        .replace(/ /g, '-'),
    ),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, '');
}
