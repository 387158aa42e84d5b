import { type Clock } from './clock';

/** What the arbiter answers to a beat, see `hydra_cutover.beat_member`. Epochs. */
export interface BeatAnswer {
  /** The lease is renewed, and this gateway is counted by a fence. */
  readonly admitted: boolean;
  readonly living: number | null;
  readonly committed: number | null;
}

export interface MembershipDeps {
  readonly clock: Clock;
  /**
   * One beat. Rejects when there is no answer, which changes nothing.
   * @param knownEpoch see {@link knownEpoch}
   */
  readonly beat: (leaseMs: number, knownEpoch: number) => Promise<BeatAnswer>;
  readonly knows: () => Known;
  /** Forward nothing to the side that may be left: by this clock, or by the arbiter's word, this gateway is counted by no fence. */
  readonly onLapsed: () => void;
  /** The lease was over, and is renewed now. */
  readonly onLate: () => void;
  /** The epoch is committed there. */
  readonly onCommitted: (epoch: number) => void;
  readonly onBeat: (outcome: 'ok' | 'failed' | 'refused') => void;
}

/** What a gateway knows besides its lease. Epochs; 0 where there is none. */
export interface Known {
  /** What the orchestrator has begun here and nobody has decided. */
  readonly undecided: number;
  /** The newest committed one since which nothing is sent to the side that was left. */
  readonly moved: number;
}

/** Whether it forwards to the side that may be left only as long as its lease lives. @param living as the arbiter said last */
export function isBound(living: number | null, { undecided, moved }: Known): boolean {
  return undecided > 0 || (living ?? 0) > moved;
}

/**
 * The attempt that it says it knows of, and by which it is bound. Only that makes its silence mean anything to a fence: what the arbiter
 * has answered may never have arrived.
 */
export function knownEpoch(living: number | null, { undecided }: Known): number {
  return living ?? undecided;
}

/**
 * `margin`: what the own clock stops before the lease ends. An outage of the arbiter outside a switchover is none of the gateways: their
 * leases end, and they go on.
 */
const CALM = { intervalMs: 5_000, leaseMs: 15_000, marginMs: 1_000 } as const;
/** From stage until release. */
const BOUND = { intervalMs: 500, leaseMs: 4_000, marginMs: 1_500 } as const;
type Terms = typeof CALM | typeof BOUND;

/**
 * This gateway's lease at the arbiter. While an attempt is under way it forwards only as long as its lease lives by its own clock, counted
 * from before the beat was sent: so a fence never meets one that it did not count.
 */
export class Membership {
  private validUntil = -Infinity;
  private isMember = false;
  private living: number | null = null;
  /** With what the last beat was sent; null where it had no answer. */
  private told: Known | null = null;
  private granted: Terms = CALM;
  private isStopped = false;
  private beating: Promise<void> | undefined;
  private cancelBeat: (() => void) | undefined;
  private cancelLapse: (() => void) | undefined;

  constructor(private readonly deps: MembershipDeps) {}

  /** Whether nothing may be forwarded to the side that may be left. Asked for each request: a process that stood still has missed its timers. */
  get isLapsed(): boolean {
    return this.isMember && this.isBound() && this.deps.clock.now() >= this.validUntil;
  }

  /** A beat of this process was admitted, so that the arbiter knows when its lease is over. */
  get hasJoined(): boolean {
    return this.isMember;
  }

  /** The last beat was answered, and its lease lives. */
  get isAlive(): boolean {
    return this.isMember && this.deps.clock.now() < this.validUntil;
  }

  /** Beats from now on. @returns after the first beat */
  start(): Promise<void> {
    return this.beatNow();
  }

  /** Something was staged or decided here: the next beat is now, with the lease that fits. */
  beatNow(): Promise<void> {
    this.cancelBeat?.();
    return (this.beating ??= this.beatOnce().finally(() => {
      this.beating = undefined;
      if (this.isStopped) return;
      // A lease of the shorter kind ends before the next beat of the longer one.
      const intervalMs = Math.min(this.granted.intervalMs, this.terms.intervalMs);
      this.cancelBeat = this.deps.clock.after(intervalMs, () => void this.beatNow());
    }));
  }

  /**
   * Beats now if this gateway knows something else than at its last beat. A hold is no news after the stage before it: a beat of it would
   * be in the way of the fence, which waits for the beats that are under way.
   */
  beatOnNews(): void {
    const { undecided, moved } = this.deps.knows();
    if (this.told?.undecided !== undecided || this.told.moved !== moved) void this.beatNow();
  }

  stop(): void {
    this.isStopped = true;
    this.cancelBeat?.();
    this.cancelLapse?.();
  }

  private isBound(): boolean {
    return isBound(this.living, this.deps.knows());
  }

  private get terms(): Terms {
    return this.isBound() ? BOUND : CALM;
  }

  private async beatOnce(): Promise<void> {
    const { clock, beat, onBeat, onLapsed, onLate, onCommitted, knows } = this.deps;
    const { terms } = this;
    const sentAt = clock.now();
    this.told = knows();
    let answer: BeatAnswer;
    try {
      answer = await beat(terms.leaseMs, knownEpoch(this.living, this.told));
    } catch {
      this.told = null;
      onBeat('failed');
      return;
    }
    if (this.isLapsed) onLate();
    this.living = answer.living;
    if (answer.admitted) {
      this.isMember = true;
      this.validUntil = sentAt + terms.leaseMs - terms.marginMs;
      this.granted = terms;
      this.watchLapse();
    }
    onBeat(answer.admitted ? 'ok' : 'refused');
    // Beside an attempt that does not count it; one that was told to hold is counted by its word.
    if (!answer.admitted && answer.living !== null && knows().undecided === 0) onLapsed();
    if (answer.committed !== null) onCommitted(answer.committed);
  }

  private watchLapse(): void {
    const { clock, onLapsed } = this.deps;
    this.cancelLapse?.();
    const leftMs = Math.max(1, this.validUntil - clock.now());
    this.cancelLapse = clock.after(leftMs, () => {
      if (this.isLapsed) onLapsed();
    });
  }
}
