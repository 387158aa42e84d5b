import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { CutoverFault } from '../../domain/faults';
import { type ToolContext } from './context';
import { lastLine, runTool } from './run-tool';
import { type RunAs } from './types';

const PROBE_TIMEOUT_MS = 30_000;

export interface VersionProbe {
  readonly args: readonly string[];
  /** Must be in the output. Group 1 is the version, without a leading `v`; no group: the program does not tell it. */
  readonly pattern: RegExp;
}

/**
 * Runs a program once to learn its version: proves that it is there, executable, for this machine and complete.
 *
 * @returns the version (undefined if the program tells none), or in words what is wrong
 */
export async function probeVersion(
  path: string,
  probe: VersionProbe,
  context: ToolContext,
  runAs?: RunAs,
): Promise<{ readonly version: string | undefined } | { readonly problem: string }> {
  try {
    const kind = await kindOf(path);
    if (kind !== 'file') return { problem: kind };
    await access(path, constants.X_OK);
    const run = {
      command: path,
      args: probe.args,
      cwd: '/',
      env: probeEnv(context),
      timeoutMs: PROBE_TIMEOUT_MS,
      runAs,
    };
    const result = await runTool(run, context);
    const output = `${result.stdout}\n${result.stderr}`;
    if (result.timedOut) return { problem: `did not end within ${PROBE_TIMEOUT_MS / 1_000} s` };
    const match = result.exitCode === 0 ? probe.pattern.exec(output) : null;
    if (match !== null) return { version: match[1] };
    return { problem: `ended with exit code ${result.exitCode ?? 'none'} and said "${lastLine(output)}"` };
  } catch (error) {
    context.signal?.throwIfAborted();
    return { problem: describeErrno(error) };
  }
}

/** @returns `file`, or in words what else is there */
async function kindOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isFile() ? 'file' : 'is not a file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'does not exist' : `cannot be reached (${code ?? 'unknown error'})`;
  }
}

/** `HOME` and the like stay out, so that no config file decides what a probe answers. */
function probeEnv(context: ToolContext): NodeJS.ProcessEnv {
  return { PATH: context.env['PATH'], LC_ALL: 'C' };
}

function describeErrno(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'names an interpreter or dynamic loader that does not exist';
  if (code === 'EACCES') return 'may not be read or executed (EACCES: its mode, a folder above it, or a noexec mount)';
  if (code === 'ENOEXEC') return 'is not a program for this machine (ENOEXEC)';
  return `cannot be run (${code ?? message})`;
}

export function unusable(path: string, problem: string, remedy: string, variable: string): CutoverFault {
  return new CutoverFault('TOOL_UNUSABLE', `${path} ${problem}; ${remedy}`, { path, variable });
}
