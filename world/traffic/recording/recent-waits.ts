import { Histogram, type Percentiles } from './histogram';

const KEPT = 200_000;

/** When the latest requests were under way, so that somebody can ask later about a moment nobody foresaw. */
export class RecentWaits {
  private readonly sentAt = new Float64Array(KEPT);
  private readonly answeredAt = new Float64Array(KEPT);
  private count = 0;

  record(sentAtMs: number, answeredAtMs: number): void {
    const place = this.count % KEPT;
    this.sentAt[place] = sentAtMs;
    this.answeredAt[place] = answeredAtMs;
    this.count += 1;
  }

  /** How long the requests took, from sent to answered, that were sent within the interval. Milliseconds since the epoch. */
  sentBetween(fromMs: number, toMs: number): Percentiles {
    const waits = new Histogram();
    for (let place = 0; place < Math.min(this.count, KEPT); place++) {
      const sent = this.sentAt[place] as number;
      if (sent >= fromMs && sent <= toMs) waits.record((this.answeredAt[place] as number) - sent);
    }
    return waits.summary();
  }
}
