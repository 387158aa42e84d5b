import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { preProcessFile } from 'typescript';
import { type Arrows, type Imports, arrowsOf, cyclesOf, unreached } from './lib/shape';

const ROOT = join(__dirname, '..');
/** The command line loads the world late, which an installation may leave out; the references are generated from both. */
const KNOWN_CYCLES = ['cli scripts world'];
const ENDINGS = ['', '.ts', '.js', '/index.ts'];

/** Prints which folder imports which, and refuses a new cycle between folders and a file of the product that nothing leads to. */
function main(): number {
  const imports = importsOf(sourceFiles());
  const arrows = arrowsOf(new Map([...imports].filter(([file]) => !isTest(file))));
  const cycles = cyclesOf(arrows).map((group) => group.join(' '));
  process.stdout.write(`${shapeText(arrows, cycles)}\n`);
  const unknown = cycles.filter((cycle) => !KNOWN_CYCLES.includes(cycle));
  const lost = lostFiles(imports);
  for (const cycle of unknown) process.stderr.write(`these folders import each other: ${cycle}\n`);
  for (const file of lost) process.stderr.write(`nothing leads to ${file}; delete it\n`);
  return unknown.length + lost.length === 0 ? 0 : 1;
}

function isTest(file: string): boolean {
  return /^(test|bench)\//.test(file);
}

function sourceFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  return listed
    .toString()
    .split('\n')
    .filter((file) => /\.(ts|m?js)$/.test(file) && existsSync(join(ROOT, file)));
}

function importsOf(files: readonly string[]): Imports {
  const known = new Set(files);
  const resolved = (file: string, name: string): readonly string[] => {
    if (!name.startsWith('.')) return [];
    const path = posix.join(posix.dirname(file), name);
    const found = ENDINGS.map((ending) => path + ending).find((candidate) => known.has(candidate));
    return found === undefined ? [] : [found];
  };
  return new Map(
    files.map((file) => {
      const { importedFiles } = preProcessFile(readFileSync(join(ROOT, file), 'utf8'), true, true);
      return [file, [...new Set(importedFiles.flatMap(({ fileName }) => resolved(file, fileName)))]];
    }),
  );
}

/** @returns files of the product that nothing leads to: no import, no test, and no path in the text of another file that would start them */
function lostFiles(imports: Imports): readonly string[] {
  const files = [...imports.keys()];
  const roots = files.filter((file) => isTest(file) || !file.includes('/') || /^(bin|scripts)\/[^/]+$/.test(file));
  const texts = files.filter((file) => !isTest(file)).map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const started = unreached(imports, roots).filter((file) =>
    texts.some((text) => [file, posix.basename(file)].some((path) => text.includes(`'${path}'`))),
  );
  return unreached(imports, [...roots, ...started]);
}

function shapeText(arrows: Arrows, cycles: readonly string[]): string {
  const count = [...arrows.values()].reduce((sum, { size }) => sum + size, 0);
  const lines = [...arrows].map(([from, counts]) => {
    const each = [...counts].sort(([one], [other]) => one.localeCompare(other)).map(([to, many]) => `${to} ${many}`);
    return `  ${from} → ${each.join(', ')}`;
  });
  const head = `${arrows.size} folders import others: ${count} arrows, cycles: ${cycles.length === 0 ? 'none' : cycles.join('; ')}`;
  return [head, ...lines].join('\n');
}

process.exitCode = main();
