import { spawn } from 'node:child_process';
import { CutoverFault } from '../../domain/faults';
import { typescriptCommand } from '../supervisor';

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `hydra-cutover` as an operator does: a process of its own, with the world's environment. */
export function runCutoverCli(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliResult> {
  return runProgram('cli/main.ts', args, env);
}

/** Runs a program of this repository likewise. */
export function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CliResult> {
  const program = typescriptCommand(file, args);
  return new Promise((resolve, reject) => {
    const child = spawn(program.command, program.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...program.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
  });
}

/** @throws CutoverFault COMMAND_FAILED with what the CLI said */
export async function mustSucceed(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { exitCode, stdout, stderr } = await runCutoverCli(args, env);
  if (exitCode === 0) return stdout;
  throw new CutoverFault('COMMAND_FAILED', `hydra-cutover ${args[0] ?? ''} ended with ${exitCode}: ${stderr.trim()}`, {
    exitCode,
  });
}
