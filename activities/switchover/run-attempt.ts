import { setTimeout as sleep } from 'node:timers/promises';
import { asCutoverFault, CutoverFault, type FaultCode } from '../../domain/faults';
import { type AroundFenceReceipt, type SwitchoverReceipt, type SwitchoverStep } from '../../domain/receipts';
import {
  afterAction,
  initialSwitchover,
  nextAction,
  type ResultOf,
  type SwitchoverActionKind,
} from '../../domain/switchover';
import { problemsSinceCommit, readArbiter } from '../../hydra/arbiter/arbiter';
import { carryAround, lookAround, unproven } from './around-fence';
import { type Attempt } from './attempt';
import * as before from './before-commit';
import * as afterCommit from './after-commit';
import { within } from './within';

const ROUNDS_UNDER_FENCE_MAX = 3;
const RETRY_MS = { first: 25, max: 2_000 } as const;
const HEARTBEAT_MS = 1_000;

interface ActionCode<Kind extends SwitchoverActionKind> {
  readonly run: (attempt: Attempt) => Promise<ResultOf<Kind>>;
  /** What it is taken for when it throws: `lost` where it may have happened although there is no answer. */
  readonly thrown: ResultOf<Kind>;
  /** Where its time is booked. */
  readonly step?: SwitchoverStep;
  /** What only a person can fix: it ends the step, with nothing of the entered side locked. */
  readonly ends?: FaultCode;
}

const ACTIONS: { readonly [Kind in SwitchoverActionKind]: ActionCode<Kind> } = {
  revertLeftovers: { run: before.revertLeftovers, thrown: 'failed' },
  prepare: { run: before.prepare, thrown: 'failed' },
  begin: { run: before.begin, thrown: 'lost' },
  stage: { run: before.stage, thrown: 'failed', step: 'stage' },
  hold: { run: before.hold, thrown: 'failed', step: 'hold' },
  fence: { run: before.fenceWrites, thrown: 'lost', step: 'fence' },
  lastRound: { run: before.lastRound, thrown: 'failed', step: 'lastRound' },
  pushChallenges: { run: before.pushChallenges, thrown: 'failed', step: 'staleChallenges' },
  commit: { run: before.commit, thrown: 'lost', step: 'commit' },
  claim: { run: before.claim, thrown: 'unreachable' },
  revert: { run: before.revert, thrown: 'failed' },
  lookAtEntered: { run: afterCommit.lookAtEntered, thrown: 'failed', step: 'open', ends: 'CROSSED_CONNECTION' },
  lookAround: { run: afterCommit.lookAroundFence, thrown: 'failed', step: 'fenceProof' },
  carryAround: { run: carryAround, thrown: 'failed', step: 'fenceProof' },
  holdWriters: { run: afterCommit.holdWriters, thrown: 'failed', step: 'flip' },
  applyTargets: { run: afterCommit.applyTargets, thrown: 'failed', step: 'flip' },
  openEntered: { run: afterCommit.openEntered, thrown: 'lost', step: 'open' },
  release: { run: afterCommit.release, thrown: 'failed', step: 'release' },
  confirmTargets: { run: afterCommit.confirmTargets, thrown: 'failed' },
};

/** Why an action failed last. */
interface Trouble {
  readonly kind: SwitchoverActionKind;
  readonly message: string;
}

/**
 * Does what `domain/switchover.ts` decides until it says that it is over.
 *
 * After the commit it never gives up and does not hear cancellation.
 * @throws CutoverFault DB_UNREACHABLE when nobody could be asked whether the attempt was committed: repeat the step |
 *   CROSSED_CONNECTION when what is reached as the entered side is not this cutover's, or was finalized | FENCE_UNPROVEN
 */
