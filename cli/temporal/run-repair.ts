import { type Config } from '../../config/schema';
import { CutoverFault, FAULTS } from '../../domain/faults';
import { LEFT_WHEN_SKIPPED, type SkippableStep } from '../../domain/runbooks/skips';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadEnvironment, type EnvironmentOptions } from './environment-options';
import { describe } from './look';
import { isTemporalSilent } from './temporal-fault';

export interface RepairVerbOptions extends EnvironmentOptions {
  readonly cutoverId: string;
  readonly by: string;
  /** That person's word that what the jobs would remove now is right. */
  readonly finalize?: boolean;
  /** That person's word that green opens although something may have gone around blue's fence. */
  readonly openUnproven?: boolean;
  /** Steps that that person lets fail. */
  readonly skip?: readonly SkippableStep[];
}

type Repaired = Awaited<ReturnType<typeof workerModule.repairLocally>>;

/** @throws CutoverFault CUTOVER_RUNNING | what a step throws */
export async function runRepair(options: RepairVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  const { cutoverId, by, finalize = false, openUnproven = false, skip = [] } = options;
  await assertNotRunning(config, cutoverId, context);
  const { repairLocally } = require('../../workers/cli') as typeof workerModule;
  const { logger } = context;
  logger.info({ cutoverId, by, finalize, openUnproven, skip }, 'repair begins');
  const { outcome, steps, skipped } = await repairLocally({
    ...{ config, logger, cutoverId, finalize, skip, signal: new AbortController().signal },
    ...(openUnproven && { openUnproven: by }),
    onStep: (name) => context.stderr.write(`> ${name}\n`),
    onWait: (problem) =>
      context.stderr.write(
        `  waits: ${problem}; it is tried again until it succeeds. Ctrl-C loses nothing: repeat the same command\n`,
      ),
  });
  logger.info({ cutoverId, by, outcome, skipped }, 'repair is over');
  // As of a run whose undo was skipped: something of it is left.
  const exitCode = outcome === 'undone' && skipped.length > 0 ? FAULTS.UNDO_INCOMPLETE.exitCode : 0;
  if (options.json) printJson(context, { verb: 'repair', ok: exitCode === 0, outcome, steps, skipped });
  else context.stdout.write(`${[explain(cutoverId, outcome), ...skipped.map((each) => left(each, by))].join('\n')}\n`);
  return exitCode;
}

function left({ step, code, message }: Repaired['skipped'][number], by: string): string {
  return `not done, as ${by} decided: ${step} (${code}: ${message}); ${LEFT_WHEN_SKIPPED[step]}`;
}

function explain(cutoverId: string, outcome: 'undone' | 'finished' | 'finalized'): string {
  if (outcome === 'undone') return `nothing of cutover ${cutoverId} is left, and blue serves`;
  if (outcome === 'finalized') {
    return (
      `cutover ${cutoverId} is over: green serves, and what was needed on it is removed. Left to a person: stop Hydra on blue; ` +
      'its guard stays as long as its database exists'
    );
  }
  return (
    `cutover ${cutoverId} is finished: the writes are on green. Left to a person: stop Hydra on blue, watch green, and look at what ` +
    'jobs would remove now; if that is right, the same command with --finalize resumes them and removes what is ours on green: ' +
    'before that the next upgrade of green is refused'
  );
}

/** A run that Temporal knows to be under way undoes itself better than anybody beside it. */
async function assertNotRunning(config: Config, cutoverId: string, { env, stderr }: CliContext): Promise<void> {
  try {
    await withCutover(config, env, async (session) => {
      const { raw, runId, status } = await describe(session);
      const first = raw.workflowExecutionInfo?.firstRunId ?? '';
      if (status.name !== 'RUNNING') return;
      const running = first === '' ? runId : first;
      // Another one of the same databases may have raised lifetimes already, and have no arbiter yet that would protect them.
      const whose = running === cutoverId ? `(${cutoverId})` : `as cutover ${running}, not ${cutoverId},`;
      // A reset run knows less than was done: its own undo would leave the rest behind.
      const way =
        running === runId
          ? 'use `hydra-cutover cancel`, with a worker that is up'
          : `it was reset, and knows less than was done: end it with \`temporal workflow terminate --workflow-id ${session.workflowId} --namespace ${session.namespace}\`, then repeat this with cutover ${running}`;
      throw new CutoverFault(
        'CUTOVER_RUNNING',
        `${session.workflowId} ${whose} is under way in the Temporal at ${session.address}; nothing was changed; ${way}`,
        { cutoverId: running },
      );
    });
  } catch (error) {
    if (!isTemporalSilent(error)) throw error;
    stderr.write(`${error.message}; the databases decide\n`);
  }
}
