import { chmod, chown, lstat, mkdir, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverFault } from '../../../domain/faults';
import { type RunAs } from '../../toolchain';
import { FileCopier } from './copy-file';

const CONCURRENCY = 3;
/** Left for the server on the same disk: without space for its WAL it stops. */
const RESERVE_BYTES = 64 * 1024 * 1024;
const FULL = new Set(['ENOSPC', 'EDQUOT']);

export interface CopyTreeOptions {
  readonly source: string;
  /** Created; what is in it already stays. */
  readonly target: string;
  /** @param path relative to the source, with `/` */
  readonly isExcluded?: (path: string) => boolean;
  /** Files (relative) to copy after all others. */
  readonly last?: readonly string[];
  readonly owner?: RunAs;
  readonly signal?: AbortSignal;
  /** Called after each file; the copy goes on when it has returned. */
  readonly onProgress?: (copiedBytes: number, totalBytes: number) => void | Promise<void>;
}

interface Listing {
  readonly folders: string[];
  readonly files: { readonly path: string; readonly bytes: number }[];
}

/**
 * Copies a folder that may be in use: files that vanish meanwhile are left out. A few files at a time, so that the disk's
 * other users still get their turn.
 *
 * @returns bytes copied
 * @throws CutoverFault DISK_FULL; on any error the target is left half made, for the caller to remove
 */
export async function copyTree(options: CopyTreeOptions): Promise<number> {
  try {
    const listing = await list(options.source, options.isExcluded ?? (() => false));
    for (const folder of ['', ...listing.folders]) await makeFolder(join(options.target, folder), options.owner);
    return await copyFiles(listing, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !FULL.has(code)) throw error;
    throw new CutoverFault(
      'DISK_FULL',
      `no space left while copying ${options.source} to ${options.target}; free space on that file system and try again`,
      { path: options.target },
      error,
    );
  }
}

async function copyFiles(listing: Listing, options: CopyTreeOptions): Promise<number> {
  const last = new Set(options.last ?? []);
  const total = listing.files.reduce((sum, file) => sum + file.bytes, 0);
  const copier = new FileCopier();
  let copied = 0;
  const copyAll = async (files: Listing['files']): Promise<void> => {
    const queue = [...files];
    let failed = false;
    const work = async (): Promise<void> => {
      for (let file = queue.shift(); file !== undefined && !failed; file = queue.shift()) {
        await copier.copy(join(options.source, file.path), join(options.target, file.path), options);
        copied += file.bytes;
        await options.onProgress?.(copied, total);
      }
    };
    const workers = Array.from({ length: CONCURRENCY }, () =>
      work().catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    );
    // All workers must have ended before the caller removes what they wrote.
    const results = await Promise.allSettled(workers);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };
  const [first, ...others] = listing.files.filter((file) => !last.has(file.path));
  if (first !== undefined) await copyAll([first]);
  // The first file told whether blocks are shared, and then a copy takes no space.
  if (!copier.sharesBlocks) await assertSpace(options, total - copied);
  await copyAll(others);
  await copyAll(listing.files.filter((file) => last.has(file.path)));
  return copied;
}

async function assertSpace(options: CopyTreeOptions, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(options.target);
  const availableBytes = bavail * bsize;
  if (availableBytes >= neededBytes + RESERVE_BYTES) return;
  throw new CutoverFault(
    'DISK_FULL',
    `${options.target} has ${availableBytes} bytes left and needs ${neededBytes + RESERVE_BYTES} for a copy of ${options.source}; free space on that file system and try again`,
    { path: options.target, availableBytes, neededBytes },
  );
}

async function list(source: string, isExcluded: (path: string) => boolean): Promise<Listing> {
  const listing: Listing = { folders: [], files: [] };
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(join(source, folder), { withFileTypes: true }).catch(ignoreMissing);
    for (const entry of entries ?? []) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isExcluded(path)) continue;
      if (entry.isDirectory()) {
        listing.folders.push(path);
        await visit(path);
      } else if (entry.isFile()) {
        const stat = await lstat(join(source, path)).catch(ignoreMissing);
        if (stat !== undefined) listing.files.push({ path, bytes: stat.size });
      } else {
        throw new CutoverFault(
          'INTERNAL',
          `${join(source, path)} is neither file nor folder; tablespaces are not supported`,
        );
      }
    }
  };
  await visit('');
  return listing;
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

async function makeFolder(path: string, owner: RunAs | undefined): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o700);
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
}
