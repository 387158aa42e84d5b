import { percentText } from '../evidence/words';
import { countAbove, latencyLimits } from './latency-limits';
import { combine, isExceeded, NEW_WAGER, type Observation, observe, upperShare, type Wager } from './sequential-test';
import { addTraffic, type EndpointTraffic, requestsIn, type Traffic } from './traffic';

/** One span of time, as both sides (before and after, or old and new beside each other) saw it. */
export interface Span {
  readonly traffic: Traffic;
  /** From the beginning to the end of this span. */
  readonly endedAfterMs: number;
  /** What the old side answered in this span; only where both serve at once. */
  readonly beside?: Traffic;
}

export interface JudgeOptions {
  /** Fewer requests prove nothing, neither before nor after. */
  readonly requestsMin: number;
  /** Caches fill: latencies are not judged before. */
  readonly warmUpMs: number;
  /** What was before speaks for so long: the day goes on. */
  readonly comparableMs: number;
  /** At most so many spans will be looked at. */
  readonly spans: number;
}

export const JUDGE_DEFAULTS: Omit<JudgeOptions, 'requestsMin' | 'spans'> = {
  warmUpMs: 120_000,
  comparableMs: 2 * 3_600_000,
};

export interface Judgement {
  readonly verdict: 'clean' | 'bad' | 'inconclusive';
  readonly requests: number;
  /** Why it is bad, or what was not seen. */
  readonly problems: readonly string[];
}

/** Of every judgement of harmless traffic at most so many may be wrong, all measures and all looks together. */
const ALPHA = 0.005;
/**
 * How many things are measured at most that nobody saw before; they share one half of {@link ALPHA}, and those that were there before
 * share the other: these are counted before anything is bet.
 */
const NEW_MEASURES_MAX = 128;
/** What was before is known as well as it was seen: its share is below the bound with a probability of 99.9 %. */
const Z = 3;
/** Latencies move by so much with the day and the load. */
const HARMLESS_SLOWDOWN = 1.08;
/** Errors do too: by a part of what they were, and by so much in any case. */
const HARMLESS_ERRORS = { factor: 1.1, share: 0.002 } as const;
/** Both sides meet the same day at the same time: less of a difference is harmless there. */
const HARMLESS_BESIDE = { factor: 1.1, share: 0.001 } as const;

/**
 * Judges traffic by what was before, or by what another side answers meanwhile: each outcome and the latency of each endpoint, and all
 * latencies and each outcome together. It may be asked after each span, as often as one likes: harmless traffic is called bad in at
 * most one of a hundred cases, in all its spans together. Absolute limits are for the caller.
 *
 * @param before what the old side answered before the first span; for the endpoints it also says what is slow
 */
export function judgeTraffic(before: Traffic, spans: readonly Span[], options: JudgeOptions): Judgement {
  const after = addTraffic(spans.map(({ traffic }) => traffic));
  const requests = requestsIn(after);
  // What hardly anybody saw before says nothing about what is usual.
  const measures = requestsIn(before) < options.requestsMin ? [] : measuresOf(before, after);
  const known = new Set(measuresOf(before, before).map(({ name }) => name));
  const bad = measures.flatMap((measure) => {
    const among = known.has(measure.name) ? known.size : NEW_MEASURES_MAX;
    return judgeMeasure(measure, spans, options, ALPHA / 2 / among);
  });
  if (bad.length > 0) return { verdict: 'bad', requests, problems: bad };
  const unseen = [...tooFew(before, after, options), ...tooCoarse(before, after, options)];
  return { verdict: unseen.length > 0 ? 'inconclusive' : 'clean', requests, problems: unseen };
}

/** Something that is counted, at one endpoint. */
interface Counted {
  readonly endpoint: string;
  readonly count: (traffic: EndpointTraffic) => number;
  readonly trials: (traffic: EndpointTraffic) => number;
  /** The highest share that is harmless, by what was before. */
  readonly limit: number;
  /** How many times more are harmless than at the same time on the old side. */
  readonly besideFactor: number;
}

interface Measure {
  readonly name: string;
  readonly kind: 'latency' | 'outcome';
  /** At one endpoint, or at all where it is about them together. */
  readonly parts: readonly Counted[];
}

function measuresOf(before: Traffic, after: Traffic): readonly Measure[] {
  const endpoints = Object.keys(after).sort();
  const single = endpoints.flatMap((endpoint) => [
    ...outcomesOf(endpoint, before, after),
    ...latenciesOf(endpoint, before),
  ]);
  const together = new Map<string, { readonly kind: Measure['kind']; readonly parts: Counted[] }>();
  for (const { kind, parts, group } of single) {
    const known = together.get(group);
    if (known === undefined) together.set(group, { kind, parts: [...parts] });
    else known.parts.push(...parts);
  }
  const joint = [...together].flatMap(([group, { kind, parts }]) =>
    parts.length > 1 ? [{ name: `all endpoints: ${group}`, kind, parts }] : [],
  );
  return [...single, ...joint];
}

interface Single extends Measure {
  /** Measures of several endpoints that are looked at together, too. */
  readonly group: string;
}

