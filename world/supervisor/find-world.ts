import { readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CutoverFault } from '../../domain/faults';
import { readBoard } from './parts-board';
import { isRecordedProcessAlive } from './process-record';
import { readClaim } from './run-dir';

/**
 * @param options.dir the folder of the world; without it the one that was started last of those that are up
 * @returns the folder of a world that is up, whose parts can be broken
 * @throws CutoverFault CHECK_FAILED when there is none
 */
export function findWorld(options: { readonly worlds: string; readonly dir?: string }): string {
  const { worlds, dir } = options;
  const candidates = dir === undefined ? entriesOf(worlds) : [resolve(dir)];
  const found = candidates
    .flatMap((path) => {
      const runDir = resolved(path);
      const claim = runDir === undefined ? undefined : readClaim(runDir);
      if (runDir === undefined || claim === undefined || !isRecordedProcessAlive(claim)) return [];
      return readBoard(runDir) === undefined ? [] : [{ runDir, claimedAt: claim.claimedAt }];
    })
    .sort((a, b) => (a.claimedAt < b.claimedAt ? 1 : -1));
  const [newest] = found;
  if (newest !== undefined) return newest.runDir;
  const where = dir === undefined ? `below ${worlds}` : `in ${resolve(dir)}`;
  throw new CutoverFault('CHECK_FAILED', `no world is up ${where}; start one with \`world\` and wait until it says so`);
}

function entriesOf(worlds: string): string[] {
  try {
    return readdirSync(worlds).map((entry) => join(worlds, entry));
  } catch {
    return [];
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
