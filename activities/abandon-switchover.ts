import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault, isCutoverFault } from '../domain/faults';
import { type SqlClient } from '../domain/ports/sql-client';
import { type Target } from '../domain/ports/targets';
import { type StepInput } from '../domain/steps';
import { nextEpoch } from '../domain/target';
import { type ArbiterDescription, abortAttempt, beginAttempt, describeArbiter } from '../hydra/arbiter';
import { isLockBusy } from '../hydra/arbiter/lock-retry';
import { assertNotOlder, notedOnEntered } from './support/not-older';
import { type Step, type StepContext, type StepDeps } from './step';
import { claimAttempt } from './switchover/claim-attempt';
import { everyParty, forAll, revertParties } from './switchover/parties';
import { arbiterOf, realTools } from './switchover/real-tools';

/** Then the step fails and is repeated. */
const CLAIMS_MAX = 20;
/** Each follows a higher epoch than the one before. */
const ROUNDS_MAX = 5;
const RETRY_MS = 250;
const REVERT_TRIES = 4;
const REVERT_PATIENCE_MS = 5_000;

/**
 * The left side serves again and no attempt of this cutover can commit any more, or it is too late for that.
 *
 * Never looks: it claims what is alive, then uses up an epoch above all that are known, so that a run that stalled before its
 * beginning is refused when it wakes up. Idempotent; tolerates that nothing was ever begun. Where the left side has no arbiter, it says
 * `aborted` only if nobody has anything to give up, and changes nothing.
 *
 * @throws CutoverFault TARGET_UNREACHABLE (a gateway or target does not confirm; repeat) | LOCK_BUSY | DB_UNREACHABLE |
 *   CROSSED_CONNECTION (the left side has no arbiter, and yet a switchover began or the entered one serves; it is an older copy of itself)
 */
export const abandonSwitchover: Step<StepInput, { readonly outcome: 'aborted' | 'committed' }> = async (
  deps,
  { cutoverId },
  context,
) => {
  for (let round = 1; ; round += 1) {
    const answer = await askLeft(deps, cutoverId, context);
    if (answer === 'committed') return { outcome: 'committed' };
    if (answer === undefined) await assertNothingBegun(deps, cutoverId, context);
    else if (answer !== 'theirs') {
      await revertAll(deps, context, answer.epoch);
      // Who was away when the epoch was used up may have seen a higher one, and a run that stalled may have chosen one above that.
      if (!answer.isRemoving && (await highestSeen(deps)) > answer.epoch) {
        if (round < ROUNDS_MAX) continue;
        throw new CutoverFault('LOCK_BUSY', `a newer epoch was seen in each of ${ROUNDS_MAX} rounds; repeat`);
      }
    }
    deps.log.info({ cutoverId, ...(typeof answer === 'object' ? answer : {}) }, 'switchover abandoned');
    return { outcome: 'aborted' };
  }
};

/** Up to `epoch` everything is to be reverted. `isRemoving`: no epoch can be begun there any more, so none had to be used up. */
interface GivenUp {
  readonly epoch: number;
  readonly isRemoving: boolean;
}

/** @returns undefined where the left side has no arbiter, `theirs` where it has another cutover's */
async function askLeft(
  deps: StepDeps,
  cutoverId: string,
  context: StepContext,
): Promise<GivenUp | 'committed' | 'theirs' | undefined> {
  const noted = await notedOnEntered(deps, cutoverId, context);
  return deps.databases.withSession(
    deps.direction.from,
    async (left) => {
      const arbiter = await arbiterOrNone(deps, left, cutoverId);
      if (arbiter === 'theirs' || arbiter === undefined) return arbiter;
      if (arbiter.state !== 'committed') await assertNotOlder(deps, left, arbiter, noted);
      return giveUp(deps, arbiter, context, left);
    },
    { signal: context.signal, purpose: 'abandon switchover' },
  );
}

/** @returns `theirs` for another cutover's: ours was removed before it could come, and nothing of it is touched */
async function arbiterOrNone(
  { direction }: StepDeps,
  left: SqlClient,
  cutoverId: string,
): Promise<ArbiterDescription | undefined | 'theirs'> {
  try {
    return await arbiterOf(left, cutoverId, direction.from);
  } catch (error) {
    if (isCutoverFault(error) && error.code === 'CUTOVER_RUNNING') return 'theirs';
    throw error;
  }
}

/**
 * A database without an arbiter says nothing of this cutover: it may be the wrong one, or a copy from before. An epoch that was
 * committed must not be reverted on its word.
 */
