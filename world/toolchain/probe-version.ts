import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { CutoverFault } from '../../domain/faults';
import { type ToolContext } from './context';
import { lastLine, runTool } from './run-tool';
import { type RunAs } from './types';

const PROBE_TIMEOUT_MS = 30_000;

export interface VersionProbe {
  readonly args: readonly string[];
  /** Group 1 is the version, without a leading `v`. */
  readonly pattern: RegExp;
  /** Exit code that comes with the answer. @default 0 */
  readonly exitCode?: number;
}

/**
 * Runs a program once to learn its version: proves that it is there, executable, for this machine and complete.
 *
 * @returns the version, or a reason in words why there is none
 */
export async function probeVersion(
  path: string,
  probe: VersionProbe,
  context: ToolContext,
  runAs?: RunAs,
): Promise<{ readonly version: string } | { readonly problem: string }> {
  try {
    if (!(await stat(path)).isFile()) return { problem: 'is not a file' };
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
    const version = result.exitCode === (probe.exitCode ?? 0) ? probe.pattern.exec(output)?.[1] : undefined;
    if (version !== undefined) return { version };
    return { problem: `ended with exit code ${result.exitCode ?? 'none'} and said "${lastLine(output)}"` };
  } catch (error) {
    context.signal?.throwIfAborted();
    return { problem: describeErrno(error) };
  }
}

/** `HOME` and the like stay out, so that nobody's config file decides what a probe answers. */
function probeEnv(context: ToolContext): NodeJS.ProcessEnv {
  return { PATH: context.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C' };
}

function describeErrno(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist, or the interpreter or dynamic loader it names does not';
  if (code === 'EACCES') return 'may not be read or executed (EACCES: its mode, a folder above it, or a noexec mount)';
  if (code === 'ENOEXEC') return 'is not a program for this machine (ENOEXEC)';
  return `cannot be run (${code ?? message})`;
}

/** @param where how the program was chosen, for example an environment variable */
export function unusable(path: string, problem: string, remedy: string, variable: string): CutoverFault {
  return new CutoverFault('TOOL_UNUSABLE', `${path} ${problem}; ${remedy}`, { path, variable });
}
