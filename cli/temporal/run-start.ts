import { userInfo } from 'node:os';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { configDigest } from '../../config/digest';
import { type Config } from '../../config/schema';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { IN_PLACE_WORKFLOW } from '../../domain/in-place/runbook';
import { UPGRADE_WORKFLOW, type Mode, type UpgradeInput } from '../../domain/runbook';
import { note, print, printJson, widthOf, type CliContext } from '../context';
import { withCutover, type CutoverSession } from './cutover-session';
import { askDatabases } from './databases-tale';
import { loadEnvironment, type EnvironmentOptions } from './environment-options';
import { mayBeHidden, whyHidden } from './hidden-run';
import { look, queryStatus } from './look';
import { renderStatus } from './render-status';
import { exitCodeOfLook, watch } from './watch';
import { leaveScreen, waitWatcherOf } from './watchers';

export interface StartOptions extends EnvironmentOptions {
  readonly mode: Mode;
  /** The step before the upgrade, on blue's own database. */
  readonly inPlace: boolean;
  readonly by?: string;
  readonly note?: string;
  /** Of the config that was looked at. */
  readonly configDigest?: string;
  readonly wait: boolean;
  /** Of `wait`, in milliseconds. */
  readonly timeout?: number;
}

/** @throws CutoverFault USAGE | CHECK_FAILED | CUTOVER_RUNNING | TEMPORAL_UNREACHABLE | WAIT_TIMEOUT */
export async function runStart(options: StartOptions, context: CliContext): Promise<number> {
  if (options.timeout !== undefined && !options.wait) {
    throw new CutoverFault('USAGE', '--timeout is how long --wait waits; give both, or neither');
  }
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
      note: options.note,
    };
    await assertNothingHidden(session, config, context);
    const runId = await begin(session, options.inPlace ? IN_PLACE : upgradeIn(options.mode), input);
    const answered = (await queryStatus(session, runId)) !== null;
    if (!answered) {
      note(context, `no worker answers on task queue ${taskQueue} yet: start one with \`hydra-cutover worker\`\n`);
    }
    if (!options.wait) {
      if (options.json)
        printJson(context, { verb: 'start', ok: true, workflowId, runId, taskQueue, workerAnswers: answered });
      else print(context, `started ${workflowId}; follow it with \`hydra-cutover status --watch\`\n`);
      return 0;
    }
    return waitForEnd(session, options, context);
  });
}

async function waitForEnd(session: CutoverSession, options: StartOptions, context: CliContext): Promise<number> {
  const watcher = waitWatcherOf(context, options);
  const timeout = options.timeout === undefined ? {} : { timeoutMs: options.timeout };
  const { end, fault } = await watch(session, watcher, { stopAtIntervene: true, ...timeout });
  leaveScreen(context, watcher);
  if (watcher.isScreen) context.stdout.write(renderStatus(end, options.config, widthOf(context.stdout)));
  if (fault !== undefined) throw fault;
  if (options.json) printJson(context, { verb: 'start', ok: exitCodeOfLook(end) === 0, ...end });
  return exitCodeOfLook(end);
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

/** @throws CutoverFault CUTOVER_RUNNING | CHECK_FAILED, see {@link whyHidden} */
async function assertNothingHidden(session: CutoverSession, config: Config, context: CliContext): Promise<void> {
  const last = await look(session).catch((error: unknown) => {
    if (isCutoverFault(error) && error.code === 'CUTOVER_UNKNOWN') return null;
    throw error;
  });
  if (last === null || !mayBeHidden(last)) return;
  const why = whyHidden(last, await askDatabases(config, context, last));
  if (why !== undefined) throw why;
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
