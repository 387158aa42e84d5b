import { createInterface } from 'node:readline';
import {
  isGrpcDeadlineError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { CutoverFault, FAULTS, type FaultCode } from '../../domain/faults';
import {
  DECIDE_SIGNAL,
  DECIDE_UPDATE,
  type Decision,
  type DecisionAnswer,
  type DecisionMessage,
  type Gate,
} from '../../domain/runbook';
import { print, printJson, widthOf, type CliContext } from '../context';
import { withCutover, type CutoverSession } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';
import { describe, isEndedByForce, look, queryStatus, type Look } from './look';
import { renderStatus } from './render-status';

export interface DecideOptions extends EnvironmentOptions {
  readonly gate: Gate;
  readonly decision: Decision;
  readonly by: string;
  readonly note?: string;
  readonly question?: string;
  /** As a signal: kept until a worker is there, but without an answer. */
  readonly signal: boolean;
}

/** @throws CutoverFault GATE_NOT_OPEN | DECISION_INVALID | NO_WORKER | CUTOVER_UNKNOWN | TEMPORAL_UNREACHABLE */
export async function runDecide(verb: string, options: DecideOptions, context: CliContext): Promise<number> {
  const { gate, decision, by, note, question, signal } = options;
  const config = loadForTemporal(options, context);
  const message: DecisionMessage = { gate, decision, by, note, question };
  return withCutover(config, context.env, async (session) => {
    const runId = await assertRunning(session);
    if (signal) assertNamed(message);
    if (signal) await session.handle.signal(DECIDE_SIGNAL, message);
    else await update(session, await addressed(session, runId, message, options, context));
    if (options.json) printJson(context, { verb, ok: true, gate, decision, recorded: !signal });
    else if (signal)
      print(context, `sent: ${decision} at gate ${gate}; whether it counts is in \`hydra-cutover status\`\n`);
    else context.stdout.write(`recorded: ${decision} at gate ${gate} by ${by}\n`);
    return 0;
  });
}

/** @returns its run id */
async function assertRunning(session: CutoverSession): Promise<string> {
  const { status, runId } = await describe(session);
  if (status.name === 'RUNNING') return runId;
  throw new CutoverFault(
    'GATE_NOT_OPEN',
    isEndedByForce(status.name)
      ? `${session.workflowId} was ended by force (${status.name}): no decision reaches it, nothing was recorded, and it undid nothing itself; look with \`hydra-cutover status\`, it says what to do`
      : `${session.workflowId} has ended (${status.name}); no gate is open`,
  );
}

/**
 * An Update that no worker takes stays with the server, and counts when one comes back, hours after somebody read that it did not.
 * So it is sent only to a worker that answers, and names the question that is open now.
 */
async function addressed(
  session: CutoverSession,
  runId: string,
  message: DecisionMessage,
  options: EnvironmentOptions,
  context: CliContext,
): Promise<DecisionMessage> {
  const status = await queryStatus(session, runId);
  if (status === null) {
    throw noWorker(session, 'nothing was sent', '; --signal leaves the decision with Temporal until a worker is there');
  }
  const { awaiting } = status;
  if (message.question !== undefined || awaiting?.gate !== message.gate) return message;
  if (message.gate === 'cutover' && message.decision === 'approve') {
    await confirm(await look(session), options, context);
  }
  return { ...message, question: awaiting.question };
}

/** What was read is what is approved. On a terminal it is shown and asked for; elsewhere the question's id says what was read. */
export async function confirm(seen: Look, options: EnvironmentOptions, context: CliContext): Promise<void> {
  const question = seen.status?.awaiting?.question;
  const { terminal, stderr } = context;
  if (terminal === undefined || options.json) assertNamed({ gate: 'cutover', decision: 'approve', by: '' });
  else {
    stderr.write(renderStatus(seen, options.config, widthOf(stderr)));
    const lines = createInterface({ input: terminal, output: stderr, terminal: false });
    try {
      stderr.write(
        '\nThis moves the writes to green; the commit has no way back. Type the id of the question to approve: ',
      );
      const { value } = (await lines[Symbol.asyncIterator]().next()) as { readonly value?: string };
      // Where no question was shown an empty line is no answer to it.
      if (question !== undefined && value?.trim() === question) return;
    } finally {
      lines.close();
    }
    throw new CutoverFault(
      'DECISION_INVALID',
      `that is not ${question ?? 'a question that is open'}; nothing was sent`,
    );
  }
}

function assertNamed({ gate, decision, question }: DecisionMessage): void {
  if (gate !== 'cutover' || decision !== 'approve' || question !== undefined) return;
  throw new CutoverFault(
    'DECISION_INVALID',
    'gate cutover is approved only with --question ID: `hydra-cutover status` shows the evidence and the id, and what was read is what is approved; nothing was sent',
  );
}

function noWorker(
  { taskQueue, answerTimeoutMs }: CutoverSession,
  what: string,
  more = '',
  cause?: unknown,
): CutoverFault {
  return new CutoverFault(
    'NO_WORKER',
    `no worker on task queue ${taskQueue} answered in ${answerTimeoutMs / 1_000} s; ${what}. Start one with \`hydra-cutover worker\`, look with \`hydra-cutover status\`, then decide again${more}`,
    { taskQueue },
    cause,
  );
}

async function update(session: CutoverSession, message: DecisionMessage): Promise<DecisionAnswer> {
  const { connection, handle, answerTimeoutMs } = session;
  try {
    return await connection.withDeadline(Date.now() + answerTimeoutMs, () =>
      handle.executeUpdate<DecisionAnswer, [DecisionMessage]>(DECIDE_UPDATE, { args: [message] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw refusal(error);
    if (error instanceof WorkflowNotFoundError) {
      throw new CutoverFault('GATE_NOT_OPEN', `${session.workflowId} has just ended; no gate is open`, {}, error);
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) {
      const what = 'it ended just now, and the decision counts if one takes it later';
      throw noWorker(session, what, ' if the question is still open', error);
    }
    throw error;
  }
}

function refusal({ cause }: WorkflowUpdateFailedError): CutoverFault {
  const code = cause instanceof ApplicationFailure ? cause.type : undefined;
  const known = typeof code === 'string' && Object.hasOwn(FAULTS, code) ? (code as FaultCode) : 'INTERNAL';
  return new CutoverFault(known, cause?.message ?? 'the decision was refused without a reason', {}, cause);
}
