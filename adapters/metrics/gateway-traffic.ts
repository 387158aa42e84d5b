import { CALL_KINDS, type Calls } from '../../domain/callers';
import { type Histogram } from '../../domain/histogram';
import { HYDRA_AGES, type HydraAge } from '../../domain/in-place/ages';
import {
  isOAuthEndpoint,
  isOAuthGrant,
  isOAuthOutcome,
  OAUTH_ENDPOINTS,
  type OAuthAnswerCount,
} from '../../domain/oauth-answers';
import { type AgeTraffic, type GatewayTraffic } from '../../domain/ports/targets';
import { type SideName } from '../../domain/sides';
import { type MetricSample, parseMetrics, startOf, sumOf } from './parse-metrics';
import { readHistogram } from './read-histogram';

/** @param text what a gateway answers to `GET /metrics` on its control address */
export function parseGatewayTraffic(text: string): GatewayTraffic {
  const samples = parseMetrics(text);
  return {
    requests: sumOf(samples, 'gateway_requests_total'),
    serverErrors: sumOf(samples, 'gateway_requests_total', ({ status }) => status === '5xx'),
    latency: readHistogram(samples, 'gateway_request_duration_seconds'),
    answers: samples.flatMap(answerCount),
    latencies: { blue: latenciesOf(samples, 'blue'), green: latenciesOf(samples, 'green') },
    ...besideTraffic(samples),
    ...calls(samples),
  };
}

/** Nothing for a gateway of a version that does not count them: every series is there from the start. */
function calls(samples: readonly MetricSample[]): Pick<GatewayTraffic, 'callsToBlue'> {
  const counted = samples.filter(({ name, labels }) => name === 'gateway_calls_total' && labels['side'] === 'blue');
  const startedAt = startOf(samples);
  if (counted.length === 0 || startedAt === undefined) return {};
  const of = (state: string): Calls =>
    Object.fromEntries(
      CALL_KINDS.map((kind) => [
        kind,
        sumOf(counted, 'gateway_calls_total', (at) => at['kind'] === kind && at['state'] === state),
      ]),
    );
  return {
    callsToBlue: { startedAt, sent: of('sent'), answered: of('answered'), abandoned: of('abandoned') },
  };
}

function latenciesOf(samples: readonly MetricSample[], side: SideName): Readonly<Record<string, Histogram>> {
  return latencies(samples, 'gateway_oauth_answer_duration_seconds', 'side', side);
}

function latencies(
  samples: readonly MetricSample[],
  name: string,
  label: string,
  value: string,
): Readonly<Record<string, Histogram>> {
  const byEndpoint = OAUTH_ENDPOINTS.map((endpoint) => {
    const accept = (labels: MetricSample['labels']) => labels[label] === value && labels['endpoint'] === endpoint;
    return [endpoint, readHistogram(samples, name, accept)] as const;
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

/** Nothing as long as no request of blue was given to one of two Hydras. */
function besideTraffic(samples: readonly MetricSample[]): Pick<GatewayTraffic, 'beside'> {
  const counted = samples.filter(({ name }) => name === 'gateway_beside_answers_total');
  if (counted.length === 0) return {};
  const of = (age: HydraAge): AgeTraffic => ({
    answers: counted.flatMap(({ labels, value }) => {
      const { hydra, endpoint, grant, outcome } = labels;
      if (hydra !== age || !isOAuthEndpoint(endpoint) || !isOAuthGrant(grant)) return [];
      if (outcome !== 'unanswered' && !isOAuthOutcome(outcome)) return [];
      return [{ endpoint, grant, outcome, count: value }];
    }),
    latencies: latencies(samples, 'gateway_beside_duration_seconds', 'hydra', age),
  });
  return { beside: Object.fromEntries(HYDRA_AGES.map((age) => [age, of(age)])) as Record<HydraAge, AgeTraffic> };
}
