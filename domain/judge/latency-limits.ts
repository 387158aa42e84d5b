import { type Histogram, quantileMs } from '../histogram';

/** From how long on a request counts as slow, and how many of them are harmless. */
export interface LatencyLimit {
  readonly aboveMs: number;
  /** Share of requests that took longer before. */
  readonly before: number;
  /** Share that would take longer if every request took so much longer as is harmless. */
  readonly harmless: number;
}

/** A slowdown shows at different places, depending on how the latencies are spread. */
const QUANTILES = [0.5, 0.9, 0.95] as const;
/** The slowdown that must not be missed. A bucket that is wider than it hides it. */
const FOUND_FACTOR = 1.2;

/**
 * Picks bounds of a histogram at which a slowdown by 20 % shows.
 *
 * @returns none where the buckets are too coarse for it
 */
export function latencyLimits(histogram: Histogram, harmlessFactor: number): readonly LatencyLimit[] {
  const total = histogram.at(-1)?.count ?? 0;
  if (total === 0) return [];
  const bounds = new Set<number>();
  for (const quantile of QUANTILES) {
    const wanted = quantileMs(histogram, quantile);
    const at = histogram.findIndex(({ upToMs }) => wanted !== null && upToMs >= wanted);
    const [bound, below] = [histogram[at]?.upToMs, histogram[at - 1]?.upToMs];
    if (bound === undefined || below === undefined || !Number.isFinite(bound)) continue;
    if (bound / below <= FOUND_FACTOR * 1.01) bounds.add(bound);
  }
  return [...bounds].map((aboveMs) => ({
    aboveMs,
    before: shareAbove(histogram, aboveMs),
    harmless: shareAbove(histogram, aboveMs / harmlessFactor),
  }));
}

/** Between two bounds latencies are taken to lie evenly. */
function shareAbove(histogram: Histogram, ms: number): number {
  const total = histogram.at(-1)?.count ?? 0;
  if (total === 0) return 0;
  let [fromMs, below] = [0, 0];
  for (const { upToMs, count } of histogram) {
    if (upToMs >= ms) {
      const part = upToMs === Infinity || upToMs === fromMs ? 1 : (ms - fromMs) / (upToMs - fromMs);
      return 1 - (below + (count - below) * part) / total;
    }
    [fromMs, below] = [upToMs, count];
  }
  return 0;
}

/** How many took longer than a bound of the histogram. */
export function countAbove(histogram: Histogram, boundMs: number): number {
  const total = histogram.at(-1)?.count ?? 0;
  // The same bound, though it went through a text: 0.005 s is 5.000000000000001 ms.
  const bucket = histogram.find(({ upToMs }) => upToMs >= boundMs * 0.999_999);
  return total - (bucket?.count ?? total);
}
