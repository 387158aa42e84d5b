import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { typescriptCommand } from '../../../world/supervisor/typescript-command';

export const ROOT = join(__dirname, '..', '..', '..');

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Besides PATH and HOME, which are all that the child gets of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signalWhen?: { readonly signal: NodeJS.Signals; readonly when: Promise<unknown> };
  readonly cwd?: string;
}

/** Runs a TypeScript program of this repository to its end. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramEnd> {
  const command = typescriptCommand(file, args);
  const { PATH, HOME } = process.env;
  const child = spawn(command.command, [...command.args], {
    cwd: options.cwd ?? ROOT,
    env: { PATH, HOME, ...command.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  if (options.signalWhen !== undefined) {
    const { signal, when } = options.signalWhen;
    void when.then(() => child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

export const runCliProcess = (args: readonly string[], options: ProgramOptions = {}) =>
  runProgram('cli/main.ts', args, options);

/**
 * Runs the CLI in a real terminal of that size, as `script` of util-linux makes one.
 *
 * @returns the lines that it drew, with what moves the cursor
 */
export async function runCliInTerminal(
  { columns, rows }: { readonly columns: number; readonly rows: number },
  words: readonly string[],
): Promise<readonly string[]> {
  const { command, args, env } = typescriptCommand('cli/main.ts', words);
  const line = [command, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const { PATH, HOME } = process.env;
  const child = spawn('script', ['--quiet', '--command', `stty cols ${columns} rows ${rows}; ${line}`, '/dev/null'], {
    cwd: ROOT,
    env: { PATH, HOME, ...env, TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let drawn = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (drawn += chunk));
  await new Promise((resolve) => child.once('close', resolve));
  return drawn.split('\r\n');
}