export async function runAttempt(attempt: Attempt): Promise<SwitchoverReceipt> {
  const { context, settings } = attempt;
  const limits = { lockAttempts: settings.lockAttempts, roundsMax: ROUNDS_UNDER_FENCE_MAX };
  const stepsMs: Partial<Record<SwitchoverStep, number>> = {};
  let state = initialSwitchover(attempt.latest?.state ?? 'none', attempt.input.fence === 'open');
  let claimSince: number | null = null;
  let retryMs: number = RETRY_MS.first;
  let trouble: Trouble | null = null;
  const say = (step: string) => {
    context.heartbeat({
      ...attempt.names,
      step,
      state: state.attempt,
      refusedBefore: attempt.refusedBefore,
      refusedOnBlueBefore: attempt.refusedOnLeftBefore,
      ...(trouble === null ? {} : { problem: trouble.message }),
    });
    if (state.attempt === 'committed') {
      context.tellCommitted?.({ cutoverId: attempt.input.cutoverId, epoch: attempt.theEpoch });
    }
  };
  let saying = 'begin';
  const beat = setInterval(() => say(saying), HEARTBEAT_MS);
  try {
    for (;;) {
      const leftMs = state.attempt === 'committed' ? attempt.proofLeftMs : attempt.leftMs;
      const facts = { budgetOver: leftMs <= 0, cancelled: context.signal.aborted };
      const action = nextAction(state, facts);
      if (facts.cancelled && state.attempt !== 'committed') attempt.explain('it was cancelled');
      else if (facts.budgetOver) attempt.explain(`the pause budget of ${settings.pauseBudgetMs} ms was used up`);
      if (action.kind === 'finish') {
        if (action.outcome === 'unproven') throw unproven(attempt);
        return action.outcome === 'committed' ? await committed(attempt, stepsMs) : aborted(attempt, stepsMs);
      }
      if (action.kind === 'claim') {
        claimSince ??= performance.now();
        if (performance.now() - claimSince > attempt.tools.patience.claimMs) throw unresolved(attempt);
      }
      saying = action.kind;
      say(saying);
      const { result, failure } = await perform(attempt, action.kind, stepsMs);
      // Told until the same action has succeeded: what is done in between, to try it again, does not cure it.
      if (failure !== undefined) trouble = { kind: action.kind, message: failure };
      else if (trouble?.kind === action.kind) trouble = null;
      const after = afterAction(state, action.kind, result, limits);
      const isStuck = mustWait(action.kind, result) || nextAction(after, facts).kind === action.kind;
      state = after;
      if (isStuck && action.kind !== 'lastRound') {
        await sleep(retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MS.max);
      } else if (action.kind !== 'holdWriters') {
        retryMs = RETRY_MS.first;
      }
    }
  } finally {
    clearInterval(beat);
  }
}

/** The session on the entered side is made anew first: without a wait the two would take turns as fast as they can. */
function mustWait(kind: SwitchoverActionKind, result: ResultOf<SwitchoverActionKind>): boolean {
  if (kind === 'openEntered') return result === 'lost';
  if (kind === 'lookAround' || kind === 'carryAround') return result === 'failed';
  return kind === 'applyTargets' && result === 'session_lost';
}

interface Performed<Kind extends SwitchoverActionKind> {
  readonly result: ResultOf<Kind>;
  readonly failure?: string;
}

async function perform<Kind extends SwitchoverActionKind>(
  attempt: Attempt,
  kind: Kind,
  stepsMs: Partial<Record<SwitchoverStep, number>>,
): Promise<Performed<Kind>> {
  const code = ACTIONS[kind] as ActionCode<Kind>;
  const { log } = attempt.deps;
  const began = performance.now();
  let result: ResultOf<Kind>;
  let failure: string | undefined;
  try {
    result = await code.run(attempt);
  } catch (error) {
    const fault = asCutoverFault(error);
    log.warn({ ...attempt.names, step: kind, code: fault.code, err: fault }, 'switchover action failed');
    if (fault.code === code.ends) throw fault;
    failure = fault.message;
    attempt.explain(`${kind}: ${failure}`);
    result = code.thrown;
  }
  const durationMs = performance.now() - began;
  if (code.step !== undefined) stepsMs[code.step] = Math.round((stepsMs[code.step] ?? 0) + durationMs);
  log.info({ ...attempt.names, step: kind, result, durationMs: Math.round(durationMs) }, 'switchover action done');
  return { result, failure };
}

