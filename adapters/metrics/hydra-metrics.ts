import { quantileMs } from '../../domain/histogram';
import { type HydraMetrics } from '../../domain/ports/hydra-api';
import { parseMetrics, sumOf } from './parse-metrics';
import { readHistogram } from './read-histogram';

const P95 = 0.95;

/**
 * @param text what a Hydra answers to `/metrics/prometheus`; both generations use the same names
 * Source: Hydra v1.11.10 and v2.3.0, x/prometheus and what the two answer.
 */
export function parseHydraMetrics(text: string): HydraMetrics {
  const samples = parseMetrics(text);
  return {
    requests: sumOf(samples, 'http_requests_total'),
    serverErrors: sumOf(samples, 'http_requests_total', ({ code }) => code?.startsWith('5') === true),
    p95Ms: quantileMs(readHistogram(samples, 'http_response_time_seconds'), P95),
    residentBytes: sumOf(samples, 'process_resident_memory_bytes'),
    heapBytes: sumOf(samples, 'go_memstats_heap_alloc_bytes'),
    goroutines: sumOf(samples, 'go_goroutines'),
    cpuSeconds: sumOf(samples, 'process_cpu_seconds_total'),
  };
}
