import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 12;

/** @returns the last lines of a log file, at most {@link TAIL_LINES}; none when it cannot be read */
export function lastLogLines(logFile: string, lines: number = TAIL_LINES): string[] {
  let fd: number;
  try {
    fd = openSync(logFile, 'r');
  } catch {
    return [];
  }
  try {
    const size = fstatSync(fd).size;
    const length = Math.min(size, TAIL_BYTES);
    const buffer = Buffer.alloc(length);
    readSync(fd, buffer, 0, length, size - length);
    return buffer
      .toString('utf8')
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-lines);
  } catch {
    return [];
  } finally {
    closeSync(fd);
  }
}

/** For the end of an error message: the lines indented below a heading, or a remark that there are none. */
export function describeLog(logFile: string): string {
  const lines = lastLogLines(logFile);
  if (lines.length === 0) return `it wrote nothing to its log ${logFile}`;
  return `last lines of ${logFile}:\n${lines.map((line) => `  | ${line}`).join('\n')}`;
}
