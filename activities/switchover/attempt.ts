import { type Gateway } from '../../domain/ports/targets';
import { type TargetReceipt } from '../../domain/receipts';
import { type FaultCode } from '../../domain/faults';
import { type SideName } from '../../domain/sides';
import { type SwitchoverInput } from '../../domain/steps';
import { type StepContext, type StepDeps } from '../step';
import { type OpenAnswer } from '../../hydra/arbiter/arbiter';
import { AroundFence } from './around-fence';
import { type PauseSessions } from './pause-sessions';
import { type LatestAttempt, type SwitchoverTools } from './tools';
import { within } from './within';

/** What the actions of one attempt share: whom they talk to, and what they found out. */
export class Attempt {
  attempt: number | null;
  epoch: number | null;
  /** On the worker's clock; null before the first request is held. */
  heldSince: number | null = null;
  /** Of the gateways that hold, at the arbiter of the left side. */
  readonly members = new Map<Gateway, string>();
  /** When every gateway had said that it holds. */
  heldAt: number | null = null;
  lastRound = { rounds: 0, changes: 0, rows: 0, backlog: 0 };
  /** Carries beside hold and fence what was written until the hold; ends when that is done or failed, and never rejects. */
  earlyRound: Promise<void> = Promise.resolve();
  /** Whether rounds before the hold found changes: then the next one will, and it is begun beside the hold. */
  isBusy = false;
  /** How often the fence was asked for. */
  fenceTries = 0;
  /** Whether nothing was left to carry, asked in the same session behind the fence: by the number of its try. */
  behindFence: { readonly fenceTry: number; readonly isDone: Promise<boolean> } | null = null;
  challenges = { count: 0, lastSeq: 0 };
  /** Whether a round has brought challenges, or may have, since the gateways were told before the fence. */
  mayHaveNewChallenges = false;
  /** Ends when the gateways were told what was known before the fence, or that failed; never rejects. */
  informing: Promise<void> = Promise.resolve();
  /** Gateways that know all stale challenges. */
  readonly informed = new Set<Gateway>();
  /** Gateways that send no new read to the left side any more. */
  readonly readsMoved = new Set<Gateway>();
  /** By name, of those that serve the entered side. */
  readonly flipped = new Map<string, TargetReceipt>();
  /** On both sides, before the first request is held. Null: not known, because a server crashed after an earlier fence. */
  refusedBefore: number | null = 0;
  /** The same on the left side alone. */
  refusedOnLeftBefore: number | null = 0;
  readonly around = new AroundFence();
  /** The entered side, opened in a transaction that is not committed; null: not begun, or taken back. */
  opening: Promise<OpenAnswer> | null = null;
  openingAnsweredAt = -Infinity;
  /** Whether the left side is clean, asked once all parties were told to use the entered one. */
  lastLook: { readonly at: number; readonly isClean: Promise<boolean> } | null = null;
  /** The session on the entered side was used after the commit before, so that it may be gone, or in a transaction. */
  isEnteredDoubtful: boolean;
  readonly startedAt = performance.now();
  /** Who held the lock that was not to be had last. */
  busyWith: string | null = null;
  private why: string | null = null;

  constructor(
    readonly deps: StepDeps,
    readonly input: SwitchoverInput,
    readonly context: StepContext,
    readonly tools: SwitchoverTools,
    readonly sessions: PauseSessions,
    readonly latest: LatestAttempt | null,
  ) {
    const goesOn = latest !== null && latest.state !== 'aborted';
    // Who resumes has no session on the entered side yet.
    this.isEnteredDoubtful = goesOn;
    this.attempt = goesOn ? latest.attempt : null;
    this.epoch = goesOn ? latest.epoch : null;
    this.refusedBefore = goesOn ? refusedOf(context.lastProgress, latest.attempt, 'refusedBefore') : 0;
    this.refusedOnLeftBefore = goesOn ? refusedOf(context.lastProgress, latest.attempt, 'refusedOnBlueBefore') : 0;
    if (goesOn && latest.state !== 'committed') this.explain('an earlier run of this step ended before its commit');
  }

  get settings() {
    return this.deps.settings.switchover;
  }

  get reason(): string {
    return this.why ?? this.busyWith ?? 'given up';
  }

  get names() {
    const { attempt, epoch, input } = this;
    return { cutoverId: input.cutoverId, attempt, epoch };
  }

  get leftSide(): SideName {
    return this.deps.direction.from;
  }

  get enteredSide(): SideName {
    return this.deps.direction.to;
  }

  get theAttempt(): number {
    return known(this.attempt, 'attempt');
  }

  get theEpoch(): number {
    return known(this.epoch, 'epoch');
  }

  /** What is left of the budget; without a limit before the first request is held. */
  get leftMs(): number {
    if (this.heldSince === null) return Infinity;
    const { pauseBudgetMs, holdDeadlineMs, leaseMarginMs } = this.settings;
    return Math.min(pauseBudgetMs, holdDeadlineMs - leaseMarginMs) - (performance.now() - this.heldSince);
  }

  /** Since the first request is held. A worker that took over counts from the beginning of the attempt, on the database's clock. */
  get heldForMs(): number {
    const now = performance.now();
    if (this.heldSince !== null) return now - this.heldSince;
    if (this.latest === null || this.latest.state === 'aborted') return 0;
    return this.latest.ageMs + now - this.startedAt;
  }

  /**
   * Whether every gateway that held for this attempt, and was told nothing since, is in doubt by its own clock. A hold begins before this
   * worker hears of it; of one that another worker asked for only the beginning of the attempt is known, and that the fence, which
   * came after it, was within the lease.
   */
  get areHoldsOver(): boolean {
    const { holdDeadlineMs, leaseMarginMs } = this.settings;
    if (this.heldAt !== null) return performance.now() - this.heldAt > holdDeadlineMs + leaseMarginMs;
    return this.heldForMs > 2 * holdDeadlineMs + leaseMarginMs;
  }

  /**
   * What is left, after the commit, for the proof that nothing went around the fence. A server that is just started again is no reason to
   * ask a person, so that there is a moment in any case. When a person asked for it: one whole carry, however long it takes.
   */
  get proofLeftMs(): number {
    const { around, input, settings, tools } = this;
    const momentMs = tools.patience.fenceMs - (performance.now() - around.startedAt);
    if (around.found === null) return Math.max(momentMs, settings.pauseBudgetMs - this.heldForMs);
    if (input.fence === 'carry') return around.tries === 0 ? Infinity : 0;
    return settings.pauseBudgetMs - this.heldForMs;
  }

  /** The first reason is the one that is told. */
  explain(why: string): void {
    this.why ??= why;
  }

  add(more: string): void {
    this.why = `${this.reason}; ${more}`;
  }

  /** @throws CutoverFault `code` when the budget is used up before `work` ends */
  inTime<T>(what: string, code: FaultCode, work: Promise<T>): Promise<T> {
    return this.leftMs === Infinity ? work : within(this.leftMs, what, code, work);
  }
}

function known(value: number | null, what: string): number {
  if (value === null) throw new Error(`the ${what} of a switchover is used before it is known`);
  return value;
}

/** Without the hint everything that was ever refused counts, which errs on the safe side. */
function refusedOf(progress: unknown, attempt: number, name: 'refusedBefore' | 'refusedOnBlueBefore'): number {
  if (typeof progress !== 'object' || progress === null) return 0;
  const said = progress as Readonly<Record<string, unknown>>;
  return said['attempt'] === attempt && typeof said[name] === 'number' ? said[name] : 0;
}
