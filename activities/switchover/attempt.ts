import { type Gateway } from '../../domain/ports/targets';
import { type TargetReceipt } from '../../domain/receipts';
import { type FaultCode } from '../../domain/faults';
import { type StepInput } from '../../domain/steps';
import { type StepContext, type StepDeps } from '../step';
import { type PauseSessions } from './pause-sessions';
import { type LatestAttempt, type SwitchoverTools } from './tools';
import { within } from './within';

/** What the actions of one attempt share: whom they talk to, and what they found out. */
export class Attempt {
  attempt: number | null;
  epoch: number | null;
  /** On the worker's clock; null before the first request is held. */
  heldSince: number | null = null;
  lastRound = { rounds: 0, changes: 0, rows: 0, backlog: 0 };
  challenges = { count: 0, lastSeq: 0 };
  /** Gateways that know all stale challenges. */
  readonly informed = new Set<Gateway>();
  /** By name, of those that serve green. */
  readonly flipped = new Map<string, TargetReceipt>();
  /** On both sides, before the first request is held. Null: not known, because a server crashed after an earlier fence. */
  refusedBefore: number | null = 0;
  readonly startedAt = performance.now();
  private why: string | null = null;

  constructor(
    readonly deps: StepDeps,
    readonly input: StepInput,
    readonly context: StepContext,
    readonly tools: SwitchoverTools,
    readonly sessions: PauseSessions,
    readonly latest: LatestAttempt | null,
  ) {
    const goesOn = latest !== null && latest.state !== 'aborted';
    this.attempt = goesOn ? latest.attempt : null;
    this.epoch = goesOn ? latest.epoch : null;
    this.refusedBefore = goesOn ? refusedOf(context.lastProgress, latest.attempt) : 0;
    if (goesOn && latest.state !== 'committed') this.explain('an earlier run of this step ended before its commit');
  }

  get settings() {
    return this.deps.settings.switchover;
  }

  get reason(): string {
    return this.why ?? 'given up';
  }

  get names() {
    const { attempt, epoch, input } = this;
    return { cutoverId: input.cutoverId, attempt, epoch };
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
function refusedOf(progress: unknown, attempt: number): number {
  if (typeof progress !== 'object' || progress === null || !('refusedBefore' in progress)) return 0;
  const isSame = 'attempt' in progress && progress.attempt === attempt;
  return isSame && typeof progress.refusedBefore === 'number' ? progress.refusedBefore : 0;
}
