import { type CallKind, type HydraCalls } from '../../domain/callers';
import { p95Of } from '../../domain/histogram';
import { type HydraMetrics } from '../../domain/ports/hydra-api';
import { callKind } from '../../hydra/versions';
import { parseMetrics, startOf, sumOf } from './parse-metrics';
import { readHistogram } from './read-histogram';

/** 1.x names them without the prefix. */
const REQUESTS = ['http_requests_total', 'requests_total'] as const;
const LATENCY = ['http_response_time_seconds', 'response_time_seconds'] as const;

/**
 * @param text what a Hydra answers to `/metrics/prometheus`
 * Source: Hydra v1.11.10 and v2.3.0, x/prometheus and what the two answer.
 */
export function parseHydraMetrics(text: string): HydraMetrics {
  const samples = parseMetrics(text);
  const has = (name: string) => samples.some((sample) => sample.name.startsWith(name));
  const [requests, latency] = [REQUESTS.find(has) ?? REQUESTS[0], LATENCY.find(has) ?? LATENCY[0]];
  return {
    requests: sumOf(samples, requests),
    serverErrors: sumOf(samples, requests, ({ code }) => code?.startsWith('5') === true),
    p95Ms: p95Of([readHistogram(samples, latency)]),
    residentBytes: sumOf(samples, 'process_resident_memory_bytes'),
    heapBytes: sumOf(samples, 'go_memstats_heap_alloc_bytes'),
    goroutines: sumOf(samples, 'go_goroutines'),
    cpuSeconds: sumOf(samples, 'process_cpu_seconds_total'),
  };
}

/**
 * @param text what a Hydra answers to `/metrics/prometheus`
 * @returns undefined when it does not count by endpoint, or does not tell when it began
 * Source: x/prometheusx of Hydra v1.11.10 and v2.3.0: the label `endpoint` of the response time is the path, with `{param}` in the place of
 * values; what no router knows is `{unmatched}`.
 */
export function parseHydraCalls(text: string): HydraCalls | undefined {
  const samples = parseMetrics(text);
  const startedAt = startOf(samples);
  const counts = samples.filter(({ name }) => LATENCY.some((known) => name === `${known}_count`));
  if (startedAt === undefined || counts.length === 0) return undefined;
  const answered: Partial<Record<CallKind, number>> = {};
  for (const { labels, value } of counts) {
    const kind = callKind(labels['endpoint'] ?? '');
    if (kind !== undefined) answered[kind] = (answered[kind] ?? 0) + value;
  }
  return { startedAt, answered };
}
