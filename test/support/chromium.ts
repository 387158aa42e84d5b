import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const VARIABLE = 'CHROMIUM_BIN';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'] as const;
const REMEDY = `install it with \`apt-get install chromium\`, or set ${VARIABLE} to the path of a Chromium or Chrome`;

/**
 * The Chromium of this machine: `CHROMIUM_BIN`, else the first of its names on PATH.
 *
 * @returns undefined when there is none
 * @throws Error when `CHROMIUM_BIN` is no program: another browser than the one asked for would be a surprise
 */
export function findChromium(env: NodeJS.ProcessEnv): string | undefined {
  const wanted = env[VARIABLE];
  if (wanted !== undefined && wanted !== '') {
    if (isProgram(wanted)) return wanted;
    throw new Error(`${VARIABLE} is ${wanted}, which is not a program that can be run; ${REMEDY}`);
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  // Name by name: where two are installed, the order of PATH must not decide which.
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isProgram);
}

/**
 * The same for a suite that a person may run without a browser and CI may not.
 *
 * @param warn takes one line that says what is left out
 * @throws Error with `CI=true` when there is none
 */
export function chromiumOrWarning(env: NodeJS.ProcessEnv, warn: (line: string) => void): string | undefined {
  const found = findChromium(env);
  if (found !== undefined) return found;
  const missing = `no Chromium (${NAMES.join(', ')}) is on PATH`;
  if (env['CI'] === 'true') throw new Error(`${missing}, and CI runs the tests of the Temporal UI always: ${REMEDY}`);
  warn(`!!! THE TEMPORAL UI IS NOT TESTED: ${missing}; ${REMEDY} !!!\n`);
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
