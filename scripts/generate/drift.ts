import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** Those of `files` that are missing below `root` or differ there. */
export function driftedFiles(files: readonly GeneratedFile[], root = ROOT): readonly string[] {
  return files.filter(({ path, text }) => readOrUndefined(join(root, path)) !== text).map(({ path }) => path);
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
