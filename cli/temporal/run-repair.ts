import { type Config } from '../../config/schema';
import { CutoverFault } from '../../domain/faults';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadEnvironment, type EnvironmentOptions } from './environment-options';
import { describe } from './look';
import { isTemporalSilent } from './temporal-fault';

export interface RepairVerbOptions extends EnvironmentOptions {
  readonly cutoverId: string;
  readonly by: string;
}

/** @throws CutoverFault CUTOVER_RUNNING | what a step throws */
export async function runRepair(options: RepairVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  const { cutoverId, by } = options;
  await assertNotRunning(config, cutoverId, context);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { repairLocally } = require('../../workers/cli') as typeof workerModule;
  const { logger } = context;
  logger.info({ cutoverId, by }, 'repair begins');
  const { outcome, steps } = await repairLocally({
    ...{ config, logger, cutoverId, signal: new AbortController().signal },
    onStep: (name) => context.stderr.write(`> ${name}\n`),
  });
  logger.info({ cutoverId, by, outcome }, 'repair is over');
  if (options.json) printJson(context, { verb: 'repair', ok: true, outcome, steps });
  else context.stdout.write(`${explain(cutoverId, outcome)}\n`);
  return 0;
}

function explain(cutoverId: string, outcome: 'undone' | 'finished'): string {
  if (outcome === 'undone') return `cutover ${cutoverId} is taken back: blue serves, and nothing of it is left`;
  return (
    `cutover ${cutoverId} is finished: the writes are on green. Left to a person: stop Hydra on blue, look at what jobs would ` +
    'remove before they are resumed, and watch green; what is ours on green may stay'
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
      throw new CutoverFault(
        'CUTOVER_RUNNING',
        `${session.workflowId} ${whose} is under way in the Temporal at ${session.address}; nothing was changed; use \`hydra-cutover cancel\`, with a worker that is up`,
        { cutoverId: running },
      );
    });
  } catch (error) {
    if (!isTemporalSilent(error)) throw error;
    stderr.write(`${error.message}; the databases decide\n`);
  }
}
