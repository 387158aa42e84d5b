import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endRecorded } from './end-recorded';
import { thisMachine } from './machine';
import { isRecordedProcessAlive } from './process-record';
import { type Claim, dataDir, hasClaimFile, readClaim, removeWorld } from './run-dir';

/** Logs of a failed world are the only trace of the reason: they stay this long. */
const FAILED_LOGS_KEPT_MS = 7 * 24 * 60 * 60 * 1_000;
/** A world whose supervisor just died may have its reaper at work on the same processes; both may. */
const SWEEP_GRACE_MS = 3_000;

export interface SweptWorld {
  readonly runDir: string;
  readonly ended: readonly string[];
  readonly left: readonly string[];
  readonly removed: boolean;
}

/**
 * Ends what dead supervisors left behind and removes their data, unless it was to be kept. Worlds whose supervisor lives are
 * not touched, nor those of another pid namespace (a container that shares the folder): nobody can tell from here.
 *
 * The caller holds the lock of `worlds` ({@link claimRunDir}).
 * @returns one entry for each world in which something was ended or removed
 */
export async function sweep(worlds: string): Promise<SweptWorld[]> {
  mkdirSync(worlds, { recursive: true, mode: 0o711 });
  const swept: SweptWorld[] = [];
  for (const entry of readdirSync(worlds, { withFileTypes: true })) {
    const path = join(worlds, entry.name);
    if (entry.isDirectory()) {
      swept.push(...(await sweepOne(path)));
    } else if (entry.isSymbolicLink()) {
      const runDir = resolveLink(path);
      if (runDir !== undefined) swept.push(...(await sweepOne(runDir)));
      if (runDir === undefined || !hasClaimFile(runDir)) rmSync(path, { force: true });
    }
  }
  return swept;
}

/** The same for one folder, which need not lie in the worlds' folder. */
export async function sweepOne(runDir: string): Promise<SweptWorld[]> {
  const claim = readClaim(runDir);
  if (claim !== undefined && (isRecordedProcessAlive(claim) || isForeign(claim))) return [];
  const { ended, left } = await endRecorded(runDir, SWEEP_GRACE_MS);
  // An unreadable claim does not say whether the data were to be kept: they stay.
  const keepsData = claim === undefined ? hasClaimFile(runDir) : claim.keep;
  const removed = !keepsData && left.length === 0 && remove(runDir, claim);
  return ended.length > 0 || removed ? [{ runDir, ended, left, removed }] : [];
}

function remove(runDir: string, claim: Claim | undefined): boolean {
  const age = claim === undefined ? Infinity : Date.now() - Date.parse(claim.claimedAt);
  const keepLogs = claim?.failed === true && age < FAILED_LOGS_KEPT_MS;
  const hadData = existsSync(dataDir(runDir));
  removeWorld(runDir, { keepLogs });
  return hadData || !keepLogs;
}

function isForeign(claim: Claim): boolean {
  const here = thisMachine();
  return claim.machine.bootId === here.bootId && claim.machine.pidNamespace !== here.pidNamespace;
}

function resolveLink(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
