import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

export interface TableRow {
  /** The first cell. */
  readonly what: string;
  /** The rest of the row. */
  readonly rest: string;
}

/** @returns the rows of the first table below a heading of a document, without its head */
export function tableBelow(document: string, heading: string): readonly TableRow[] {
  const lines = readFileSync(join(ROOT, document), 'utf8').split('\n');
  const below = lines.slice(lines.indexOf(heading) + 1);
  const first = below.findIndex((line) => line.startsWith('|'));
  const rows = below.slice(first);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(2, end).map((line) => {
    const [, what = '', ...rest] = line.split('|').map((cell) => cell.trim());
    return { what, rest: rest.join(' ') };
  });
}

/** What can be tried with a world that is up. */
export const BY_HAND = { document: 'docs/what-if.md', heading: '## By hand, in the local world' } as const;

/** @returns the parts of a world that a person is told of, in the alphabet's order */
export function documentedParts(): readonly string[] {
  const text = readFileSync(join(ROOT, BY_HAND.document), 'utf8');
  const list = /\nParts: (.+?\n?.*?)\. The commands/s.exec(text)?.[1] ?? '';
  return [...list.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name).sort();
}
