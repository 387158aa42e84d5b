/** The reasons that people meet, in words that do not depend on the system. */
const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'it is no folder',
  EACCES: 'the worker may not write there',
  EPERM: 'the worker may not write there',
  EROFS: 'it is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
};

/** Why a folder takes no file. */
export function whyNot({
  code = 'an unknown error',
  message,
}: Pick<NodeJS.ErrnoException, 'code' | 'message'>): string {
  return `${code}: ${WHY[code] ?? message}`;
}
