export interface Gap {
  readonly startedAt: string | undefined;
  readonly durationMs: number;
}

/**
 * The longest time in which somebody was waiting and nobody got a good answer: what clients together see of an outage.
 * Idle time is no gap.
 */
export class GapTracker {
  private outstanding = 0;
  private sinceMs: number | undefined;
  private longest: { fromMs: number; durationMs: number } = { fromMs: 0, durationMs: 0 };

  sent(atMs: number): void {
    if (this.outstanding === 0 && this.sinceMs === undefined) this.sinceMs = atMs;
    this.outstanding += 1;
  }

  answered(atMs: number, good: boolean): void {
    this.outstanding -= 1;
    if (!good) return;
    if (this.sinceMs !== undefined) this.note(this.sinceMs, atMs);
    this.sinceMs = this.outstanding > 0 ? atMs : undefined;
  }

  /** @param atMs now: a gap that has not ended counts up to here */
  summary(atMs: number): Gap {
    if (this.sinceMs !== undefined && this.outstanding > 0) this.note(this.sinceMs, atMs);
    const { fromMs, durationMs } = this.longest;
    return {
      startedAt: durationMs === 0 ? undefined : new Date(fromMs).toISOString(),
      durationMs: Math.round(durationMs),
    };
  }

  private note(fromMs: number, toMs: number): void {
    if (toMs - fromMs > this.longest.durationMs) this.longest = { fromMs, durationMs: toMs - fromMs };
  }
}
