import { CutoverFault } from '../../domain/faults';
import { type ResultOf } from '../../domain/switchover';
import { nextEpoch } from '../../domain/target';
import {
  beginAttempt,
  commitAttempt,
  fence,
  type FenceAnswer,
  readArbiter,
  warmDecisions,
} from '../../hydra/arbiter/arbiter';
import { holdersOfDecision, isLockBusy } from '../../hydra/arbiter/lock-retry';
import { noteBeginning } from '../../hydra/closing';
import { type OpenRoundOptions } from '../sync-session';
import { type Attempt } from './attempt';
import { beginToOpen, giveOpeningUp } from './begin-to-open';
import { claimAttempt, noneBegunSince, ownedAfterClaim } from './claim-attempt';
import { informGateways } from './inform-gateways';
import { memberProblems, otherMembers } from './members';
import { everyParty, forAll, gatewayProblems, revertParties } from './parties';
import { warmUpEntered } from './warm-up-entered';
import { within } from './within';

/** So many rounds may be long before the hold. */
const ROUNDS_MAX = 30;

export async function revertLeftovers(run: Attempt): Promise<ResultOf<'revertLeftovers'>> {
  if (run.latest === null) return 'ok';
  const { left } = await revertParties(everyParty(run.deps), run.latest.epoch, run.tools.patience.revertMs);
  if (left.length === 0) return 'ok';
  run.explain(`left from an earlier attempt: ${left.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`);
  return 'failed';
}

export async function prepare(run: Attempt): Promise<ResultOf<'prepare'>> {
  const { deps, sessions } = run;
  const problems = await gatewayProblems(run.deps.direction.to, deps.gateways);
  if (problems.length > 0) {
    run.explain(problems.join('; '));
    return 'failed';
  }
  await sessions.openForPause();
  const strangers = await memberProblems(run);
  if (strangers !== null) {
    run.explain(strangers);
    return 'failed';
  }
  if (!(await chooseEpoch(run))) return 'failed';
  const sides = { direction: run.deps.direction, from: sessions.left, to: sessions.entered };
  const noted = noteBeginning(sides, run.input.cutoverId, run.theEpoch);
  await within(run.tools.patience.questionMs, 'noting on both sides that it begins', 'DB_UNREACHABLE', noted);
  if (!(await roundsUntilShort(run))) return 'failed';
  await informGateways(run);
  await warmUpEntered(run);
  if (!(await roundsUntilShort(run))) return 'failed';
  await within(run.tools.patience.questionMs, 'planning what the pause asks', 'DB_UNREACHABLE', warm(run));
  // No statement of this session may outlive the pause, even when nobody is left who waits for it.
  const limit = sessions.left.query(`SET statement_timeout = ${Math.round(run.settings.pauseBudgetMs)}`);
  await within(
    run.tools.patience.questionMs,
    `setting the limit of ${run.leftSide}'s statements`,
    'DB_UNREACHABLE',
    limit,
  );
  // Once more, because it opens the connections that the pause needs.
  const views = await forAll(everyParty(deps), (party) => party.read());
  if (views.every(({ highestEpoch }) => highestEpoch < run.theEpoch)) return 'ok';
  run.explain(`a gateway or target has seen epoch ${run.theEpoch} or a newer one: another switchover is under way`);
  return 'failed';
}

/** One after the other in each session. */
async function warm({ sessions }: Attempt): Promise<void> {
  await sessions.askLeft(warmDecisions);
  await warmDecisions(sessions.left);
  await warmDecisions(sessions.entered);
  await sessions.sync.isDone();
}

/**
 * Fixed long before the attempt begins: whoever gives this cutover up meanwhile uses up a higher one, and so a run that stalled
 * here is refused when it wakes up.
 */
async function chooseEpoch(run: Attempt): Promise<boolean> {
  const { deps, sessions, tools, input, latest } = run;
  const views = await forAll(everyParty(deps), (party) => party.read());
  const left = await within(
    run.tools.patience.questionMs,
    `looking at ${run.leftSide}'s arbiter`,
    'DB_UNREACHABLE',
    readArbiter(sessions.left),
  );
  const entered = await within(
    run.tools.patience.questionMs,
    `looking at ${run.enteredSide}'s arbiter`,
    'DB_UNREACHABLE',
    readArbiter(sessions.entered),
  );
  run.refusedBefore = left.refused === null || entered.refused === null ? null : left.refused + entered.refused;
  run.refusedOnLeftBefore = left.refused;
  const known = [left.epoch, entered.epoch, latest?.epoch ?? 0, ...views.map((view) => view.highestEpoch)];
  run.epoch = nextEpoch(known);
  // Not sooner: what was begun and given up since this run first looked would be in `known`, and nothing would stop this run.
  const now = await sessions.askLeft((client) => tools.latestAttempt(client, input.cutoverId, run.leftSide));
  if (noneBegunSince(latest?.attempt ?? null, now?.attempt ?? null)) return true;
  run.explain('another run began or gave up an attempt meanwhile');
  return false;
}

