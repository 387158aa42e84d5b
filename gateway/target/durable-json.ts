import { errorMessage } from '../../domain/error-message';
import { access, constants, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CutoverFault, isCutoverFault } from '../../domain/faults';

/**
 * One JSON document in one file that survives a crash at any instant: a reader sees the whole old or the whole new content.
 *
 * One process writes it. Calls of `write` must not overlap; the stores above serialise them.
 */
export class DurableJson<T> {
  constructor(
    readonly file: string,
    private readonly parse: (value: unknown) => T,
  ) {}

  /**
   * @returns undefined when the file does not exist
   * @throws CutoverFault STATE_UNREADABLE when it exists and is not what this program wrote | what `parse` throws
   */
  async read(): Promise<T | undefined> {
    try {
      return this.parse(JSON.parse(await readFile(this.file, 'utf8')));
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined;
      if (isCutoverFault(error)) throw error;
      throw new CutoverFault(
        'STATE_UNREADABLE',
        `state file ${this.file} exists but cannot be used: ${errorMessage(error)}; restore it, or remove it only when you know which epoch is committed`,
        { file: this.file },
        error,
      );
    }
  }

  /**
   * Durable when it resolves: content and name both reached the disk.
   *
   * After a rejection the file holds the old or the new content, whole; the same call may be repeated.
   * @throws CutoverFault DISK_FULL | STATE_UNWRITABLE
   */
  async write(value: T): Promise<void> {
    try {
      await mkdir(dirname(this.file), { recursive: true });
      await replaceDurably(this.file, JSON.stringify(value));
    } catch (error) {
      throw storageFault(this.file, error);
    }
  }
}

/**
 * Whether a state file can be kept where it is to be; changes nothing.
 * @throws CutoverFault STATE_UNWRITABLE
 */
export async function assertFolderTakes(file: string): Promise<void> {
  const folder = dirname(file);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    const what = hasErrno(error, 'ENOENT') ? 'there is no folder' : 'nothing can be written to folder';
    throw new CutoverFault(
      'STATE_UNWRITABLE',
      `${what} ${folder} (${errorMessage(error)}); make it for the user that runs this, on a disk that survives a restart`,
      { file },
      error,
    );
  });
}

/** What a file that could not be written comes to. */
export function storageFault(file: string, error: unknown): CutoverFault {
  const full = hasErrno(error, 'ENOSPC') || hasErrno(error, 'EDQUOT');
  return new CutoverFault(
    full ? 'DISK_FULL' : 'STATE_UNWRITABLE',
    `state file ${file} could not be written: ${errorMessage(error)}; nothing is acknowledged, fix it and repeat the call`,
    { file },
    error,
  );
}

/**
 * Replaces a file in one step that survives a power cut: a reader finds the old content or the new, never half of one. Only its owner
 * can read it.
 */
export async function replaceDurably(file: string, content: string): Promise<void> {
  const draft = `${file}.draft`;
  try {
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Without this a power cut may bring the old name back although rename(2) returned. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** By shape, not `instanceof`: the error may come from another realm. */
function hasErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
