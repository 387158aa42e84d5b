import { findProgram, type OptionalProgram, programOrWarning } from './optional-program';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'] as const;
const CHROMIUM: OptionalProgram = {
  variable: 'CHROMIUM_BIN',
  names: NAMES,
  remedy: 'install it with `apt-get install chromium`, or set CHROMIUM_BIN to the path of a Chromium or Chrome',
};
const TOLD = { what: 'the Temporal UI', missing: `no Chromium (${NAMES.join(', ')}) is on PATH` };

/** @see findProgram */
export function findChromium(env: NodeJS.ProcessEnv): string | undefined {
  return findProgram(CHROMIUM, env);
}

/** @see programOrWarning */
export function chromiumOrWarning(env: NodeJS.ProcessEnv, warn: (line: string) => void): string | undefined {
  return programOrWarning(CHROMIUM, TOLD, env, warn);
}
