import { isCutoverFault } from '../domain/faults';
import { type Histogram, addHistograms, histogramSince, p95Of } from '../domain/histogram';
import { percentText } from '../domain/evidence/words';
import { JUDGE_DEFAULTS, type Judgement, judgeTraffic, type Span } from '../domain/judge/judge-traffic';
import { sideTraffic } from '../domain/judge/side-traffic';
import { addTraffic, type Traffic, trafficSince } from '../domain/judge/traffic';
import { type Gateway, type GatewayTraffic } from '../domain/ports/targets';
import { type ChartPoint, thinned } from '../domain/page/page';
import { type BakeReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { readArbiter } from '../hydra/arbiter/arbiter';
import { trafficBefore } from '../hydra/validation';
import { readCounters, relateCounters } from './baking/target-counters';
import { readTargets } from './support/read-targets';
import { pause } from './support/wait-for';
import { withEntered } from './support/with-entered';
import { type Step, type StepDeps } from './step';
import { type SideName } from '../domain/sides';

const PROBLEMS_MAX = 20;
/** A gateway or target that is being restarted may miss this many questions in a row. */
const SILENCE_MAX = 3;

/**
 * Watches the entered side serve for `bake.durationMs`: share of 5xx and p95 of what clients saw at the gateways, and whether every target stays
 * with the committed epoch. Changes nothing; a repeat begins anew.
 *
 * What it answers is judged by what the left one answered before, after each look: see {@link judgeTraffic}.
 *
 * @returns `bad` with problems, which end it at once; `inconclusive` when fewer than `bake.requestsMin` requests
 *   were seen: no request is no proof
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const bake: Step<StepInput, BakeReceipt> = async (deps, input, context) => {
  const { durationMs, pollMs, requestsMin, errorRateMax, p95MsMax } = deps.settings.bake;
  const { epoch, before } = await withEntered(deps, input, context, 'bake', async (entered) => ({
    epoch: (await readArbiter(entered)).epoch,
    before: relateCounters(await trafficBefore(entered)),
  }));
  const startedAt = Date.now();
  const watched = deps.gateways.map((gateway) => new WatchedGateway(gateway, deps.direction.to));
  for (const gateway of watched) await gateway.look();
  const parties = new WatchedParties(deps, epoch);
  const problems = new Set(await parties.look());
  const answers = new WatchedAnswers(deps, before, Math.max(1, Math.ceil(durationMs / pollMs)), requestsMin);
  await answers.look(watched, 0);
  let points: readonly ChartPoint[] = [];
  for (;;) {
    const remainingMs = startedAt + durationMs - Date.now();
    if (remainingMs <= 0 || problems.size > 0) break;
    await pause(Math.min(pollMs, remainingMs), context);
    for (const gateway of watched) await gateway.look();
    points = thinned([...points, ...latencyOf(watched)]);
    for (const problem of await parties.look()) problems.add(problem);
    const judged = await answers.look(watched, Date.now() - startedAt);
    if (judged.verdict === 'bad') for (const problem of judged.problems) problems.add(problem);
    for (const { silent, name } of watched) if (silent) problems.add(`gateway ${name} does not tell its traffic`);
    context.heartbeat({ step: 'baking', leftMs: Math.max(0, remainingMs), ...summary(watched) });
  }
  const { requests, errorRate, p95Ms } = summary(watched);
  if (errorRate > errorRateMax) {
    problems.add(`${percentText(errorRate)} of ${requests} answers were 5xx (allowed ${percentText(errorRateMax)})`);
  }
  if (p95MsMax !== null && p95Ms !== null && p95Ms > p95MsMax) {
    problems.add(`p95 was ${Math.round(p95Ms)} ms (allowed ${p95MsMax} ms)`);
  }
  const bakedMs = Date.now() - startedAt;
  const seen = { durationMs: bakedMs, requests, errorRate, p95Ms, seen: points };
  if (problems.size > 0) return { verdict: 'bad', ...seen, problems: [...problems].slice(0, PROBLEMS_MAX) };
  const tooFew = `the gateways saw ${requests} requests in ${Math.round(bakedMs / 1_000)} s (needed at least ${requestsMin}): too few to say that ${deps.direction.to} is well`;
  if (requests < requestsMin) return { verdict: 'inconclusive', ...seen, problems: [tooFew] };
  const { verdict, problems: unseen } = answers.judgement;
  return { verdict, ...seen, problems: unseen };
};

/** Whether all stay with the epoch that they confirmed. */
class WatchedParties {
  readonly #missed = new Map<string, number>();

  constructor(
    private readonly deps: StepDeps,
    private readonly epoch: number,
  ) {}

  /** @returns those that fell back, and those that were silent too often in a row */
  async look(): Promise<readonly string[]> {
    const { fallen, silent } = await readTargets(this.deps, this.epoch);
    const names = new Set(silent.map(({ name }) => name));
    for (const name of this.#missed.keys()) if (!names.has(name)) this.#missed.delete(name);
    for (const name of names) this.#missed.set(name, (this.#missed.get(name) ?? 0) + 1);
    const tooOften = silent.filter(({ name }) => (this.#missed.get(name) ?? 0) >= SILENCE_MAX);
    return [...fallen, ...tooOften.map(({ problem }) => problem)];
  }
}

/** What the entered side answers, span by span, judged by what the left one answered in the last hours before the switchover. */
class WatchedAnswers {
  readonly #spans: Span[] = [];
  readonly #lastCounters = new Map<string, Traffic>();
  judgement: Judgement = { verdict: 'inconclusive', requests: 0, problems: ['nothing was seen'] };

  constructor(
    private readonly deps: StepDeps,
    private readonly before: Traffic,
    private readonly spans: number,
    private readonly requestsMin: number,
  ) {}

  async look(watched: readonly WatchedGateway[], endedAfterMs: number): Promise<Judgement> {
    const parts = watched.flatMap((gateway) => gateway.takeAnswers());
    for (const { source, traffic } of await readCounters(this.deps)) {
      const last = this.#lastCounters.get(source);
      if (last !== undefined) parts.push(trafficSince(last, traffic));
      this.#lastCounters.set(source, traffic);
    }
    if (endedAfterMs > 0) this.#spans.push({ traffic: relateCounters(addTraffic(parts)), endedAfterMs });
    const options = { ...JUDGE_DEFAULTS, spans: this.spans, requestsMin: this.requestsMin };
    this.judgement = judgeTraffic(this.before, this.#spans, options);
    return this.judgement;
  }
}

/** Adds up what one gateway counts, across its restarts. */
class WatchedGateway {
  requests = 0;
  serverErrors = 0;
  latency: Histogram = [];
  /** Between the last two looks. */
  lately: Histogram = [];
  #answers: Traffic[] = [];
  #last: GatewayTraffic | undefined;
  #missed = 0;

  constructor(
    private readonly gateway: Gateway,
    private readonly side: SideName,
  ) {}

  get name(): string {
    return this.gateway.name;
  }

  get silent(): boolean {
    return this.#missed >= SILENCE_MAX;
  }

  async look(): Promise<void> {
    this.lately = [];
    if (this.gateway.traffic === undefined) return;
    try {
      const now = await this.gateway.traffic();
      if (this.#last !== undefined) this.#add(this.#last, now);
      this.#last = now;
      this.#missed = 0;
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      this.#missed += 1;
    }
  }

  /** What the entered side answered since this was asked last. */
  takeAnswers(): readonly Traffic[] {
    const taken = this.#answers;
    this.#answers = [];
    return taken;
  }

  #add(before: GatewayTraffic, now: GatewayTraffic): void {
    this.#answers.push(trafficSince(sideTraffic(before, this.side), sideTraffic(now, this.side)));
    const restarted = now.requests < before.requests;
    this.requests += restarted ? now.requests : now.requests - before.requests;
    this.serverErrors += restarted ? now.serverErrors : now.serverErrors - before.serverErrors;
    const since = histogramSince(before.latency, now.latency);
    this.lately = since;
    this.latency = this.latency.length === 0 ? since : addHistograms([this.latency, since]);
  }
}

/** What clients waited for since the look before; nothing where nobody asked. */
function latencyOf(watched: readonly WatchedGateway[]): readonly ChartPoint[] {
  const value = p95Of(watched.map(({ lately }) => lately));
  return value === null ? [] : [{ atMs: Date.now(), value }];
}

function summary(watched: readonly WatchedGateway[]): {
  readonly requests: number;
  readonly errorRate: number;
  readonly p95Ms: number | null;
} {
  const requests = watched.reduce((sum, gateway) => sum + gateway.requests, 0);
  const errors = watched.reduce((sum, gateway) => sum + gateway.serverErrors, 0);
  return {
    requests,
    errorRate: requests === 0 ? 0 : errors / requests,
    p95Ms: p95Of(watched.map(({ latency }) => latency)),
  };
}
