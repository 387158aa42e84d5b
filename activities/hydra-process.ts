import { commandSaid } from '../domain/command-said';
import { CutoverFault, type FaultCode } from '../domain/faults';
import { type CommandRunner } from '../domain/ports/command-runner';
import { waitFor } from './support/wait-for';
import { type StepContext } from './step';

interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Of a command that ended with another code than 0. @default COMMAND_FAILED */
  readonly code?: FaultCode;
  /** Behind the code it ended with. @default '' */
  readonly where?: string;
}

/** Runs a command of the operator. @throws CutoverFault COMMAND_FAILED, or `code`, also for an exit code other than 0 */
export async function mustRun<Name extends string>(
  commands: CommandRunner<Name>,
  name: Name,
  { env, signal, code = 'COMMAND_FAILED', where = '' }: CommandOptions,
): Promise<void> {
  const result = await commands.run(name, { env, signal });
  const { exitCode } = result;
  if (exitCode === 0) return;
  throw new CutoverFault(
    code,
    `the command ${name} ended with ${exitCode ?? 'a signal'}${where}. ${commandSaid(name, result)}`,
    { command: name, exitCode: exitCode ?? -1 },
  );
}

/** One Hydra that is started or stopped. */
export interface HydraProcess {
  /** As in `${who} is not ready`. */
  readonly who: string;
  readonly isReady: () => Promise<boolean>;
  readonly deadlineMs: number;
}

/** @throws CutoverFault PROCESS_NOT_READY */
export async function awaitReady({ who, isReady, deadlineMs }: HydraProcess, context: StepContext): Promise<void> {
  if (await waitFor(context, deadlineMs, { step: 'waiting until ready', hydra: who }, isReady)) return;
  throw new CutoverFault(
    'PROCESS_NOT_READY',
    `${who} is not ready after ${deadlineMs} ms; see its own log (database, secrets, pending migrations)`,
  );
}

/**
 * @param why what was done to stop it, as in `the command stopBlue succeeded, but`
 * @throws CutoverFault COMMAND_FAILED
 */
export async function awaitGone(
  { who, isReady, deadlineMs }: HydraProcess,
  why: string,
  context: StepContext,
): Promise<void> {
  const progress = { step: 'waiting until gone', hydra: who };
  if (await waitFor(context, deadlineMs, progress, async () => !(await isReady()))) return;
  throw new CutoverFault('COMMAND_FAILED', `${why} ${who} still answers after ${deadlineMs} ms; stop it`);
}