async function assertNothingBegun(deps: StepDeps, cutoverId: string, context: StepContext): Promise<void> {
  const staged = (await Promise.all(everyParty(deps).map(hasStaged))).flat();
  const { from, to } = deps.direction;
  const entered = await describeEntered(deps, context);
  const isOurs = entered?.cutoverId === cutoverId && entered.side === to;
  const serves = isOurs && entered.state !== 'closed' && entered.state !== 'abandoned';
  if (staged.length === 0 && !serves) return;
  const seen = [
    ...(serves ? [`${to} is ${entered.state} for epoch ${entered.epoch}`] : []),
    ...(staged.length === 0 ? [] : [`${staged.join(', ')} holds or has staged an epoch, or does not answer`]),
  ];
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as ${from} has no arbiter of cutover ${cutoverId}, and yet ${seen.join('; ')}; whether that was committed only ${from}'s arbiter knows, and nothing was changed. Correct ${from}.database, then repeat`,
    { cutoverId, parties: staged },
  );
}

/** One that is away counts as well: nothing is known of it. */
async function hasStaged(party: Target): Promise<readonly string[]> {
  const view = await party.read().catch(() => undefined);
  return view !== undefined && (view.stagedEpoch ?? 0) <= view.appliedEpoch ? [] : [party.name];
}

/** @returns undefined when the entered side does not answer or has no arbiter */
function describeEntered(
  { databases, direction }: StepDeps,
  { signal }: StepContext,
): Promise<ArbiterDescription | undefined> {
  return databases
    .withSession(direction.to, describeArbiter, { signal, purpose: 'abandon switchover' })
    .catch((error: unknown) => {
      if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
      return undefined;
    });
}

async function giveUp(
  deps: StepDeps,
  { cutoverId, epoch }: ArbiterDescription,
  { signal, heartbeat }: StepContext,
  left: SqlClient,
): Promise<GivenUp | 'committed'> {
  const { lockTimeoutMs } = deps.settings.switchover;
  const side = deps.direction.from;
  for (let claims = 1; claims <= CLAIMS_MAX; claims += 1) {
    signal.throwIfAborted();
    heartbeat({ step: 'claiming', claims });
    const claimed = await claimAttempt(realTools, left, { cutoverId, side, attempt: null, lockTimeoutMs });
    if (claimed !== 'busy') {
      if (claimed.outcome === 'committed') return 'committed';
      const used = await useUpEpoch(left, Math.max(epoch, claimed.epoch ?? 0), deps);
      if (used !== 'again') return used;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
  throw new CutoverFault('LOCK_BUSY', `${side}'s arbiter could not be claimed in ${CLAIMS_MAX} tries; repeat`);
}

/** @param begun the highest epoch that the arbiter of the left side knows */
async function useUpEpoch(left: SqlClient, begun: number, deps: StepDeps): Promise<GivenUp | 'committed' | 'again'> {
  const epoch = nextEpoch([begun, ...(await highestEpochs(deps))]);
  const answer = await beginAttempt(left, { epoch, holdDeadlineMs: 1, marginMs: 0 });
  if (answer.ok) {
    const { lockTimeoutMs } = deps.settings.switchover;
    const { outcome } = await abortAttempt(left, answer.attempt, 'abandoned', lockTimeoutMs).catch((error: unknown) => {
      if (isLockBusy(error)) return { outcome: 'busy' };
      throw error;
    });
    return outcome === 'aborted' ? { epoch: answer.epoch, isRemoving: false } : 'again';
  }
  if (answer.reason === 'closed' || answer.reason === 'abandoned') {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the arbiter reached as ${deps.direction.from} is ${answer.reason}, which only ${deps.direction.to} is; check the addresses of both sides`,
    );
  }
  // One that nobody used up is not reverted: the next cutover may begin it.
  if (answer.reason === 'removing') return { epoch: begun, isRemoving: true };
  return answer.reason === 'committed' ? 'committed' : 'again';
}

/** Those that are away count as 0: they are waited for when they are reverted, and counted then. */
async function highestEpochs(deps: StepDeps): Promise<readonly number[]> {
  const views = await Promise.allSettled(everyParty(deps).map((party) => party.read()));
  return views.map((view) => (view.status === 'fulfilled' ? view.value.highestEpoch : 0));
}

/** @throws CutoverFault TARGET_UNREACHABLE */
async function highestSeen(deps: StepDeps): Promise<number> {
  const views = await forAll(everyParty(deps), (party) => party.read());
  return Math.max(0, ...views.map(({ highestEpoch }) => highestEpoch));
}

async function revertAll(deps: StepDeps, context: StepContext, epoch: number): Promise<void> {
  let open: readonly Target[] = everyParty(deps);
  for (let tries = 1; ; tries += 1) {
    context.signal.throwIfAborted();
    context.heartbeat({ step: 'reverting', tries, waiting: open.map(({ name }) => name) });
    const { left } = await revertParties(open, epoch, REVERT_PATIENCE_MS);
    if (left.length === 0) return;
    if (tries >= REVERT_TRIES) {
      const names = left.map(({ name, reason }) => `${name} (${reason})`).join(', ');
      throw new CutoverFault(
        'TARGET_UNREACHABLE',
        `the switchover is given up, but not confirmed by ${names}; bring them up, then repeat`,
        { epoch, left: left.map(({ name }) => name) },
      );
    }
    open = open.filter(({ name }) => left.some((each) => each.name === name));
  }
}
