import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { whyNot } from './why-not';

/** Room for some reports: one has up to 0.5 MB as HTML, and its JSON beside it. */
const FREE_BYTES_MIN = 32_000_000;

/**
 * Whether the folder would take a report now. Writes nothing.
 *
 * @returns what is in the way; null: nothing that can be seen
 */
export async function lookAtFolder(folder: string, freeBytesMin = FREE_BYTES_MIN): Promise<string | null> {
  try {
    if (!(await stat(folder)).isDirectory()) return whyNot({ code: 'ENOTDIR', message: '' });
    await access(folder, constants.W_OK | constants.X_OK);
    const { bavail, bsize, ffree, files } = await statfs(folder);
    const freeBytes = bavail * bsize;
    if (freeBytes < freeBytesMin) {
      const [free, least] = [freeBytes, freeBytesMin].map((bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`);
      return `${free} are free there, and a report may need ${least}`;
    }
    // Some file systems count no files, and say that they have none.
    return files > 0 && ffree === 0 ? 'the file system has no room for another file' : null;
  } catch (error) {
    return whyNot(error as NodeJS.ErrnoException);
  }
}
