import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeAtomically } from './process-record';

const claimSchema = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  machine: z.object({ bootId: z.string(), pidNamespace: z.string() }),
  keep: z.boolean(),
  claimedAt: z.string(),
  /** The world ended in an error; its logs are worth keeping for a while. */
  failed: z.boolean().optional(),
});

/** Who runs the world in a folder, and whether its data outlive it. */
export type Claim = z.infer<typeof claimSchema>;

const CLAIM_FILE = 'supervisor.json';

/** What a world makes in its folder; nothing else there is ever removed. */
const OWN_ENTRIES = {
  /** Kept when a world failed: the reason is in it. */
  logs: 'logs',
  processes: 'processes',
  data: 'data',
  settings: 'settings.json',
  claim: CLAIM_FILE,
} as const;

export function logsDir(runDir: string): string {
  return join(runDir, OWN_ENTRIES.logs);
}

/** Everything that a later start with the same folder continues from. */
export function dataDir(runDir: string): string {
  return join(runDir, OWN_ENTRIES.data);
}

/** Credentials and ports, mode 0600. */
export function settingsFile(runDir: string): string {
  return join(runDir, OWN_ENTRIES.settings);
}

/** @returns undefined when nobody claimed the folder or the claim is not readable */
export function readClaim(runDir: string): Claim | undefined {
  const parsed = claimSchema.safeParse(readJson(join(runDir, CLAIM_FILE)));
  return parsed.success ? parsed.data : undefined;
}

export function writeClaim(runDir: string, claim: Claim): void {
  writeAtomically(join(runDir, CLAIM_FILE), claim);
}

/** Marks the world in `runDir` as failed, so that its logs stay. */
export function markFailed(runDir: string): void {
  const claim = readClaim(runDir);
  if (claim !== undefined) writeClaim(runDir, { ...claim, failed: true });
}

export function hasClaimFile(runDir: string): boolean {
  return existsSync(join(runDir, CLAIM_FILE));
}

export interface RemoveOptions {
  /** @default false */
  readonly keepLogs?: boolean;
}

/**
 * Removes what a world left in its folder, and the folder when nothing else is in it. Idempotent; safe while another
 * process does the same. The claim goes last, so that an interrupted removal is found and repeated by the next start.
 */
export function removeWorld(runDir: string, options: RemoveOptions = {}): void {
  const remove = (entry: string): void => rmSync(join(runDir, entry), { recursive: true, force: true, maxRetries: 3 });
  remove(OWN_ENTRIES.data);
  remove(OWN_ENTRIES.processes);
  remove(OWN_ENTRIES.settings);
  if (options.keepLogs === true) return;
  remove(OWN_ENTRIES.logs);
  remove(OWN_ENTRIES.claim);
  try {
    if (readdirSync(runDir).length === 0) rmdirSync(runDir);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
