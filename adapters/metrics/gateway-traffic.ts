import { isOAuthEndpoint, isOAuthGrant, isOAuthOutcome, type OAuthAnswerCount } from '../../domain/oauth-answers';
import { type GatewayTraffic } from '../../domain/ports/targets';
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
  };
}

/** A name that this version does not know is left out. */
function answerCount({ name, labels, value }: MetricSample): OAuthAnswerCount[] {
  const { side, endpoint, grant, outcome } = labels;
  if (name !== 'gateway_oauth_answers_total' || (side !== 'blue' && side !== 'green')) return [];
  if (!isOAuthEndpoint(endpoint) || !isOAuthGrant(grant) || !isOAuthOutcome(outcome)) return [];
  return [{ side, endpoint, grant, outcome, count: value }];
}
