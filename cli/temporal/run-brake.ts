import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { BRAKE_SIGNAL, BRAKE_UPDATE, type BrakeMessage } from '../../domain/brake';
import { CutoverFault } from '../../domain/faults';
import { type BrakeState } from '../../domain/runbook';
import { print, printJson, type CliContext } from '../context';
import { withCutover, type CutoverSession } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';
import { describe, queryStatus } from './look';

export interface BrakeOptions extends EnvironmentOptions {
  readonly by: string;
  readonly note?: string;
  /** As a signal: kept until a worker is there, but without an answer. */
  readonly signal: boolean;
}

/** @throws CutoverFault DECISION_INVALID | NO_WORKER | CUTOVER_UNKNOWN | TEMPORAL_UNREACHABLE */
export async function runBrake(
  verb: string,
  change: Pick<BrakeMessage, 'paused' | 'rowsPerSecond'>,
  options: BrakeOptions,
  context: CliContext,
): Promise<number> {
  const { by, note, signal } = options;
  const message: BrakeMessage = { ...change, by, note };
  return withCutover(loadForTemporal(options, context), context.env, async (session) => {
    const { status, runId } = await describe(session);
    if (status.name !== 'RUNNING') throw over(session, status.name);
    const state = signal ? await send(session, message) : await update(session, runId, message);
    if (options.json) printJson(context, { verb, ok: true, recorded: !signal, brake: state });
    else if (state === null) print(context, 'sent; whether it was followed is in `hydra-cutover status`\n');
    else context.stdout.write(`${text(state)}; steps that read blue follow within seconds\n`);
    return 0;
  });
}

function text({ paused, rowsPerSecond }: BrakeState): string {
  if (paused) return 'the reading of blue is paused';
  return `the reading of blue is on, ${rowsPerSecond === null ? 'as fast as the config allows' : `at most ${rowsPerSecond} rows a second`}`;
}

async function send({ handle }: CutoverSession, message: BrakeMessage): Promise<null> {
  await handle.signal(BRAKE_SIGNAL, message);
  return null;
}

async function update(session: CutoverSession, runId: string, message: BrakeMessage): Promise<BrakeState> {
  const { connection, handle, answerTimeoutMs, taskQueue } = session;
  // An Update that no worker takes stays with the server, and would count hours later.
  if ((await queryStatus(session, runId)) === null) {
    throw new CutoverFault(
      'NO_WORKER',
      `no worker on task queue ${taskQueue} answered in ${answerTimeoutMs / 1_000} s; nothing was sent. Start one with \`hydra-cutover worker\`; --signal leaves it with Temporal until a worker is there`,
      { taskQueue },
    );
  }
  try {
    return await connection.withDeadline(Date.now() + answerTimeoutMs, () =>
      handle.executeUpdate<BrakeState, [BrakeMessage]>(BRAKE_UPDATE, { args: [message] }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw over(session, 'just now');
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
      throw new CutoverFault('DECISION_INVALID', error.cause.message, {}, error);
    }
    throw error;
  }
}

function over({ workflowId }: CutoverSession, how: string): CutoverFault {
  return new CutoverFault('CUTOVER_UNKNOWN', `${workflowId} has ended (${how}); nothing of it reads blue any more`);
}
