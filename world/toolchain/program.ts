import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { type ToolContext } from './context';
import { probeVersion, unusable } from './probe-version';
import { type FoundTool } from './types';
import { type ProgramPin } from './versions';

/**
 * The copy that the operator chose with an environment variable. It is used or refused, never passed over.
 *
 * @returns undefined when the variable is unset or empty
 * @throws CutoverFault TOOL_UNUSABLE when that copy is missing, does not run or is another version
 */
export async function programFromVariable(pin: ProgramPin, context: ToolContext): Promise<FoundTool | undefined> {
  const chosen = context.env[pin.variable];
  if (chosen === undefined || chosen === '') return undefined;
  const path = resolve(chosen);
  const problem = await versionProblem(path, pin, context);
  if (problem !== undefined) throw unusable(path, problem, `correct or unset ${pin.variable}`, pin.variable);
  return { path, source: 'environment', version: pin.version };
}

/** @returns the first `name` on PATH if it is the pinned version; another version is passed over with a progress line */
export async function programOnPath(
  name: string,
  pin: ProgramPin,
  context: ToolContext,
): Promise<FoundTool | undefined> {
  for (const folder of (context.env['PATH'] ?? '').split(delimiter)) {
    const path = join(resolve(folder), name);
    if (folder === '' || !(await isExecutable(path))) continue;
    const problem = await versionProblem(path, pin, context);
    if (problem === undefined) return { path, source: 'path', version: pin.version };
    context.progress(`${pin.label}: ${path} ${problem}; not used`);
    return undefined;
  }
  return undefined;
}

/** Proves that what was just made runs and is the pinned version. @throws CutoverFault TOOL_UNUSABLE */
export async function assertProgram(path: string, pin: ProgramPin, context: ToolContext): Promise<void> {
  const problem = await versionProblem(path, pin, context);
  if (problem === undefined) return;
  const remedy = `set ${pin.variable} to a copy of ${pin.label} ${pin.version} that runs here`;
  throw unusable(path, problem, remedy, pin.variable);
}

async function versionProblem(path: string, pin: ProgramPin, context: ToolContext): Promise<string | undefined> {
  const answer = await probeVersion(path, pin.probe, context);
  if ('problem' in answer) return answer.problem;
  if (answer.version === undefined || answer.version === pin.version) return undefined;
  return `is version ${answer.version} instead of ${pin.version}`;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
