import { type GatewayTraffic } from '../../domain/ports/targets';
import { parseMetrics, sumOf } from './parse-metrics';
import { readHistogram } from './read-histogram';

/** @param text what a gateway answers to `GET /metrics` on its control address */
export function parseGatewayTraffic(text: string): GatewayTraffic {
  const samples = parseMetrics(text);
  return {
    requests: sumOf(samples, 'gateway_requests_total'),
    serverErrors: sumOf(samples, 'gateway_requests_total', ({ status }) => status === '5xx'),
    latency: readHistogram(samples, 'gateway_request_duration_seconds'),
  };
}
