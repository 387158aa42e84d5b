import { STEPS } from '../activities';
import { type Step } from '../activities/step';
import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { CutoverFault } from '../domain/faults';
import { type StepInput } from '../domain/steps';
import { type SqlClient } from '../domain/ports/sql-client';
import { describeArbiter, cutoverRunning } from '../hydra/arbiter';
import { isCaptureInstalled } from '../hydra/capture';
import { createPorts, type Ports } from './ports';
import { SecretKeeper } from './secret-keeper';
import { toSettings } from './settings';

export interface RepairOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly cutoverId: string;
  readonly signal: AbortSignal;
  /** Before each step. */
  readonly onStep: (name: string) => void;
}

export interface RepairReceipt {
  /** `undone`: as if the cutover had never been; `finished`: the writes are on green, and nothing is in between. */
  readonly outcome: 'undone' | 'finished';
  readonly steps: readonly string[];
}

/**
 * Brings what a cutover left to one side, without Temporal: the same steps as the workflow's. Idempotent; to be repeated after
 * a failure.
 *
 * Safe beside a workflow that turns out to be alive: first no attempt of it can commit any more, then the arbiter goes, without
 * which none can ever; only then what a commit would need. So the capture comes before green, unlike in the workflow's own undo.
 *
 * @throws CutoverFault CUTOVER_RUNNING (another cutover holds blue) | what a step throws
 */
export async function repairLocally(options: RepairOptions): Promise<RepairReceipt> {
  const { config, logger, cutoverId, signal, onStep } = options;
  const secrets = new SecretKeeper(config, logger);
  const ports = createPorts(config, logger, secrets);
  const deps = { settings: toSettings(config), ...ports, log: logger };
  const input: StepInput = { cutoverId, environment: config.environment.name };
  const done: string[] = [];
  const run = async <Name extends keyof typeof STEPS>(name: Name): Promise<unknown> => {
    onStep(name);
    await secrets.refresh();
    const step = STEPS[name] as Step<StepInput, unknown>;
    const heartbeat = (progress: object): void => logger.debug({ step: name, ...progress }, 'progress');
    const result = await step(deps, input, { signal, attempt: 1, heartbeat, lastProgress: undefined });
    done.push(name);
    return result;
  };
  try {
    await secrets.refresh();
    await assertHeldBy(ports, cutoverId, signal);
    const { outcome } = (await run('abandonSwitchover')) as { readonly outcome: 'aborted' | 'committed' };
    if (outcome === 'committed') {
      // Jobs stay paused: what they would remove now is for the purge guard and a person.
      const names = (await isFinalizing(ports, signal)) ? FINISH_FINALIZE : FINISH_SWITCHOVER;
      for (const name of names) await run(name);
      return { outcome: 'finished', steps: done };
    }
    const undo = [
      'disableCapture',
      'resumeJobs',
      'stopGreen',
      'deleteGreen',
      'deleteSnapshot',
      'restoreLifetimes',
    ] as const;
    for (const name of undo) await run(name);
    return { outcome: 'undone', steps: done };
  } finally {
    await ports.close();
    secrets.close();
  }
}

const FINISH_SWITCHOVER = ['switchover', 'proveDrain'] as const;
const FINISH_FINALIZE = ['finalize'] as const;

/** The capture goes when all else is accepted and removed: then there is no switchover left to finish. */
async function isFinalizing({ databases }: Ports, signal: AbortSignal): Promise<boolean> {
  const isGone = async (blue: SqlClient): Promise<boolean> => !(await isCaptureInstalled(blue));
  return databases.withSession('blue', isGone, { signal, purpose: 'repair' });
}

/** Blue without an arbiter is held by nobody: then an earlier repair came that far. */
async function assertHeldBy({ databases }: Ports, cutoverId: string, signal: AbortSignal): Promise<void> {
  await databases.withSession(
    'blue',
    async (blue) => {
      const found = await describeArbiter(blue);
      if (found === undefined) return;
      if (found.cutoverId !== cutoverId) throw await cutoverRunning(blue, found);
      if (found.side === 'blue') return;
      throw new CutoverFault(
        'CROSSED_CONNECTION',
        `the database reached as blue is green of cutover ${cutoverId}; nothing was changed; check the addresses of both sides`,
      );
    },
    { signal, purpose: 'repair' },
  );
}