async function roundsUntilShort(run: Attempt): Promise<boolean> {
  const { roundMsMax } = run.settings;
  const { signal, heartbeat } = run.context;
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    signal.throwIfAborted();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(run.tools.patience.roundMs)]);
    const done = await within(
      run.tools.patience.roundMs,
      'a round of the sync',
      'SYNC_FAILED',
      run.sessions.sync.round({ signal: limited }),
    );
    heartbeat({ step: 'prepare', round, backlog: done.backlog });
    run.isBusy ||= done.changes > 0;
    if (done.durationMs <= roundMsMax) return true;
  }
  run.explain(`${ROUNDS_MAX} rounds in a row took longer than roundMsMax, ${roundMsMax} ms; try at a quieter hour`);
  return false;
}

export async function begin(run: Attempt): Promise<ResultOf<'begin'>> {
  const { holdDeadlineMs, leaseMarginMs } = run.settings;
  const terms = { epoch: run.theEpoch, holdDeadlineMs, marginMs: leaseMarginMs };
  const asked = beginAttempt(run.sessions.left, terms);
  // Without an answer it may have begun: the claim finds out.
  const what = `beginning on ${run.leftSide}`;
  const answer = await within(run.tools.patience.questionMs, what, 'DB_UNREACHABLE', unlessBusy(run, what, asked));
  if (answer === 'busy') return 'refused';
  if (answer.ok) {
    run.attempt = answer.attempt;
    return 'ok';
  }
  run.explain(`the arbiter refused to begin: ${answer.reason}`);
  // Another run of this step has committed meanwhile: the claim finds out, and this one helps it on.
  return answer.reason === 'committed' ? 'lost' : 'refused';
}

export async function stage(run: Attempt): Promise<ResultOf<'stage'>> {
  await forAll(everyParty(run.deps), (party) => party.stage(run.theEpoch, run.deps.direction.to));
  return 'ok';
}

/** Hydra answers 200 to a revoke whose write was refused, so no write may be under way when the fence comes. Reads go on. */
export async function hold(run: Attempt): Promise<ResultOf<'hold'>> {
  run.heldSince = performance.now();
  const { holdDeadlineMs } = run.settings;
  // Beside the hold and the fence: what the rounds up to now have brought. What fails is told once more, before the commit.
  run.informing = informGateways(run).catch(() => undefined);
  const all = forAll(run.deps.gateways, (gateway) => gateway.hold(run.theEpoch, holdDeadlineMs));
  const holding = run.inTime('holding the gateways', 'GATEWAY_BUSY', all);
  if (run.isBusy) run.earlyRound = carryEarly(run, holding);
  const held = await holding;
  held.forEach(({ member }, index) => {
    const gateway = run.deps.gateways[index];
    if (member !== null && gateway !== undefined) run.members.set(gateway, member);
  });
  run.heldAt = performance.now();
  return 'ok';
}

export async function fenceWrites(run: Attempt): Promise<ResultOf<'fence'>> {
  run.fenceTries += 1;
  const asked = fenceOf(run);
  if (!run.isBusy) {
    // Most often nothing came after the rounds before the hold, and then that is all there is to ask.
    const isDone = run.sessions.sync.isDone();
    // Whoever needs it waits for it.
    isDone.catch(() => undefined);
    run.behindFence = { fenceTry: run.fenceTries, isDone };
  }
  const answer = await whenFree(run, 'the fence', asked);
  if (answer === 'busy') return 'busy';
  if (answer.ok) return 'ok';
  run.explain(`the arbiter refused to fence: ${answer.reason === 'members' ? otherMembers(answer) : answer.reason}`);
  return 'refused';
}

function fenceOf({ sessions, theAttempt, settings, members }: Attempt): Promise<FenceAnswer> {
  return fence(sessions.left, theAttempt, settings.lockTimeoutMs, [...members.values()]);
}

/**
 * Every write that a gateway had sent on is committed when all of them hold, so that the round needs not wait for the fence. What it
 * misses, because it came past the gateways, its own last question finds where it was sent behind the fence, or the last round.
 */
async function carryEarly(run: Attempt, holding: Promise<unknown>): Promise<void> {
  let fenceTry = 0;
  try {
    const backlog = await carry(run, { beforeReading: holding, beforeCount: () => (fenceTry = run.fenceTries) });
    run.behindFence = { fenceTry, isDone: Promise.resolve(backlog === 0) };
  } catch {
    // The last round meets it too, and is asked why.
  }
}

