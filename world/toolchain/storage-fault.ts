import { CutoverFault, isCutoverFault } from '../../domain/faults';

/** errno(3) names that mean "no space", also the ones of a quota. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);
const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

/** How compilers and pip spell ENOSPC and EDQUOT. Source: strerror(3). */
const FULL_TEXT = /no space left on device|disk quota exceeded/i;

/** @returns whether a child's output says that a disk is full */
export function saysDiskFull(output: string): boolean {
  return FULL_TEXT.test(output);
}

/** @param place folder or file system in question; named in the message */
export function diskFullFault(place: string, cause?: unknown): CutoverFault {
  return new CutoverFault(
    'DISK_FULL',
    `no space left while writing ${place}; free about 1 GB there, or set HYDRA_CUTOVER_CACHE to a folder on another disk`,
    { path: place, variable: 'HYDRA_CUTOVER_CACHE' },
    cause,
  );
}

/** Turns an errno that is about the cache's storage into a fault; anything else is returned as it is. */
export function asStorageFault(error: unknown, root: string): unknown {
  if (isCutoverFault(error)) return error;
  // By shape: an errno error may come from another realm.
  const { code, path } = error as Partial<NodeJS.ErrnoException>;
  if (code === undefined) return error;
  if (FULL.has(code)) return diskFullFault(root, error);
  if (!NOT_WRITABLE.has(code) || path?.startsWith(root) !== true) return error;
  return new CutoverFault(
    'TOOL_UNUSABLE',
    `the cache folder ${root} cannot be written (${code} at ${path}); make it writable, or set HYDRA_CUTOVER_CACHE to another folder`,
    { path: root, variable: 'HYDRA_CUTOVER_CACHE' },
    error,
  );
}
