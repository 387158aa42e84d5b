import { userInfo } from 'node:os';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { configDigest } from '../../config/digest';
import { type Config } from '../../config/schema';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { IN_PLACE_WORKFLOW } from '../../domain/in-place/runbook';
import { UPGRADE_WORKFLOW, type Mode, type UpgradeInput } from '../../domain/runbook';
import { printJson, type CliContext } from '../context';
import { withCutover, type CutoverSession } from './cutover-session';
import { askDatabases } from './databases-tale';
import { loadEnvironment, type EnvironmentOptions } from './environment-options';
import { isEndedByForce, look, queryStatus } from './look';
import { exitCodeOfLook, teller, watch } from './watch';

export interface StartOptions extends EnvironmentOptions {
  readonly mode: Mode;
  /** The step before the upgrade, on blue's own database. */
  readonly inPlace: boolean;
  readonly by?: string;
  readonly note?: string;
  /** Of the config that was looked at. */
  readonly configDigest?: string;
  readonly wait: boolean;
}

/** @throws CutoverFault CHECK_FAILED | CUTOVER_RUNNING | TEMPORAL_UNREACHABLE */
export async function runStart(options: StartOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  if (options.inPlace) assertInPlace(options.mode, config);
  const digest = configDigest(config);
  assertAsPlanned(digest, options.configDigest);
  return withCutover(config, context.env, async (session) => {
    const { workflowId, taskQueue } = session;
    const input: UpgradeInput = {
      environment: config.environment.name,
      ...(options.inPlace ? {} : { mode: options.mode }),
      by: options.by ?? userInfo().username,
      configDigest: digest,
      ...(options.note === undefined ? {} : { note: options.note }),
    };
    await assertNothingLeft(session, config, context);
    const runId = await begin(session, options.inPlace ? IN_PLACE : upgradeIn(options.mode), input);
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

/** @throws CutoverFault USAGE | CHECK_FAILED */
function assertInPlace(mode: Mode, { inPlace }: Config): void {
  if (mode !== 'real') {
    throw new CutoverFault('USAGE', `--in-place has no mode ${mode}: leave --mode out`);
  }
  if (inPlace !== undefined) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    'the config has no section inPlace: there is no step before the upgrade; add it, or leave --in-place out',
  );
}

/** The config may have changed since somebody read its plan. The worker's own config is compared in preflight. */
function assertAsPlanned(digest: string, planned: string | undefined): void {
  if (planned === undefined || digest === planned) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `the config is not the one that was planned with: its digest is ${digest}, the plan said ${planned}; look at \`hydra-cutover plan\` again`,
  );
}

/**
 * A run that left something behind is found by its workflow id, and a new one would stand in front of it; preflight would refuse
 * that one a moment later. So it is refused here.
 */
async function assertNothingLeft(session: CutoverSession, config: Config, context: CliContext): Promise<void> {
  const last = await look(session).catch((error: unknown) => {
    if (isCutoverFault(error) && error.code === 'CUTOVER_UNKNOWN') return null;
    throw error;
  });
  if (last === null || last.temporal === 'RUNNING') return;
  const isForced = isEndedByForce(last.temporal);
  if (!isForced && last.report?.undone.every(({ ok }) => ok) !== false) return;
  const tale = await askDatabases(config, context);
  if (tale.isKnown && !tale.isTouched) return;
  const how = isForced ? `was ended by force (${last.temporal})` : 'ended with something not undone';
  throw new CutoverFault(
    'CUTOVER_RUNNING',
    `the last run of ${session.workflowId}, of ${last.startedAt}, ${how}, and a new one would hide it. By the databases: ${tale.phase}. ${tale.next.join('; ')}. Nothing was started`,
    { workflowId: session.workflowId, startedAt: last.startedAt },
  );
}

interface Kind {
  readonly workflow: string;
  readonly summary: string;
}

const IN_PLACE: Kind = { workflow: IN_PLACE_WORKFLOW, summary: 'upgrade in place' };

function upgradeIn(mode: Mode): Kind {
  return { workflow: UPGRADE_WORKFLOW, summary: SUMMARIES[mode] };
}

const SUMMARIES: Readonly<Record<Mode, string>> = {
  real: 'upgrade',
  rehearse: 'rehearsal of the upgrade',
  drill: 'drill of the upgrade',
};

async function begin(session: CutoverSession, { workflow, summary }: Kind, input: UpgradeInput): Promise<string> {
  const { client, workflowId, taskQueue } = session;
  try {
    const handle = await client.workflow.start(workflow, {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${summary} of Hydra in ${input.environment}`,
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
