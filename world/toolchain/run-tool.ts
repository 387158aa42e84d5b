import { spawn, type ChildProcess } from 'node:child_process';
import { type ToolContext } from './context';
import { abortReason, withTicker } from './progress';
import { type RunAs } from './types';

/** The end of the output is where compilers and pip say what went wrong. */
const OUTPUT_KEPT_CHARACTERS = 64_000;

export interface ToolRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly runAs?: RunAs;
  /** If set, progress lines begin with this while it runs. */
  readonly label?: string;
  /** Called with the pid as soon as it runs; see `recordChild`. */
  readonly onStart?: (pid: number) => void;
  /** Ends the child after this long. @default no limit */
  readonly timeoutMs?: number;
}

export interface ToolResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a child process in a process group of its own to its end and returns what it wrote (the last 64 k characters).
 *
 * A non-zero exit code is a result, not an error. When `context.signal` fires the whole group is killed, so that compilers
 * started by `go` end with it, and the call rejects once the child is gone.
 * @throws the spawn error (`ENOENT`, `EACCES`), or the signal's reason
 */
export async function runTool(run: ToolRun, context: ToolContext): Promise<ToolResult> {
  context.signal?.throwIfAborted();
  const child = spawn(run.command, [...run.args], {
    env: run.env,
    cwd: run.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(run.runAs ?? {}),
  });
  const output = collectOutput(child);
  const stopTicker = run.label === undefined ? () => undefined : withTicker(context, run.label, freshLine(output));
  let timedOut = false;
  const kill = () => killGroup(child);
  const timer =
    run.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, run.timeoutMs);
  context.signal?.addEventListener('abort', kill, { once: true });
  try {
    const exitCode = await waitForExit(child, run.onStart);
    if (context.signal?.aborted === true) throw abortReason(context.signal);
    return { exitCode, timedOut, stdout: output.stdout, stderr: output.stderr };
  } finally {
    clearTimeout(timer);
    stopTicker();
    context.signal?.removeEventListener('abort', kill);
  }
}

function collectOutput(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(-OUTPUT_KEPT_CHARACTERS);
    });
  }
  return output;
}

/** What it said since the last time we asked: an old line would look as if that were still going on. */
function freshLine(output: { readonly stderr: string }): () => string {
  let told = '';
  return () => {
    const fresh = output.stderr !== told;
    told = output.stderr;
    return fresh ? lastLine(told) : '';
  };
}

async function waitForExit(child: ChildProcess, onStart: ToolRun['onStart']): Promise<number | null> {
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
  try {
    if (child.pid !== undefined) onStart?.(child.pid);
  } catch (error) {
    // A child that could not be recorded must not run on.
    killGroup(child);
    await exit;
    throw error;
  }
  return exit;
}

/** @returns whether a spawn failed because the program is not there for us, as opposed to anything else */
export function isNotInstalled(error: unknown): boolean {
  const { code, syscall } = error as Partial<NodeJS.ErrnoException>;
  return (code === 'ENOENT' || code === 'EACCES') && syscall?.startsWith('spawn') === true;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in this very moment.
  }
}

/** @returns the last non-empty line, short enough for a progress line */
export function lastLine(output: string): string {
  const lines = output.trimEnd().split(/\r?\n|\r/);
  return (lines.at(-1) ?? '').trim().slice(0, 160);
}
