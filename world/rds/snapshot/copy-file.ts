import { constants } from 'node:fs';
import { copyFile as cloneFile, type FileHandle, open } from 'node:fs/promises';
import { type RunAs } from '../../toolchain';

const CHUNK_BYTES = 256 * 1024;
/** Flushed so often: else the server's next commit on the same disk waits for all that the copy has written. */
const FLUSH_BYTES = 8 * 1024 * 1024;
/** What file systems without shared blocks answer. Source: ioctl_ficlonerange(2). */
const NO_CLONE = new Set([
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'ENOTTY',
  'EXDEV',
  'EINVAL',
  'EPERM',
  'EACCES',
  'ETXTBSY',
]);

export interface CopyFileOptions {
  readonly owner?: RunAs;
  readonly signal?: AbortSignal;
}

/** Copies files, sharing their blocks where the file system can (a clone of 1 GB takes no time and no space). */
export class FileCopier {
  #cloneable = true;
  #cloned = false;

  /** Whether a file was cloned; false until the first one. */
  get sharesBlocks(): boolean {
    return this.#cloned && this.#cloneable;
  }

  /**
   * Copies what the file holds now. A file that is cut short meanwhile is copied as far as it goes: recovery rebuilds the
   * rest. (copyFile without a forced clone would never return then: it waits for bytes that are gone.)
   *
   * @returns bytes copied, or undefined when the file is gone
   */
  async copy(source: string, target: string, options: CopyFileOptions = {}): Promise<number | undefined> {
    options.signal?.throwIfAborted();
    let from: FileHandle;
    try {
      from = await open(source, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const { size } = await from.stat();
      if (size > 0 && this.#cloneable && (await this.#clone(source, target))) {
        await own(target, options.owner);
        return size;
      }
      return await copyBytes(from, target, size, options);
    } finally {
      await from.close();
    }
  }

  async #clone(source: string, target: string): Promise<boolean> {
    try {
      await cloneFile(source, target, constants.COPYFILE_FICLONE_FORCE);
      this.#cloned = true;
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return false;
      if (code === undefined || !NO_CLONE.has(code)) throw error;
      this.#cloneable = false;
      return false;
    }
  }
}

async function copyBytes(from: FileHandle, target: string, size: number, options: CopyFileOptions): Promise<number> {
  const to = await open(target, 'w', 0o600);
  try {
    if (options.owner !== undefined) await to.chown(options.owner.uid, options.owner.gid);
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK_BYTES, size)));
    let copied = 0;
    while (copied < size) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, size - copied), copied);
      if (bytesRead === 0) break;
      await writeAll(to, buffer, bytesRead, copied);
      copied += bytesRead;
      if (copied % FLUSH_BYTES < bytesRead) await to.datasync();
    }
    return copied;
  } finally {
    await to.close();
  }
}

async function writeAll(to: FileHandle, buffer: Buffer, length: number, position: number): Promise<void> {
  let written = 0;
  while (written < length) {
    const { bytesWritten } = await to.write(buffer, written, length - written, position + written);
    written += bytesWritten;
  }
}

async function own(path: string, owner: RunAs | undefined): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.chmod(0o600);
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
  } finally {
    await handle.close();
  }
}