/** What it asks is asked after the exclusive lock was held: an earlier snapshot would miss the last writes. */
export async function lastRound(run: Attempt): Promise<ResultOf<'lastRound'>> {
  await run.inTime('the round beside the fence', 'SYNC_FAILED', run.earlyRound);
  const { behindFence } = run;
  run.behindFence = null;
  // One before was not to be had, so that writes may have come behind it.
  const isBehind = behindFence?.fenceTry === run.fenceTries;
  const asked = isBehind ? behindFence.isDone : run.sessions.sync.isDone();
  const isDone = await run.inTime('asking whether anything is left to carry', 'SYNC_FAILED', asked);
  if (isDone) {
    run.lastRound = { ...run.lastRound, rounds: run.lastRound.rounds + 1, backlog: 0 };
    return 'zero';
  }
  const backlog = await carry(run);
  if (backlog === 0) return 'zero';
  run.deps.log.warn({ ...run.names, backlog }, 'a round under the fence left changes');
  return 'some';
}

/** @returns the backlog that it left */
async function carry(
  run: Attempt,
  options: Pick<OpenRoundOptions, 'beforeReading' | 'beforeCount'> = {},
): Promise<number> {
  const stop = new AbortController();
  const mayHaveSome = run.mayHaveNewChallenges;
  run.mayHaveNewChallenges = true;
  try {
    const round = run.sessions.sync.round({ ...options, signal: stop.signal, isRewriteLogged: true });
    const done = await run.inTime('the last round', 'SYNC_FAILED', round);
    const { rounds, changes, rows } = run.lastRound;
    const { backlog } = done;
    run.lastRound = { rounds: rounds + 1, changes: changes + done.changes, rows: rows + done.rows, backlog };
    run.mayHaveNewChallenges = mayHaveSome || done.begun > 0;
    return backlog;
  } finally {
    stop.abort(new CutoverFault('SYNC_FAILED', 'the time for the last round is over'));
  }
}

export async function pushChallenges(run: Attempt): Promise<ResultOf<'pushChallenges'>> {
  await run.inTime('telling the gateways of stale challenges', 'TARGET_UNREACHABLE', run.informing);
  if (!run.mayHaveNewChallenges && run.deps.gateways.every((gateway) => run.informed.has(gateway))) return 'ok';
  await run.inTime('telling the gateways of stale challenges', 'TARGET_UNREACHABLE', informGateways(run));
  return 'ok';
}

export async function commit(run: Attempt): Promise<ResultOf<'commit'>> {
  const asked = commitAttempt(run.sessions.left, run.theAttempt, run.settings.lockTimeoutMs);
  beginToOpen(run);
  const answer = await whenFree(run, 'the commit', asked);
  if (answer === 'busy') return 'busy';
  if (answer.ok) return 'ok';
  const details =
    answer.problems?.join('; ') ?? (answer.undone === undefined ? '' : `${answer.undone} changes are not carried`);
  run.explain(`the arbiter refused to commit: ${answer.reason}${details === '' ? '' : ` (${details})`}`);
  return 'refused';
}

/** @returns `busy` when the lock was not to be had, which leaves everything as it was */
function whenFree<T>(run: Attempt, what: string, asked: Promise<T>): Promise<T | 'busy'> {
  return run.inTime(what, 'LOCK_BUSY', unlessBusy(run, what, asked));
}

/** Asks at once who is in the way: a moment later it may be nobody. */
async function unlessBusy<T>(run: Attempt, what: string, asked: Promise<T>): Promise<T | 'busy'> {
  try {
    return await asked;
  } catch (error) {
    if (!isLockBusy(error)) throw error;
    const holders = await holdersOfDecision(run.sessions.left).catch(() => []);
    const who =
      holders.length === 0
        ? 'look for transactions that stay open there (pg_locks)'
        : `held by ${holders.join(', ')}: end that`;
    run.busyWith = `${what} did not get its lock; ${who}, then try again`;
    return 'busy';
  }
}

export async function claim(run: Attempt): Promise<ResultOf<'claim'>> {
  const { lockTimeoutMs } = run.settings;
  const { cutoverId } = run.input;
  const answer = await run.sessions.askLeft((left) =>
    claimAttempt(run.tools, left, {
      ...{ cutoverId, side: run.leftSide, lockTimeoutMs },
      ...{ attempt: run.attempt, after: run.latest?.attempt ?? 0 },
    }),
  );
  if (answer === 'busy') return 'unreachable';
  const owned = ownedAfterClaim(run, answer);
  run.attempt = owned.attempt;
  run.epoch = owned.epoch;
  return answer.outcome;
}

export async function revert(run: Attempt): Promise<ResultOf<'revert'>> {
  giveOpeningUp(run);
  if (run.epoch === null) return 'ok';
  const { left } = await revertParties(everyParty(run.deps), run.epoch, run.tools.patience.revertMs);
  if (left.length === 0) return 'ok';
  run.add(`not back yet: ${left.map(({ name, reason }) => `${name} (${reason})`).join(', ')}`);
  return 'left';
}
