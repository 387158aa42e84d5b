/** Cumulative buckets as Prometheus has them, upper bounds ascending; the last bound may be Infinity. */
export type Histogram = readonly { readonly upToMs: number; readonly count: number }[];

/**
 * @returns the value below which `share` of the observations lie, interpolated within its bucket; null when there are none. In
 * the last, open bucket: its lower bound
 * Source: Prometheus documentation, `histogram_quantile`.
 */
export function quantileMs(histogram: Histogram, share: number): number | null {
  const total = histogram.at(-1)?.count ?? 0;
  if (total <= 0) return null;
  const wanted = share * total;
  let [fromMs, below] = [0, 0];
  for (const { upToMs, count } of histogram) {
    if (count >= wanted) {
      if (upToMs === Infinity) return fromMs;
      return count === below ? upToMs : fromMs + (upToMs - fromMs) * ((wanted - below) / (count - below));
    }
    [fromMs, below] = [upToMs, count];
  }
  return fromMs;
}

/** @returns the 95th percentile of all together; null where nothing was observed */
export function p95Of(histograms: readonly Histogram[]): number | null {
  return quantileMs(addHistograms(histograms.filter(({ length }) => length > 0)), 0.95);
}

/** @returns what was observed between two readings; a counter that fell was restarted, and counts from 0 */
export function histogramSince(before: Histogram, now: Histogram): Histogram {
  const restarted = now.some(({ count }, index) => count < (before[index]?.count ?? 0));
  if (restarted) return now;
  return now.map(({ upToMs, count }, index) => ({ upToMs, count: count - (before[index]?.count ?? 0) }));
}

/** Adds histograms of equal buckets; one with other buckets is left out. */
export function addHistograms(histograms: readonly Histogram[]): Histogram {
  const [first] = histograms;
  if (first === undefined) return [];
  const equal = histograms.filter(
    (other) => other.length === first.length && other.every(({ upToMs }, index) => upToMs === first[index]?.upToMs),
  );
  return first.map(({ upToMs }, index) => ({
    upToMs,
    count: equal.reduce((sum, histogram) => sum + (histogram[index]?.count ?? 0), 0),
  }));
}