function outcomesOf(endpoint: string, before: Traffic, after: Traffic): readonly Single[] {
  const [old, now] = [before[endpoint], after[endpoint]];
  const names = new Set([...Object.keys(old?.outcomes ?? {}), ...Object.keys(now?.outcomes ?? {})]);
  return [...names].sort().map((name) => {
    const [events, requests] = [old?.outcomes[name] ?? 0, old === undefined ? 0 : trialsOf(old)];
    const usual = events / Math.max(1, requests);
    const part: Counted = {
      endpoint,
      count: ({ outcomes }) => outcomes[name] ?? 0,
      trials: trialsOf,
      limit: upperShare(events, requests, Z) * HARMLESS_ERRORS.factor + HARMLESS_ERRORS.share,
      besideFactor: HARMLESS_BESIDE.factor + HARMLESS_BESIDE.share / Math.max(usual, HARMLESS_BESIDE.share / 10),
    };
    return { name: `${endpoint}: ${name}`, kind: 'outcome', parts: [part], group: name };
  });
}

function trialsOf({ trials, requests }: EndpointTraffic): number {
  return trials ?? requests;
}

function latenciesOf(endpoint: string, before: Traffic): readonly Single[] {
  const old = before[endpoint];
  if (old === undefined) return [];
  return latencyLimits(old.latency, HARMLESS_SLOWDOWN).map(({ aboveMs, before: usual, harmless }, index) => {
    const total = old.latency.at(-1)?.count ?? 0;
    const part: Counted = {
      endpoint,
      count: ({ latency }) => countAbove(latency, aboveMs),
      trials: ({ latency }) => latency.at(-1)?.count ?? 0,
      limit: upperShare(harmless * total, total, Z),
      besideFactor: harmless / Math.max(usual, 1 / Math.max(1, total)),
    };
    const name = `${endpoint}: slower than ${Math.round(aboveMs)} ms`;
    return { name, kind: 'latency', parts: [part], group: `slower than usual (${index + 1})` };
  });
}

function judgeMeasure(
  { name, kind, parts }: Measure,
  spans: readonly Span[],
  options: JudgeOptions,
  alpha: number,
): string[] {
  const judged = spans.filter(
    ({ endedAfterMs, beside }) =>
      (kind === 'outcome' || endedAfterMs > options.warmUpMs) &&
      (beside !== undefined || endedAfterMs <= options.comparableMs),
  );
  let wagers: Wager[] = parts.map(() => NEW_WAGER);
  for (const span of judged) {
    wagers = wagers.map((wager, index) => {
      const part = parts[index];
      const observed = part && observationOf(part, span);
      return observed === undefined ? wager : observe(wager, observed, options.spans);
    });
    const wager = wagers.length === 1 ? (wagers[0] ?? NEW_WAGER) : combine(wagers);
    if (isExceeded(wager, alpha)) return [describe(name, parts, judged)];
  }
  return [];
}

function observationOf(part: Counted, { traffic, beside }: Span): Observation | undefined {
  const now = traffic[part.endpoint];
  if (now === undefined) return undefined;
  const [events, trials] = [part.count(now), part.trials(now)];
  const old = beside?.[part.endpoint];
  if (beside === undefined) return { events, trials, limit: part.limit };
  if (old === undefined || part.trials(old) === 0) return undefined;
  // Of all that happened in this span, whoever it happened to: the new side's part. What it was like an hour ago does not matter.
  const weight = trials * part.besideFactor;
  const happened = events + part.count(old);
  return { events, trials: happened, limit: weight / (weight + part.trials(old)) };
}

function describe(name: string, parts: readonly Counted[], spans: readonly Span[]): string {
  const sums = spans.map(({ traffic }) => traffic);
  const [events, trials] = parts.reduce(
    ([count, total], part) => {
      const now = sums.flatMap((traffic) => traffic[part.endpoint] ?? []);
      return [
        count + now.reduce((sum, one) => sum + part.count(one), 0),
        total + now.reduce((sum, one) => sum + part.trials(one), 0),
      ];
    },
    [0, 0],
  );
  const [only] = parts;
  const limit = parts.length === 1 && only !== undefined ? ` (harmless up to ${percentText(only.limit)})` : '';
  return `${name}: ${events} of ${trials} requests, ${percentText(events / Math.max(1, trials))}${limit}`;
}

function tooFew(before: Traffic, after: Traffic, { requestsMin }: JudgeOptions): string[] {
  const [old, now] = [requestsIn(before), requestsIn(after)];
  return [
    ...(now >= requestsMin
      ? []
      : [`${now} requests were seen (needed at least ${requestsMin}): too few to say that all is well`]),
    ...(old >= requestsMin
      ? []
      : [`${old} requests were seen before (needed at least ${requestsMin}): too few to compare with`]),
  ];
}

/** Of the endpoints that matter: where a slowdown could not have been seen. */
function tooCoarse(before: Traffic, after: Traffic, { requestsMin }: JudgeOptions): string[] {
  return Object.entries(after).flatMap(([endpoint, { latency }]) => {
    const old = before[endpoint];
    if (old === undefined || measured(latency) < requestsMin || measured(old.latency) < requestsMin) return [];
    return latencyLimits(old.latency, HARMLESS_SLOWDOWN).length > 0
      ? []
      : [`${endpoint}: the buckets of its latencies are too coarse to show 20 %`];
  });
}

function measured(latency: EndpointTraffic['latency']): number {
  return latency.at(-1)?.count ?? 0;
}
