import { type Histogram } from '../../domain/histogram';
import {
  isOAuthEndpoint,
  isOAuthGrant,
  isOAuthOutcome,
  OAUTH_ENDPOINTS,
  type OAuthAnswerCount,
} from '../../domain/oauth-answers';
import { type GatewayTraffic } from '../../domain/ports/targets';
import { type SideName } from '../../domain/sides';
import { type MetricSample, parseMetrics, sumOf } from './parse-metrics';
import { readHistogram } from './read-histogram';

/** @param text what a gateway answers to `GET /metrics` on its control address */
export function parseGatewayTraffic(text: string): GatewayTraffic {
  const samples = parseMetrics(text);
  return {
    requests: sumOf(samples, 'gateway_requests_total'),
    serverErrors: sumOf(samples, 'gateway_requests_total', ({ status }) => status === '5xx'),
    latency: readHistogram(samples, 'gateway_request_duration_seconds'),
    answers: samples.flatMap(answerCount),
    latencies: { blue: latencies(samples, 'blue'), green: latencies(samples, 'green') },
  };
}

function latencies(samples: readonly MetricSample[], side: SideName): Readonly<Record<string, Histogram>> {
  const byEndpoint = OAUTH_ENDPOINTS.map((endpoint) => {
    const accept = (labels: MetricSample['labels']) => labels['side'] === side && labels['endpoint'] === endpoint;
    return [endpoint, readHistogram(samples, 'gateway_oauth_answer_duration_seconds', accept)] as const;
  });
  return Object.fromEntries(byEndpoint.filter(([, histogram]) => histogram.length > 0));
}

/** A name that this version does not know is left out. */
function answerCount({ name, labels, value }: MetricSample): OAuthAnswerCount[] {
  const { side, endpoint, grant, outcome } = labels;
  if (name !== 'gateway_oauth_answers_total' || (side !== 'blue' && side !== 'green')) return [];
  if (!isOAuthEndpoint(endpoint) || !isOAuthGrant(grant) || !isOAuthOutcome(outcome)) return [];
  return [{ side, endpoint, grant, outcome, count: value }];
}
