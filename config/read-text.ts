import { closeSync, fstatSync, openSync, constants, readSync } from 'node:fs';

/** Why a file could not be taken as text; `fix` says what to do. */
export interface UnreadableText {
  readonly what: string;
  readonly fix: string;
}

/** By errno; anything else is told with its name. Source: open(2). */
const REASONS: Readonly<Record<string, UnreadableText>> = {
  ENOENT: { what: 'does not exist', fix: 'check the path' },
  ENOTDIR: { what: 'does not exist: a part of its path is not a folder', fix: 'check the path' },
  EACCES: { what: 'may not be read by this user', fix: 'give this user read access, or run as the user who has it' },
  EISDIR: { what: 'is a folder', fix: 'name a file inside it' },
  ELOOP: { what: 'is a symbolic link that leads back to itself', fix: 'fix the link' },
  ENAMETOOLONG: { what: 'has a name that is too long', fix: 'check the path' },
};

/**
 * Reads a small text file without trusting it: what is not a regular file, is larger than `bytesMax` or is not UTF-8 is
 * refused, and a FIFO without a writer does not block.
 */
export function readText(path: string, bytesMax: number): { text: string } | { unreadable: UnreadableText } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return readOpen(descriptor, bytesMax);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { unreadable: REASONS[code] ?? { what: `cannot be read (${code})`, fix: 'check the path and the disk' } };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readOpen(descriptor: number, bytesMax: number): { text: string } | { unreadable: UnreadableText } {
  const stat = fstatSync(descriptor);
  if (stat.isDirectory()) return { unreadable: REASONS.EISDIR ?? { what: 'is a folder', fix: 'name a file' } };
  if (!stat.isFile()) return { unreadable: { what: 'is not a regular file', fix: 'name a regular file' } };
  // One byte more than allowed: files of /proc say they have size 0, and a file may grow while it is read.
  const buffer = Buffer.alloc(bytesMax + 1);
  let length = 0;
  for (;;) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += read;
    if (read === 0 || length > bytesMax) break;
  }
  if (length > bytesMax) {
    return {
      unreadable: {
        what: `is too large: more than ${bytesMax} bytes, allowed are ${bytesMax}`,
        fix: 'check that it is the right file',
      },
    };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length)) };
  } catch {
    return { unreadable: { what: 'is not UTF-8 text', fix: 'save it as UTF-8' } };
  }
}
