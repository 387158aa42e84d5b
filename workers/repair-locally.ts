import { STEPS } from '../activities';
import { wasNeverClosed } from '../activities/support/instance-mark';
import { snapshotIdOf } from '../activities/support/names';
import { type Step, type StepDeps } from '../activities/step';
import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { asCutoverFault, CutoverFault, type FaultCode, isCutoverFault } from '../domain/faults';
import { CUTOVER_TAG } from '../domain/ports/database-provider';
import { LEFT_WHEN_SKIPPED, REPAIRS_AFTER_COMMIT, type SkippableStep, WAYS_BACK } from '../domain/runbooks/skips';
import { type StepInput } from '../domain/steps';
import { type SqlClient } from '../domain/ports/sql-client';
import { describeArbiter, cutoverRunning } from '../hydra/arbiter';
import { isCaptureInstalled } from '../hydra/capture';
import { type Ports } from './ports';
import { type SecretKeeper } from './secret-keeper';
import { toSettings } from './settings';
import { withPorts } from './with-ports';

export interface RepairOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly cutoverId: string;
  readonly signal: AbortSignal;
  /** A person looked at what the jobs would remove now: after the commit they are resumed, and what is ours goes. */
  readonly finalize?: boolean;
  /**
   * Who decided that green opens although nobody can say that nothing went around blue's fence. Without it the tables concerned are
   * carried and compared first, however long that takes.
   */
  readonly openUnproven?: string;
  /** Steps that a person lets fail, as at gate `intervene`: each is tried all the same. @default none */
  readonly skip?: readonly SkippableStep[];
  /** Before each step. */
  readonly onStep: (name: string) => void;
  /** What a step meets that it tries again until it succeeds, such as a target that is away after the commit. Once for each. */
  readonly onWait: (problem: string) => void;
}

export interface RepairReceipt {
  /** `undone`: as if the cutover had never been; `finished`: the writes are on green, jobs are paused; `finalized`: all is over. */
  readonly outcome: 'undone' | 'finished' | 'finalized';
  readonly steps: readonly string[];
  /** What failed and was let pass. */
  readonly skipped: readonly SkippedStep[];
}

export interface SkippedStep {
  readonly step: SkippableStep;
  readonly code: FaultCode;
  readonly message: string;
}

/**
 * Brings what a cutover left to one side, without Temporal: the same steps as the workflow's. Idempotent; to be repeated after
 * a failure. With nothing of the cutover left it only gives back token lifetimes that are raised still.
 *
 * Safe beside a workflow that turns out to be alive: first no attempt of it can commit any more, then green loses the right to
 * open, which a later attempt would need. Blue's arbiter goes last: until then it is the proof on which a repeat goes on.
 *
 * @throws CutoverFault CUTOVER_RUNNING (another cutover holds blue) | CHECK_FAILED (to be finalized or opened, and not committed) | FENCE_UNPROVEN | CROSSED_CONNECTION (neither blue nor green proves that it is
 *   this cutover's, and something of it is left) | what a step throws
 */
export function repairLocally(options: RepairOptions): Promise<RepairReceipt> {
  return withPorts(options.config, options.logger, (ports, secrets) => repair(options, ports, secrets));
}

