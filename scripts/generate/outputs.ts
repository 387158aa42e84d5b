import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { renderCliReference } from './cli-reference';
import { renderConfigReference } from './config-reference';
import { renderConfigSchema } from './config-schema';
import { renderFaultReference } from './fault-reference';

export const ROOT = join(__dirname, '..', '..');

/** Every generated file, relative to the root of the repository. */
const OUTPUTS: Readonly<Record<string, () => string>> = {
  'docs/config.schema.json': renderConfigSchema,
  'docs/reference/cli.md': renderCliReference,
  'docs/reference/config.md': renderConfigReference,
  'docs/reference/faults.md': renderFaultReference,
};

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The files as they should be, in the project's formatting. */
export async function generateFiles(): Promise<readonly GeneratedFile[]> {
  return Promise.all(
    Object.entries(OUTPUTS).map(async ([path, render]) => {
      if (!path.endsWith('.md')) return { path, text: render() };
      const options = await resolveConfig(join(ROOT, path));
      return { path, text: await format(render(), { ...options, filepath: path }) };
    }),
  );
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
