import { Histogram, type Percentiles } from '../recording/histogram';

export interface ScheduledStart {
  /** When the schedule wanted it, in milliseconds of `performance.now()`. */
  readonly intendedAtMs: number;
  /** How late this process was, which is nobody else's fault. */
  readonly lateMs: number;
}

export interface OpenLoopOptions {
  /** Starts one operation without waiting for it. @returns how many requests it will send, about */
  readonly start: (at: ScheduledStart) => number;
  readonly ratePerSecond: number;
}

const TICK_MS = 5;
/** After a stall longer than this the missed starts are dropped and counted: a flood would measure nothing. */
const CATCH_UP_MS = 2_000;

/**
 * Starts operations by the clock, whether or not earlier ones were answered. A server that stands still therefore meets all
 * the requests that it would have met, and its pause is measured in full.
 */
export class OpenLoop {
  private timer: NodeJS.Timeout | undefined;
  private nextAtMs = 0;
  private ratePerSecond: number;
  private readonly lateness = new Histogram();
  private droppedMs = 0;

  constructor(private readonly options: OpenLoopOptions) {
    this.ratePerSecond = options.ratePerSecond;
  }

  begin(): void {
    this.nextAtMs = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** @param ratePerSecond requests; 0 stands still */
  setRate(ratePerSecond: number): void {
    if (this.ratePerSecond === 0) this.nextAtMs = performance.now();
    this.ratePerSecond = ratePerSecond;
  }

  get rate(): number {
    return this.ratePerSecond;
  }

  summary(): { readonly lateness: Percentiles; readonly droppedMs: number } {
    return { lateness: this.lateness.summary(), droppedMs: Math.round(this.droppedMs) };
  }

  private tick(): void {
    const now = performance.now();
    if (this.ratePerSecond <= 0) return;
    if (now - this.nextAtMs > CATCH_UP_MS) {
      this.droppedMs += now - this.nextAtMs;
      this.nextAtMs = now;
    }
    while (this.nextAtMs <= now) {
      const lateMs = performance.now() - this.nextAtMs;
      this.lateness.record(lateMs);
      const requests = this.options.start({ intendedAtMs: this.nextAtMs, lateMs });
      this.nextAtMs += (Math.max(requests, 1) * 1_000) / this.ratePerSecond;
    }
  }
}
