import { lstatSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { CutoverFault } from '../../../domain/faults';
import { type RunAs } from '../types';

const FOLDER = 'hydra-cutover';
/** Used as root when the ordinary cache lies below a folder that the servers' uid cannot enter (`/root` is 0700). */
const SHARED_ROOT = `/var/cache/${FOLDER}`;
/** `nobody` by number on Linux; the name may be missing in containers, the number always works. */
const UNPRIVILEGED: RunAs = { uid: 65534, gid: 65534 };

/** @returns the identity for servers that refuse to run as root, or undefined when this process is not root */
export function unprivilegedIdentity(): RunAs | undefined {
  return process.getuid?.() === 0 ? UNPRIVILEGED : undefined;
}

/**
 * The folder that keeps what was downloaded or built. It need not exist yet.
 *
 * `HYDRA_CUTOVER_CACHE`, else `$XDG_CACHE_HOME/hydra-cutover`, else `~/.cache/hydra-cutover`.
 * @throws CutoverFault TOOL_UNUSABLE when HYDRA_CUTOVER_CACHE is a relative path
 */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  const chosen = env['HYDRA_CUTOVER_CACHE'];
  if (chosen !== undefined && chosen !== '') {
    if (isAbsolute(chosen)) return resolve(chosen);
    throw new CutoverFault('TOOL_UNUSABLE', `HYDRA_CUTOVER_CACHE is "${chosen}"; set it to an absolute path`, {
      variable: 'HYDRA_CUTOVER_CACHE',
    });
  }
  const xdg = env['XDG_CACHE_HOME'];
  // XDG Base Directory Specification: a relative path is to be ignored.
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(env['HOME'] ?? homedir(), '.cache');
  return join(base, FOLDER);
}

/**
 * The cache folder for programs that run under another uid.
 *
 * @returns the ordinary root if `identity` can enter it, else a root-owned folder below /var/cache
 * @throws CutoverFault TOOL_UNUSABLE when that fallback could be written by somebody else
 */
export function cacheRootReadableBy(env: NodeJS.ProcessEnv, identity: RunAs | undefined): string {
  const ordinary = cacheRoot(env);
  if (identity === undefined || canTraverse(ordinary, identity)) return ordinary;
  assertOnlyRootWrites(SHARED_ROOT);
  return SHARED_ROOT;
}

/** Whether every existing folder on the way to `path` lets `identity` through. Missing ones we create as 0755. */
export function canTraverse(path: string, identity: RunAs): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined) {
      const bit = stat.uid === identity.uid ? 0o100 : stat.gid === identity.gid ? 0o010 : 0o001;
      if ((stat.mode & bit) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}

function assertOnlyRootWrites(folder: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o022) === 0) return;
  throw new CutoverFault(
    'TOOL_UNUSABLE',
    `${folder} must be a folder that belongs to root and that nobody else may write; it is ` +
      `${stat.isDirectory() ? `owned by uid ${stat.uid} with mode ${(stat.mode & 0o777).toString(8)}` : 'not a folder'}; ` +
      'remove it, or set HYDRA_CUTOVER_CACHE to a folder that every user may enter',
    { path: folder, variable: 'HYDRA_CUTOVER_CACHE' },
  );
}
