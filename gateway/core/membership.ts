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
  /** One beat. Rejects when there is no answer, which changes nothing. */
  readonly beat: (leaseMs: number) => Promise<BeatAnswer>;
  /** Whether the orchestrator has begun something here that is not decided. */
  readonly isUndecided: () => boolean;
  /** Forward nothing to the side that may be left: by this clock, or by the arbiter's word, this gateway is counted by no fence. */
  readonly onLapsed: () => void;
  /** The epoch is committed there. */
  readonly onCommitted: (epoch: number) => void;
  readonly onBeat: (outcome: 'ok' | 'failed' | 'refused') => void;
}

/**
 * `margin`: what the own clock stops before the lease ends. An outage of the arbiter outside a switchover is none of the gateways: their
 * leases end, and they go on.
 */
const CALM = { intervalMs: 5_000, leaseMs: 15_000, marginMs: 1_000 } as const;
/** From stage until release. */
const BOUND = { intervalMs: 500, leaseMs: 4_000, marginMs: 1_500 } as const;

/**
 * This gateway's lease at the arbiter. While an attempt is under way it forwards only as long as its lease lives by its own clock, counted
 * from before the beat was sent: so a fence never meets one that it did not count.
 */
export class Membership {
  private validUntil = -Infinity;
  private isMember = false;
  private living: number | null = null;
  private isStopped = false;
  private beating: Promise<void> | undefined;
  private cancelBeat: (() => void) | undefined;
  private cancelLapse: (() => void) | undefined;

  constructor(private readonly deps: MembershipDeps) {}

  /** Whether nothing may be forwarded to the side that may be left. Asked for each request: a process that stood still has missed its timers. */
  get isLapsed(): boolean {
    return this.isMember && this.isBound && this.deps.clock.now() >= this.validUntil;
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
      const { intervalMs } = this.terms;
      this.cancelBeat = this.deps.clock.after(intervalMs, () => void this.beatNow());
    }));
  }

  stop(): void {
    this.isStopped = true;
    this.cancelBeat?.();
    this.cancelLapse?.();
  }

  private get isBound(): boolean {
    return this.living !== null || this.deps.isUndecided();
  }

  private get terms(): typeof CALM | typeof BOUND {
    return this.isBound ? BOUND : CALM;
  }

  private async beatOnce(): Promise<void> {
    const { clock, beat, onBeat, onLapsed, onCommitted } = this.deps;
    const { leaseMs, marginMs } = this.terms;
    const sentAt = clock.now();
    let answer: BeatAnswer;
    try {
      answer = await beat(leaseMs);
    } catch {
      onBeat('failed');
      return;
    }
    this.living = answer.living;
    if (answer.admitted) {
      this.isMember = true;
      this.validUntil = sentAt + leaseMs - marginMs;
      this.watchLapse();
    }
    onBeat(answer.admitted ? 'ok' : 'refused');
    // Beside an attempt that does not count it; one that was told to hold is counted by its word.
    if (!answer.admitted && answer.living !== null && !this.deps.isUndecided()) onLapsed();
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