async function committed(
  attempt: Attempt,
  stepsMs: Readonly<Partial<Record<SwitchoverStep, number>>>,
): Promise<SwitchoverReceipt> {
  const { deps, input } = attempt;
  const holdMs = Math.round(attempt.heldForMs);
  const counted = await refusedWrites(attempt).catch(() => null);
  // Opened on somebody's word: nobody can say then that nothing was lost. What the left side says is told all the same.
  if (input.fence === 'open') await lookAround(attempt).catch(() => 'failed');
  const refused = input.fence === 'open' ? null : counted;
  if (refused === null) deps.log.warn(attempt.names, 'refused writes could not be counted');
  return {
    outcome: 'committed',
    attempt: attempt.theAttempt,
    epoch: attempt.theEpoch,
    holdMs,
    heldAt: new Date(Date.now() - holdMs).toISOString(),
    stepsMs,
    refused,
    targets: [...deps.gateways, ...deps.targets].flatMap(({ name }) => attempt.flipped.get(name) ?? []),
    lastRound: attempt.lastRound,
    staleChallenges: attempt.challenges.count,
    ...aroundFence(attempt),
  };
}

function aroundFence({ around, input }: Attempt): { readonly aroundFence?: AroundFenceReceipt } {
  const { found, rows, spentMs } = around;
  const openedBy = input.fence === 'open' ? (input.decided ?? 'somebody') : null;
  if (found === null && openedBy === null) return {};
  const seen = { problems: found?.problems ?? [], refused: found?.refused ?? null, tables: [...around.tables] };
  return { aroundFence: { ...seen, rows, durationMs: Math.round(spentMs), openedBy } };
}

/** On both sides: whoever was flipped before the entered side opened may have met its guard. @returns null when nobody can say */
async function refusedWrites({ deps, names, sessions, tools, refusedBefore }: Attempt): Promise<number | null> {
  const left = await sessions.askLeft((client) => readArbiter(client));
  const problems = await sessions.askLeft(problemsSinceCommit);
  if (problems.length > 0) {
    // What went around the guards was counted by nobody.
    deps.log.error(
      { ...names, problems },
      `${deps.direction.from}'s guards or capture are not as they were committed; nobody can say that nothing was lost`,
    );
    return null;
  }
  const asked = sessions.answeringEntered().then(readArbiter);
  const entered = await within(tools.patience.questionMs, `counting on ${deps.direction.to}`, 'DB_UNREACHABLE', asked);
  if (left.refused === null || entered.refused === null || refusedBefore === null) return null;
  return Math.max(0, left.refused + entered.refused - refusedBefore);
}

function aborted(attempt: Attempt, stepsMs: Readonly<Partial<Record<SwitchoverStep, number>>>): SwitchoverReceipt {
  const { epoch, reason } = attempt;
  const wasBegun = attempt.attempt !== null;
  return {
    outcome: 'aborted',
    attempt: attempt.attempt,
    epoch: wasBegun ? epoch : null,
    holdMs: Math.round(attempt.heldForMs),
    stepsMs,
    reason,
  };
}

function unresolved(attempt: Attempt): CutoverFault {
  return new CutoverFault(
    'DB_UNREACHABLE',
    `${attempt.leftSide} did not say for ${attempt.tools.patience.claimMs} ms whether attempt ${attempt.attempt ?? '(unknown)'} was committed; make its database reachable and repeat`,
    { attempt: attempt.attempt ?? undefined, epoch: attempt.epoch ?? undefined },
  );
}
