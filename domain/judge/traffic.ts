import { addHistograms, type Histogram, histogramSince } from '../histogram';

/** What became of the requests to one endpoint. */
export interface EndpointTraffic {
  readonly requests: number;
  /** How many of them ended so: `5xx`, an OAuth error such as `invalid_grant`, or what else is counted. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly latency: Histogram;
  /** Of what the outcomes are a share, where that is not `requests`. */
  readonly trials?: number;
}

/** By endpoint. Counters since a process started, or what was counted in between: see {@link trafficSince}. */
export type Traffic = Readonly<Record<string, EndpointTraffic>>;

const NONE: EndpointTraffic = { requests: 0, outcomes: {}, latency: [] };

/** @returns what was counted between two readings of the same process; one that fell was restarted, and counts from 0 */
export function trafficSince(before: Traffic, now: Traffic): Traffic {
  const wasRestarted = Object.entries(before).some(
    ([endpoint, { requests }]) => (now[endpoint]?.requests ?? 0) < requests,
  );
  if (wasRestarted) return now;
  return Object.fromEntries(Object.entries(now).map(([endpoint, one]) => [endpoint, since(before[endpoint], one)]));
}

function since(before: EndpointTraffic = NONE, now: EndpointTraffic): EndpointTraffic {
  const outcomes = Object.entries(now.outcomes).map(
    ([name, count]) => [name, Math.max(0, count - (before.outcomes[name] ?? 0))] as const,
  );
  return {
    requests: now.requests - before.requests,
    outcomes: Object.fromEntries(outcomes),
    latency: histogramSince(before.latency, now.latency),
  };
}

export function addTraffic(parts: readonly Traffic[]): Traffic {
  const endpoints = new Set(parts.flatMap((part) => Object.keys(part)));
  return Object.fromEntries(
    [...endpoints].map((endpoint) => [endpoint, add(parts.map((part) => part[endpoint] ?? NONE))]),
  );
}

function add(parts: readonly EndpointTraffic[]): EndpointTraffic {
  const outcomes: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, count] of Object.entries(part.outcomes)) outcomes[name] = (outcomes[name] ?? 0) + count;
  }
  return {
    requests: parts.reduce((sum, { requests }) => sum + requests, 0),
    outcomes,
    latency: addHistograms(parts.map(({ latency }) => latency).filter(({ length }) => length > 0)),
  };
}

export function requestsIn(traffic: Traffic): number {
  return Object.values(traffic).reduce((sum, { requests }) => sum + requests, 0);
}
