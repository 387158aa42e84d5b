import { type Histogram } from '../../domain/histogram';
import { type EndpointTraffic, type Traffic } from '../../domain/judge/traffic';
import { type Random } from './random';

/** Bounds of the gateway's latency histogram, in milliseconds. */
export const BOUNDS_MS: readonly number[] = Array.from({ length: 67 }, (_, index) => 1.15 ** index);

export interface EndpointProfile {
  readonly name: string;
  /** Part of all requests. */
  readonly share: number;
  readonly medianMs: number;
  /** Of the logarithm of a latency. */
  readonly spread: number;
  readonly errors: Readonly<Record<string, number>>;
}

/** Parts, latencies and errors as they are in front of a Hydra: the errors are what clients do wrong every day. */
export const PROFILES: readonly EndpointProfile[] = [
  { name: 'introspect', share: 0.5, medianMs: 6, spread: 0.45, errors: { inactive: 0.03 } },
  { name: 'token', share: 0.2, medianMs: 70, spread: 0.35, errors: { invalid_grant: 0.008, '5xx': 0.0002 } },
  { name: 'authorize', share: 0.12, medianMs: 12, spread: 0.5, errors: { login_required: 0.05 } },
  { name: 'consents', share: 0.1, medianMs: 9, spread: 0.6, errors: {} },
  { name: 'other', share: 0.08, medianMs: 3, spread: 0.7, errors: { '4xx': 0.01 } },
];

/** What a policy service counts itself, for every request that clients send to Hydra: users whom it refuses every day. */
export const COUNTER = 'counter policy 403';
const COUNTER_ERRORS = { counted: 0.01 };

export interface Condition {
  readonly requestsPerSecond: number;
  /** What every latency is multiplied with. */
  readonly slowdown: number;
  /** What the share of each error is multiplied with. */
  readonly errorFactor: number;
  /** Added to the share of one outcome of one endpoint. */
  readonly added?: { readonly endpoint: string; readonly outcome: string; readonly share: number };
}

/** Draws what the gateways counted in one span. */
export function simulateSpan(random: Random, durationMs: number, condition: Condition): Traffic {
  const endpoints = PROFILES.map((profile) => {
    const expected = (condition.requestsPerSecond * profile.share * durationMs) / 1_000;
    return [profile.name, simulateEndpoint(random, profile, random.poisson(expected), condition)] as const;
  });
  const total = endpoints.reduce((sum, [, { requests }]) => sum + requests, 0);
  const refused = random.binomial(total, outcomeShares(COUNTER, COUNTER_ERRORS, condition).counted ?? 0);
  const counter: EndpointTraffic = { requests: 0, outcomes: { counted: refused }, latency: [] };
  return { ...Object.fromEntries(endpoints), [COUNTER]: counter };
}

function outcomeShares(
  endpoint: string,
  errors: EndpointProfile['errors'],
  { errorFactor, added }: Condition,
): Readonly<Record<string, number>> {
  const shares = Object.fromEntries(Object.entries(errors).map(([name, share]) => [name, share * errorFactor]));
  return added?.endpoint === endpoint
    ? { ...shares, [added.outcome]: (shares[added.outcome] ?? 0) + added.share }
    : shares;
}

function simulateEndpoint(
  random: Random,
  profile: EndpointProfile,
  requests: number,
  condition: Condition,
): EndpointTraffic {
  const shares = outcomeShares(profile.name, profile.errors, condition);
  const outcomes = Object.fromEntries(
    Object.entries(shares).map(([name, share]) => [name, random.binomial(requests, share)]),
  );
  return { requests, outcomes, latency: simulateLatency(random, profile, requests, condition.slowdown) };
}

/** As many draws as there are buckets: each is a binomial part of what is left. */
function simulateLatency(random: Random, profile: EndpointProfile, requests: number, slowdown: number): Histogram {
  let [left, below, sum] = [requests, 0, 0];
  const buckets = BOUNDS_MS.map((upToMs) => {
    const upTo = normalShare(Math.log(upToMs / (profile.medianMs * slowdown)) / profile.spread);
    const within = below >= 1 ? 0 : random.binomial(left, Math.min(1, (upTo - below) / (1 - below)));
    [left, below, sum] = [left - within, upTo, sum + within];
    return { upToMs, count: sum };
  });
  return [...buckets, { upToMs: Infinity, count: requests }];
}

/** Of a normal distribution, the part below. Source: Abramowitz and Stegun, 7.1.26. */
function normalShare(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.327_591_1 * x);
  const poly =
    ((((1.061_405_429 * t - 1.453_152_027) * t + 1.421_413_741) * t - 0.284_496_736) * t + 0.254_829_592) * t;
  const erf = 1 - poly * Math.exp(-x * x);
  return z >= 0 ? (1 + erf) / 2 : (1 - erf) / 2;
}
