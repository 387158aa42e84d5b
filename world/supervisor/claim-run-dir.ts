import { chmodSync, existsSync, mkdirSync, readdirSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { exclusively } from '../../scripts/lib/exclusive';
import { ownIdentity } from '../../scripts/lib/process-identity';
import { CutoverFault } from '../../domain/faults';
import { thisMachine } from './machine';
import { isRecordedProcessAlive } from './process-record';
import { dataDir, hasClaimFile, logsDir, readClaim, writeClaim } from './run-dir';
import { type SweptWorld, sweep, sweepOne } from './sweep';

export interface ClaimOptions {
  /** A folder of the user's choice; new, empty, or one that a world left. @default a new one in the worlds' folder */
  readonly dir?: string;
  readonly keep: boolean;
  readonly worlds: string;
  /** Called once when another start holds the lock. */
  readonly onWait?: (holderPid: number) => void;
}

export interface ClaimedRunDir {
  /** Absolute and free of symbolic links. */
  readonly runDir: string;
  /** Data of an earlier world are there to go on from. */
  readonly continues: boolean;
  readonly keep: boolean;
  readonly swept: readonly SweptWorld[];
}

/**
 * Sweeps what dead worlds left, then takes a folder for a new one, both under one lock: two starts at once neither take the
 * same folder nor sweep one that is only half made.
 *
 * A folder that was kept once stays kept: going on from it without asking again must not remove it.
 * @throws CutoverFault WORLD_IN_USE | CONFIG_INVALID (a folder that holds something else, or that PostgreSQL cannot reach)
 */
export async function claimRunDir(options: ClaimOptions): Promise<ClaimedRunDir> {
  makeFolder(options.worlds);
  return exclusively(worldsLock(options.worlds), () => claim(options), {
    ...(options.onWait ? { onWait: options.onWait } : {}),
  });
}

/** Not `recursive`: Node goes on for ever where no folder can be made, below /proc for one. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o711 });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code === 'ENOSPC') throw new CutoverFault('DISK_FULL', `no room to make the folder ${path}`, { path }, error);
    throw new CutoverFault('CONFIG_INVALID', `the folder ${path} cannot be made (${code}); choose another`, {}, error);
  }
}

/** Held while worlds are swept or a folder is taken. */
export function worldsLock(worlds: string): string {
  return join(worlds, '.lock');
}

async function claim(options: ClaimOptions): Promise<ClaimedRunDir> {
  const swept = await sweep(options.worlds);
  const chosen = resolve(options.dir ?? join(options.worlds, newName()));
  makeFolder(chosen);
  const runDir = realpathSync(chosen);
  const before = readClaim(runDir);
  if (before !== undefined && isRecordedProcessAlive(before)) {
    throw new CutoverFault(
      'WORLD_IN_USE',
      `a world runs in ${runDir} already (process ${before.pid}); end that one or choose another --dir`,
      { runDir, pid: before.pid },
    );
  }
  if (hasClaimFile(runDir)) swept.push(...(await sweepOne(runDir)));
  else assertEmpty(runDir);
  mkdirSync(runDir, { recursive: true, mode: 0o711 });
  makeTraversable(runDir);
  const continues = isDirectory(dataDir(runDir));
  const keep = options.keep || (before?.keep ?? false);
  writeClaim(runDir, { ...ownIdentity(), machine: thisMachine(), keep, claimedAt: new Date().toISOString() });
  for (const dir of [dataDir(runDir), logsDir(runDir)]) mkdirSync(dir, { recursive: true, mode: 0o711 });
  if (dirname(runDir) !== realpathSync(options.worlds)) linkInto(options.worlds, runDir);
  return { runDir, continues, keep, swept };
}

function newName(): string {
  const day = new Date().toISOString().slice(0, 19).replace(/[-:T]/g, '');
  return `world-${day}-${randomBytes(3).toString('hex')}`;
}

/** The data folder is removed when the world ends, so a folder with anything else in it is not taken. */
function assertEmpty(runDir: string): void {
  const entries = readdirSync(runDir);
  if (entries.length === 0) return;
  throw new CutoverFault(
    'CONFIG_INVALID',
    `${runDir} is not empty and no world made it (it holds ${entries.slice(0, 3).join(', ')}); choose a new or empty folder`,
    { runDir },
  );
}

/** As root, PostgreSQL runs as an unprivileged uid that has to pass through every folder above its data. */
function makeTraversable(runDir: string): void {
  if (process.getuid?.() !== 0) return;
  chmodSync(runDir, 0o711);
  for (let dir = dirname(runDir); dir !== dirname(dir); dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o001) === 0) {
      throw new CutoverFault(
        'CONFIG_INVALID',
        `${dir} cannot be passed through by other users, and as root PostgreSQL runs as another user; choose a folder outside it or run "chmod o+x ${dir}"`,
        { runDir, dir },
      );
    }
  }
}

/** So that the next start finds a world in a folder of the user's choice too. */
function linkInto(worlds: string, runDir: string): void {
  const link = join(worlds, `${basename(runDir)}-${randomBytes(3).toString('hex')}`);
  const known = readdirSync(worlds, { withFileTypes: true }).some(
    (entry) => entry.isSymbolicLink() && pointsTo(join(worlds, entry.name), runDir),
  );
  if (!known) symlinkSync(runDir, link);
}

function pointsTo(link: string, runDir: string): boolean {
  try {
    return realpathSync(link) === runDir;
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
