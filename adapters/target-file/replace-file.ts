import { chmod, chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../network-errors';

/** @returns what `work` does, or undefined when there is no such file */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Behind links: they stay what they are when the file is replaced. */
export async function realFile(file: string): Promise<string> {
  return (await ifThere(realpath(file))) ?? file;
}

export function readText(file: string): Promise<string | undefined> {
  return ifThere(readFile(file, 'utf8'));
}

/** Writes a new file through to the disk; for nobody else to read. @throws EEXIST */
export async function writeThrough(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new file that is durable, with owner and mode of `like`: whoever reads that one can read this one. */
export async function writeLike(file: string, text: string, like: string): Promise<void> {
  try {
    await writeThrough(file, text);
    const model = await ifThere(stat(like));
    if (model === undefined) return;
    const own = await stat(file);
    if (own.uid !== model.uid || own.gid !== model.gid) await chown(file, model.uid, model.gid);
    await chmod(file, model.mode & 0o7777);
  } catch (error) {
    await rm(file, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** One step for every reader: the whole old content or the whole new one. Survives a power cut when it resolves. */
export async function moveOver(draft: string, file: string): Promise<void> {
  await rename(draft, file);
  await syncFolder(dirname(file));
}

/** Without it a power cut may bring old names back, although the call that changed them has returned. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
