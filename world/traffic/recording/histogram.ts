/** Buckets per doubling: values are kept to within about 2 %. */
const STEPS = 32;
const FLOOR_MS = 0.01;

export interface Percentiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Durations in logarithmic buckets: constant memory for any number of values, exact maximum. */
export class Histogram {
  private readonly buckets = new Map<number, number>();
  private total = 0;
  private max = 0;

  record(durationMs: number): void {
    const value = Math.max(durationMs, FLOOR_MS);
    const bucket = Math.floor(Math.log2(value / FLOOR_MS) * STEPS);
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1);
    this.total += 1;
    this.max = Math.max(this.max, durationMs);
  }

  /** Takes in what `other` recorded. */
  merge(other: Histogram): void {
    for (const [bucket, count] of other.buckets) this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
    this.total += other.total;
    this.max = Math.max(this.max, other.max);
  }

  /** @param share between 0 and 1 @returns 0 when nothing was recorded */
  percentile(share: number): number {
    if (this.total === 0) return 0;
    const wanted = Math.max(1, Math.ceil(share * this.total));
    let seen = 0;
    for (const [bucket, count] of [...this.buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= wanted) return Math.min(this.max, FLOOR_MS * 2 ** ((bucket + 1) / STEPS));
    }
    return this.max;
  }

  summary(): Percentiles {
    return {
      count: this.total,
      p50Ms: round(this.percentile(0.5)),
      p90Ms: round(this.percentile(0.9)),
      p99Ms: round(this.percentile(0.99)),
      maxMs: round(this.max),
    };
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
