import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that some tests need and a machine may lack. */
export interface OptionalProgram {
  /** The environment variable that names it. */
  readonly variable: string;
  /** As it may be called; the first one wins, wherever it stands. */
  readonly names: readonly string[];
  /** Where it may be besides PATH. */
  readonly folders?: readonly string[];
  /** What to do where it is missing. */
  readonly remedy: string;
}

/**
 * @returns what the variable names, else the first of its names that can be run; undefined when there is none
 * @throws Error when the variable names no program: another one than was asked for would be a surprise
 */
export function findProgram(program: OptionalProgram, env: NodeJS.ProcessEnv): string | undefined {
  const { variable, names, folders = [], remedy } = program;
  const wanted = env[variable];
  if (wanted !== undefined && wanted !== '') {
    if (isProgram(wanted)) return wanted;
    throw new Error(`${variable} is ${wanted}, which is not a program that can be run; ${remedy}`);
  }
  const searched = [...(env['PATH'] ?? '').split(delimiter), ...folders].filter((folder) => folder !== '');
  // Name by name: where two are installed, the order of PATH must not decide which.
  return names.flatMap((name) => searched.map((folder) => join(folder, name))).find(isProgram);
}

/**
 * The same for a suite that a person may run without it and CI may not.
 *
 * @param what is tested only with it
 * @param missing says that there is none
 * @param warn takes one line that says what is left out
 * @throws Error with `CI=true` when there is none
 */
export function programOrWarning(
  program: OptionalProgram,
  { what, missing }: { readonly what: string; readonly missing: string },
  env: NodeJS.ProcessEnv,
  warn: (line: string) => void,
): string | undefined {
  const found = findProgram(program, env);
  if (found !== undefined) return found;
  if (env['CI'] === 'true') throw new Error(`${missing}, and CI always tests ${what}: ${program.remedy}`);
  warn(`!!! ${what.toUpperCase()} IS NOT TESTED: ${missing}; ${program.remedy} !!!\n`);
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
