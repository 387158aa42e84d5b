import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { applyEdits } from './apply';
import { type CheckName, CHECKS, type Mutation } from './mutation';
import { MUTATIONS } from './mutations';

const ROOT = join(__dirname, '..', '..');

/**
 * `npm run mutate [-- TEXT]`: plants each mutation (or those whose description has the text) in a copy of the sources, and holds what
 * the table says of it against what the tests say. Fails when one is killed or survives otherwise than the table says.
 */
function main(): void {
  const wanted = process.argv[2] ?? '';
  const chosen = MUTATIONS.filter(({ what, file }) => `${file}: ${what}`.includes(wanted));
  const copy = copySources();
  try {
    const used = new Set(chosen.map(({ killedBy }) => killedBy));
    for (const check of used) {
      if (!passes(copy, check)) throw new Error(`${check} fails without a mutation, so that it kills nothing`);
    }
    const wrong = chosen.filter((mutation) => !isAsSaid(copy, mutation));
    print(`${chosen.length - wrong.length} of ${chosen.length} mutations are as the table says`);
    if (wrong.length > 0) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What is under version control or would be; never the working copy itself, which a person may be editing. */
function copySources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'hydra-cutover-mutate-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function passes(copy: string, check: CheckName): boolean {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const { status } = spawnSync(process.execPath, [jest, CHECKS[check], '-w', '1', '--bail'], {
    cwd: copy,
    stdio: 'ignore',
  });
  return status === 0;
}

function isAsSaid(copy: string, mutation: Mutation): boolean {
  const { what, file, killedBy, secondLine } = mutation;
  const isKilled = (edits: Parameters<typeof applyEdits>[1]): boolean => {
    const restore = applyEdits(copy, edits);
    try {
      return !passes(copy, killedBy);
    } finally {
      restore();
    }
  };
  const alone = isKilled([mutation]);
  const together = secondLine === undefined ? alone : isKilled([mutation, secondLine.edit]);
  const isRight = secondLine === undefined ? alone : !alone && together;
  const said = alone
    ? `killed by ${killedBy}`
    : together
      ? `killed by ${killedBy} without its second line`
      : 'SURVIVES';
  print(`${isRight ? 'ok   ' : 'WRONG'} ${file}: ${what}: ${said}`);
  return isRight;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main();
