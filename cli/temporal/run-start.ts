import { userInfo } from 'node:os';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { configDigest } from '../../config/digest';
import { CutoverFault } from '../../domain/faults';
import { UPGRADE_WORKFLOW, type Mode, type UpgradeInput } from '../../domain/runbook';
import { printJson, type CliContext } from '../context';
import { withCutover, type CutoverSession } from './cutover-session';
import { loadEnvironment, type EnvironmentOptions } from './environment-options';
import { look, queryStatus } from './look';
import { exitCodeOfLook, teller, watch } from './watch';

export interface StartOptions extends EnvironmentOptions {
  readonly mode: Mode;
  readonly by?: string;
  readonly note?: string;
  /** Of the config that was looked at. */
  readonly configDigest?: string;
  readonly wait: boolean;
}

/** @throws CutoverFault CHECK_FAILED | CUTOVER_RUNNING | TEMPORAL_UNREACHABLE */
export async function runStart(options: StartOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  const digest = configDigest(config);
  assertAsPlanned(digest, options.configDigest);
  return withCutover(config, context.env, async (session) => {
    const { workflowId, taskQueue } = session;
    const input: UpgradeInput = {
      environment: config.environment.name,
      mode: options.mode,
      by: options.by ?? userInfo().username,
      configDigest: digest,
      ...(options.note === undefined ? {} : { note: options.note }),
    };
    const runId = await begin(session, input);
    const answered = (await queryStatus(session, runId)) !== null;
    if (!answered) {
      context.stderr.write(
        `no worker answers on task queue ${taskQueue} yet: start one with \`hydra-cutover worker\`\n`,
      );
    }
    if (!options.wait) {
      if (options.json)
        printJson(context, { verb: 'start', ok: true, workflowId, runId, taskQueue, workerAnswers: answered });
      else context.stdout.write(`started ${workflowId}; follow it with \`hydra-cutover status --watch\`\n`);
      return 0;
    }
    const end = await watch(session, teller(context, options), true);
    if (options.json) printJson(context, { verb: 'start', ok: exitCodeOfLook(end) === 0, ...end });
    return exitCodeOfLook(end);
  });
}

/** The config may have changed since somebody read its plan. The worker's own config is compared in preflight. */
function assertAsPlanned(digest: string, planned: string | undefined): void {
  if (planned === undefined || digest === planned) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `the config is not the one that was planned with: its digest is ${digest}, the plan said ${planned}; look at \`hydra-cutover plan\` again`,
  );
}

const SUMMARIES: Readonly<Record<Mode, string>> = {
  real: 'upgrade',
  rehearse: 'rehearsal of the upgrade',
  drill: 'drill of the upgrade',
};

async function begin(session: CutoverSession, input: UpgradeInput): Promise<string> {
  const { client, workflowId, taskQueue } = session;
  try {
    const handle = await client.workflow.start(UPGRADE_WORKFLOW, {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${SUMMARIES[input.mode ?? 'real']} of Hydra in ${input.environment}`,
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { startedAt, phase, status } = await look(session);
    throw new CutoverFault(
      'CUTOVER_RUNNING',
      `${workflowId} is under way since ${startedAt}, started by ${status?.startedBy ?? 'somebody unknown while no worker answers'}, phase ${phase ?? 'unknown'}; look at it with \`hydra-cutover status\`, or end it with \`hydra-cutover cancel\``,
      { workflowId, startedAt, ...(phase === null ? {} : { phase }) },
    );
  }
}
