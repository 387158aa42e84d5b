import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameProcessAlive, ownIdentity, processStartTime } from '../../../scripts/lib/process-identity';

const CHILD = 'child.json';
let serial = 0;

/** A folder for work in progress. What lies here never counts as finished. */
export interface Scratch {
  /** The cache it belongs to. */
  readonly root: string;
  /** For downloads and other things that are thrown away. */
  readonly folder: string;
  /** Becomes the cache entry. */
  readonly files: string;
}

/** The folder's name tells whose it is, so that it can be removed once that process is gone. */
export function createScratch(root: string): Scratch {
  const { pid, startTime } = ownIdentity();
  const folder = join(scratchRoot(root), `${pid}.${encodeURIComponent(startTime)}.${serial++}`);
  const files = join(folder, 'files');
  mkdirSync(files, { recursive: true, mode: 0o755 });
  return { root, folder, files };
}

export async function removeScratch(folder: string): Promise<void> {
  // A child that was just killed may still be writing its last file.
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/**
 * Remembers a child's process group, so that it can be ended after its parent was killed. Synchronous, because a parent that
 * is killed between start and record leaves a child that nobody knows.
 */
export function recordChild(scratch: string, pid: number): void {
  writeFileSync(join(scratch, CHILD), JSON.stringify({ pid, startTime: processStartTime(pid) ?? '' }));
}

/** Removes what dead runs left below `root`, and ends the compilers and downloads that outlived them. */
export async function sweepScratch(root: string): Promise<void> {
  const names = await readdir(scratchRoot(root)).catch(() => []);
  for (const name of names) {
    if (belongsToLivingProcess(name)) continue;
    const folder = join(scratchRoot(root), name);
    await endRecordedChild(folder);
    // Another run may be sweeping at the same moment; what is left over goes next time.
    await removeScratch(folder).catch(() => undefined);
  }
}

function belongsToLivingProcess(name: string): boolean {
  const [pid = '', startTime = ''] = name.split('.');
  const actual = processStartTime(Number(pid));
  return actual !== undefined && encodeURIComponent(actual) === startTime;
}

async function endRecordedChild(folder: string): Promise<void> {
  try {
    const child = JSON.parse(await readFile(join(folder, CHILD), 'utf8')) as { pid: number; startTime: string };
    if (child.startTime !== '' && isSameProcessAlive(child)) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // No child recorded, or it ended by itself meanwhile.
  }
}

function scratchRoot(root: string): string {
  return join(root, 'tmp');
}