async function repair(options: RepairOptions, ports: Ports, secrets: SecretKeeper): Promise<RepairReceipt> {
  const { config, logger, cutoverId, signal, onStep, onWait, finalize = false, skip = [] } = options;
  const deps = { settings: toSettings(config), ...ports, log: logger };
  // Whoever repairs has decided what gate `intervene` would ask after FENCE_UNPROVEN: nobody else is there to be asked.
  const { openUnproven } = options;
  const decided = openUnproven === undefined ? { fence: 'carry' } : { fence: 'open', decided: openUnproven };
  const input: StepInput = { cutoverId, environment: config.environment.name };
  const done: string[] = [];
  const run = async <Name extends keyof typeof STEPS>(name: Name): Promise<unknown> => {
    onStep(name);
    await secrets.refresh();
    const step = STEPS[name] as Step<StepInput, unknown>;
    const stepInput = name === 'switchover' ? { ...input, ...decided } : input;
    const tellWait = onceEach(onWait);
    const heartbeat = (progress: Readonly<Record<string, unknown>>): void => {
      logger.debug({ step: name, ...progress }, 'progress');
      tellWait(progress);
    };
    const result = await step(deps, stepInput, { signal, attempt: 1, heartbeat, lastProgress: undefined });
    done.push(name);
    return result;
  };
  const skipped: SkippedStep[] = [];
  const runOrSkip = async (step: SkippableStep): Promise<void> => {
    try {
      await run(step);
    } catch (error) {
      const fault = asCutoverFault(error);
      if (step === 'proveDrain' && !UNPROVEN_DRAIN.includes(fault.code)) throw error;
      if (!skip.includes(step)) throw withItsWord(step, fault);
      logger.error({ cutoverId, step, err: fault }, 'a step failed, and somebody goes on without it');
      skipped.push({ step, code: fault.code, message: fault.message });
    }
  };
  const ended = (outcome: RepairReceipt['outcome']): RepairReceipt => ({ outcome, steps: done, skipped });
  if (finalize || openUnproven !== undefined) await assertMoved(deps, cutoverId, signal);
  if ((await whoProves(deps, cutoverId, signal)) === 'nothing left') {
    // They are raised before blue has an arbiter, and given back only where they were.
    await runOrSkip('restoreLifetimes');
    return ended('undone');
  }
  const { outcome } = (await run('abandonSwitchover')) as { readonly outcome: 'aborted' | 'committed' };
  if (outcome !== 'committed') {
    for (const step of UNDO) await runOrSkip(step);
    return ended('undone');
  }
  const isNearlyOver = await isFinalizing(ports, signal);
  if (!isNearlyOver) {
    await run('switchover');
    for (const step of REPAIRS_AFTER_COMMIT.drain) await runOrSkip(step);
  }
  // Jobs stay paused without a person's word: what they would remove now is for the purge guard and a person.
  const { resumeJobs, cleanUp } = REPAIRS_AFTER_COMMIT;
  const rest: readonly SkippableStep[] = finalize ? [...resumeJobs, ...cleanUp] : isNearlyOver ? ['finalize'] : [];
  for (const step of rest) await runOrSkip(step);
  return ended(done.includes('finalize') ? 'finalized' : 'finished');
}

/** @returns what hears of a step's progress, and tells a problem when it is another one than before */
export function onceEach(tell: (problem: string) => void): (progress: Readonly<Record<string, unknown>>) => void {
  let last: unknown;
  return ({ problem }) => {
    if (typeof problem === 'string' && problem !== last) tell(problem);
    last = problem;
  };
}

/** As the workflow takes a run back, but blue's arbiter goes last: until then it is the proof on which a repeat goes on. */
const UNDO: readonly SkippableStep[] = [...WAYS_BACK.filter((step) => step !== 'disableCapture'), 'disableCapture'];
/** What it says once it was asked, and not that it could not be asked. */
const UNPROVEN_DRAIN: readonly FaultCode[] = ['SYNC_FAILED', 'CAPTURE_BROKEN'];

function withItsWord(step: SkippableStep, { code, message, details, cause }: CutoverFault): CutoverFault {
  const advice = `put that right and repeat; if it never can be, \`--skip ${step}\` goes on without it: ${LEFT_WHEN_SKIPPED[step]}`;
  return new CutoverFault(code, `${message}. Step ${step} failed: ${advice}`, details, cause);
}

/** The capture goes when all else is accepted and removed: then there is no switchover left to finish. */
async function isFinalizing({ databases }: Ports, signal: AbortSignal): Promise<boolean> {
  const isGone = async (blue: SqlClient): Promise<boolean> => !(await isCaptureInstalled(blue));
  return databases.withSession('blue', isGone, { signal, purpose: 'repair' });
}

/**
 * Wants a positive word that what is reached belongs to this cutover: the arbiter of blue or of a closed green, or the mark of
 * an instance that it was restored and never closed. That
 * blue has none proves nothing: it may be another database, or a copy from before the cutover.
 *
 * @returns `nothing left` when neither side nor the provider has anything of it
 */
