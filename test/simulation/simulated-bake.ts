import { relateCounters } from '../../activities/baking/target-counters';
import { JUDGE_DEFAULTS, judgeTraffic, type Span } from '../../domain/judge/judge-traffic';
import { addTraffic, type Traffic } from '../../domain/judge/traffic';
import { Random } from './random';
import { type Condition, simulateSpan } from './simulated-traffic';

const SPAN_MS = 10_000;
const MINUTE_MS = 60_000;
const REFERENCE_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 3_600_000;

export interface BakeCase {
  readonly requestsPerSecond: number;
  readonly durationMs: number;
  /** What is wrong, and from when on. @default nothing */
  readonly harm?: { readonly fromMs: number } & Partial<Pick<Condition, 'slowdown' | 'errorFactor' | 'added'>>;
  /** Both sides at the same time, as while traffic is shifted. */
  readonly beside?: boolean;
}

export interface BakeResult {
  /** When it was called bad, from the beginning of the harm on; null: never. */
  readonly badAfterMs: number | null;
  readonly problems: readonly string[];
}

/** Plays one bake: a day that goes on, minutes that differ, caches that are cold at first; and looks after every span. */
export function simulateBake(seed: number, bake: BakeCase): BakeResult {
  const random = new Random(seed);
  const day = new Day(random, bake.requestsPerSecond);
  const before: Traffic[] = [];
  for (let at = -REFERENCE_MS; at < 0; at += MINUTE_MS) before.push(simulateSpan(random, MINUTE_MS, day.at(at)));
  const options = { ...JUDGE_DEFAULTS, requestsMin: 1_000, spans: Math.ceil(bake.durationMs / SPAN_MS) };
  const reference = relateCounters(addTraffic(before));
  const spans: Span[] = [];
  for (let at = 0; at < bake.durationMs; at += SPAN_MS) {
    const usual = day.at(at);
    const now = harmed({ ...usual, slowdown: usual.slowdown * coldCaches(at) }, bake, at);
    const beside = bake.beside === true ? { beside: relateCounters(simulateSpan(random, SPAN_MS, usual)) } : {};
    spans.push({ traffic: relateCounters(simulateSpan(random, SPAN_MS, now)), endedAfterMs: at + SPAN_MS, ...beside });
    if (!isLookedAt(spans.length, bake)) continue;
    const { verdict, problems } = judgeTraffic(reference, spans, options);
    if (verdict === 'bad') return { badAfterMs: at + SPAN_MS - (bake.harm?.fromMs ?? 0), problems };
  }
  return { badAfterMs: null, problems: [] };
}

/**
 * A judgement goes through all spans before it, so that its last one says of each earlier look what that would have said: harmless
 * bakes need to be judged once.
 */
function isLookedAt(spans: number, { harm, durationMs }: BakeCase): boolean {
  return harm !== undefined || spans * SPAN_MS >= durationMs;
}

function harmed(condition: Condition, { harm }: BakeCase, at: number): Condition {
  if (harm === undefined || at < harm.fromMs) return condition;
  const { slowdown = 1, errorFactor = 1, added } = harm;
  return {
    ...condition,
    slowdown: condition.slowdown * slowdown,
    errorFactor: condition.errorFactor * errorFactor,
    ...(added === undefined ? {} : { added }),
  };
}

function coldCaches(sinceFlipMs: number): number {
  return 1 + 0.5 * Math.exp(-sinceFlipMs / 40_000);
}

class Day {
  readonly #startsAt: number;
  /** What one minute differs from the next in, and how long that lasts. */
  #mood = 0;

  constructor(
    private readonly random: Random,
    private readonly requestsPerSecond: number,
  ) {
    this.#startsAt = random.uniform() * DAY_MS;
  }

  at(ms: number): Condition {
    const wave = Math.sin((2 * Math.PI * (this.#startsAt + ms)) / DAY_MS);
    this.#mood = 0.9 * this.#mood + 0.004 * this.random.normal();
    return {
      requestsPerSecond: this.requestsPerSecond * (1.4 + 0.4 * wave),
      slowdown: (1 + 0.15 * wave) * (1 + this.#mood),
      errorFactor: 1 + 0.2 * wave,
    };
  }
}
