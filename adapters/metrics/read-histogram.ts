import { type Histogram } from '../../domain/histogram';
import { type MetricSample } from './parse-metrics';

const MS_PER_SECOND = 1_000;

/**
 * @param name of a histogram in seconds, without `_bucket`
 * @param accept which labels count
 * @returns all these series added up; empty when there is none
 */
export function readHistogram(
  samples: readonly MetricSample[],
  name: string,
  accept: (labels: MetricSample['labels']) => boolean = () => true,
): Histogram {
  const counts = new Map<number, number>();
  for (const { name: found, labels, value } of samples) {
    const bound = labels['le'];
    if (found !== `${name}_bucket` || bound === undefined || !accept(labels)) continue;
    const upToMs = bound === '+Inf' ? Infinity : Number(bound) * MS_PER_SECOND;
    counts.set(upToMs, (counts.get(upToMs) ?? 0) + value);
  }
  return [...counts].sort(([a], [b]) => a - b).map(([upToMs, count]) => ({ upToMs, count }));
}
