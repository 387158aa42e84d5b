import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const HYDRA = join(__dirname, '../../../../hydra');
/** What is about versions and pairs of them; the upgrade in place knows its own. */
const OF_VERSIONS = ['paths', 'versions', 'in-place'];

/** Findings and scripts that are written for people, and names on disk. */
const COLOURED = ['catalog/', 'privileges/', 'arbiter/arbiter.sql', 'closing/whose-schema.ts'];
const isColoured = (text: string) => /\b(?:blue|green)\b|[a-z](?:Blue|Green)(?![a-z])/i.test(text);

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return OF_VERSIONS.includes(name) ? [] : filesBelow(path);
    return /\.(ts|sql)$/.test(name) ? [path] : [];
  });
}

const files = filesBelow(HYDRA).map((path) => ({
  path: path.slice(HYDRA.length + 1),
  text: readFileSync(path, 'utf8'),
}));

describe('what works on every path', () => {
  it('names no version of Hydra', () => {
    const naming = files.filter(({ text }) => /(?<![\d.])[12]\.(?:x|\d+\.\d+)\b/.test(text));
    expect(naming.map(({ path }) => path)).toEqual([]);
    expect(files.length).toBeGreaterThan(80);
  });

  it('names no side by its colour', () => {
    const naming = files.filter(
      ({ path, text }) => !COLOURED.some((name) => path.startsWith(name)) && isColoured(text),
    );
    expect(naming.map(({ path }) => path)).toEqual([]);
  });

  it('imports no pair of versions', () => {
    const importing = files.filter(({ text }) => /from '[^']*paths\/(?!copy-path')/.test(text));
    expect(importing.map(({ path }) => path)).toEqual([]);
  });
});