async function whoProves(deps: StepDeps, cutoverId: string, signal: AbortSignal): Promise<'a side' | 'nothing left'> {
  if (await isHeldOnBlue(deps, cutoverId, signal)) return 'a side';
  const green = await lookAtGreen(deps, cutoverId, signal);
  if (green === 'closed') return 'a side';
  const { left, isUnused, isSnapshotAlone } = await resourcesLeft(deps, cutoverId);
  if (green === 'unknown' && isUnused) return 'a side';
  if (green !== 'open' && left.length === 0) return 'nothing left';
  if (green !== 'open' && isSnapshotAlone) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `of cutover ${cutoverId} there is ${left.join()} and nothing else: the database reached as blue has no arbiter of it, and nothing ` +
        'was changed. A rehearsal that was ended by force leaves just that, and never writes to blue: delete it in RDS if nobody needs ' +
        'it. If it was no rehearsal, correct blue.database and green.rdsInstanceId, and repeat',
      { cutoverId, left },
    );
  }
  const seen = green === 'open' ? 'green serves' : `${left.join(' and ')} of it exists`;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as blue has no arbiter of cutover ${cutoverId}, and yet ${seen}; whether its writes have moved cannot be ` +
      'told from here, and nothing was changed. Correct blue.database (or green.database), and repeat; if blue was restored from ' +
      'a copy, its writes may be on green: do not let anything write to blue. What nobody needs any more is for a person to delete',
    { cutoverId, left },
  );
}

/** Who wants the end of a cutover, or an open green, does not want it taken back. */
async function assertMoved({ databases }: StepDeps, cutoverId: string, signal: AbortSignal): Promise<void> {
  const found = await databases.withSession('blue', describeArbiter, { signal, purpose: 'repair' });
  if (found?.cutoverId === cutoverId && found.side === 'blue' && found.state === 'committed') return;
  const seen = found === undefined ? 'no arbiter' : `${found.state}, ${found.side} of cutover ${found.cutoverId}`;
  throw new CutoverFault(
    'CHECK_FAILED',
    `nothing of cutover ${cutoverId} can be finalized or opened: the database reached as blue does not say that the writes left it (${seen}); ` +
      'nothing was changed. Correct blue.database, or leave --finalize and --open-unproven out',
    { cutoverId },
  );
}

async function isHeldOnBlue({ databases }: StepDeps, cutoverId: string, signal: AbortSignal): Promise<boolean> {
  return databases.withSession(
    'blue',
    async (blue) => {
      const found = await describeArbiter(blue);
      if (found === undefined) return false;
      if (found.cutoverId !== cutoverId) throw await cutoverRunning(blue, found);
      if (found.side === 'blue') return true;
      throw new CutoverFault(
        'CROSSED_CONNECTION',
        `the database reached as blue is green of cutover ${cutoverId}; nothing was changed; check the addresses of both sides`,
      );
    },
    { signal, purpose: 'repair' },
  );
}

async function lookAtGreen({ databases }: StepDeps, cutoverId: string, signal: AbortSignal) {
  const found = await databases
    .withSession('green', describeArbiter, { signal, purpose: 'repair' })
    .catch((error: unknown) => {
      if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
      return undefined;
    });
  if (found?.cutoverId !== cutoverId) return 'unknown';
  if (found.side !== 'green') {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as green is the ${found.side} side of cutover ${cutoverId}; nothing was changed; check the addresses of both sides`,
      { cutoverId },
    );
  }
  return found.state === 'closed' || found.state === 'abandoned' ? 'closed' : 'open';
}

/** What the provider has that carries the cutover's tag; `isUnused`: among it an instance that never had an arbiter. */
async function resourcesLeft({ provider, settings }: StepDeps, cutoverId: string) {
  const { greenInstanceId } = settings.provider;
  const instance = await provider.describeInstance(greenInstanceId);
  const snapshot = await provider.describeSnapshot(snapshotIdOf(cutoverId));
  const isOurs = instance?.tags[CUTOVER_TAG] === cutoverId;
  const left = [
    ...(isOurs ? [`instance ${greenInstanceId}`] : []),
    ...(snapshot?.tags[CUTOVER_TAG] === cutoverId ? [`snapshot ${snapshot.snapshotId}`] : []),
  ];
  return { left, isUnused: isOurs && wasNeverClosed(instance), isSnapshotAlone: !isOurs && left.length > 0 };
}
