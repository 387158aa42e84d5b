import { isCutoverFault } from '../../domain/faults';
import { p95Of } from '../../domain/histogram';
import { type HydraAge } from '../../domain/in-place/ages';
import { type AgeLoad, type ShareReceipt } from '../../domain/in-place/receipts';
import { type ShareInput } from '../../domain/in-place/steps';
import { judgeLoad, type LoadQuestion } from '../../domain/judge/judge-load';
import { JUDGE_DEFAULTS, type Judgement, judgeTraffic, type Span } from '../../domain/judge/judge-traffic';
import { ageTraffic } from '../../domain/judge/side-traffic';
import { addTraffic, requestsIn, type Traffic, trafficSince } from '../../domain/judge/traffic';
import { type HydraMetrics } from '../../domain/ports/hydra-api';
import { type Gateway } from '../../domain/ports/targets';
import { pause } from '../support/wait-for';
import { type StepContext } from '../step';
import { type InPlaceDeps, type InPlaceStep, IN_PLACE_SIDE } from './deps';
import { onLive, placeOf } from './prepare-live';
import { WatchedViews } from './recycle-sessions';

const PROBLEMS_MAX = 20;
/** A gateway that is being restarted may miss this many questions in a row. */
const SILENCE_MAX = 3;
/** Answers of a Hydra that is not well, whatever the other one says. */
const SERVER_ERRORS = ['other_5xx', 'server_error', 'unanswered', 'temporarily_unavailable'];
const ALL = 100;

/**
 * Watches both versions for `judge.durationMs` and judges the new one by what the old one answers at the same time; at 100 %, by what
 * it answered before. Changes nothing; a repeat begins anew.
 *
 * @returns `bad` with problems, which end it at once; `inconclusive` when fewer than `judge.requestsMin` requests were seen (no request
 *   is no proof), and at once when something leads the old version past its views: what it answers says nothing then
 */
export const judgeShare: InPlaceStep<ShareInput, ShareReceipt> = async (deps, { share }, context) => {
  const { durationMs, pollMs, requestsMin } = deps.settings.judge;
  const startedAt = Date.now();
  const watched = deps.gateways.map((gateway) => new WatchedAges(gateway));
  for (const gateway of watched) await gateway.look();
  const before = addTraffic(watched.map(({ sinceStart }) => sinceStart));
  const metrics = await readBoth(deps);
  const spans: Span[] = [];
  const options = { ...JUDGE_DEFAULTS, spans: Math.max(1, Math.ceil(durationMs / pollMs)), requestsMin };
  let judged: Judgement = { verdict: 'inconclusive', requests: 0, problems: ['nothing was seen'] };
  const views = new WatchedViews();
  let seenViews: ViewsSeen;
  for (;;) {
    seenViews = await lookAtViews(deps, context, views);
    const leftMs = startedAt + durationMs - Date.now();
    if (leftMs <= 0 || judged.verdict === 'bad' || seenViews.past) break;
    await pause(Math.min(pollMs, leftMs), context);
    const looks = await Promise.all(watched.map((gateway) => gateway.look()));
    const since = (age: HydraAge) => addTraffic(looks.map((look) => look[age]));
    const endedAfterMs = Date.now() - startedAt;
    spans.push({ traffic: since('new'), endedAfterMs, ...(share < ALL ? { beside: since('old') } : {}) });
    judged = withLimits(judgeTraffic(before, spans, options), spans, watched, deps);
    context.heartbeat({ step: 'watching', share, leftMs: Math.max(0, leftMs), requests: judged.requests });
  }
  const after = await readBoth(deps);
  const seen = {
    new: spans.map(({ traffic }) => traffic),
    old: spans.flatMap(({ beside }) => (beside ? [beside] : [])),
  };
  const traffic = { old: addTraffic(seen.old), new: addTraffic(seen.new) };
  const load = {
    old: loadOf(metrics.old, after.old, traffic.old),
    new: loadOf(metrics.new, after.new, traffic.new),
  };
  judged = withLoad(judged, {
    load,
    requests: { old: requestsIn(traffic.old), new: requestsIn(traffic.new) },
    ratioMax: deps.settings.judge.loadRatioMax,
  });
  judged = withUnseen(judged, [...seenViews.problems, ...(await sharesLost(deps.gateways, share))]);
  return {
    share,
    verdict: judged.verdict,
    durationMs: Date.now() - startedAt,
    requests: judged.requests,
    serverErrors: serverErrorsIn(traffic.new),
    problems: judged.problems.slice(0, PROBLEMS_MAX),
    load,
  };
};

interface ViewsSeen {
  /** Something leads the old version past them. */
  readonly past: boolean;
  /** That nobody could look is one, too. */
  readonly problems: readonly string[];
}

async function lookAtViews(deps: InPlaceDeps, context: StepContext, views: WatchedViews): Promise<ViewsSeen> {
  try {
    const place = await placeOf(deps);
    const problem = await onLive(deps, context, (client) => views.look(client, place));
    return { past: problem !== null, problems: problem === null ? [] : [problem] };
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    const unseen = `whether the old version goes through its views could not be seen (${error.message})`;
    return { past: false, problems: [unseen] };
  }
}

function withLoad(judged: Judgement, question: LoadQuestion): Judgement {
  const { problems, unseen } = judgeLoad(question);
  const known = judged.verdict === 'clean' ? [] : judged.problems;
  if (problems.length > 0) return { ...judged, verdict: 'bad', problems: [...known, ...problems] };
  return withUnseen(judged, unseen);
}

function withUnseen(judged: Judgement, unseen: readonly string[]): Judgement {
  if (unseen.length === 0 || judged.verdict === 'bad') return judged;
  const known = judged.verdict === 'clean' ? [] : judged.problems;
  return { ...judged, verdict: 'inconclusive', problems: [...known, ...unseen] };
}

/** One that began anew without its `stateFile` gives everything to the old version: what it counted is no proof of this share. */
async function sharesLost(gateways: readonly Gateway[], share: number): Promise<string[]> {
  const lost: string[] = [];
  for (const gateway of gateways) {
    const now = await gateway.besideShare?.().catch((error: unknown) => {
      if (!isCutoverFault(error)) throw error;
      return undefined;
    });
    if (gateway.besideShare === undefined || now === share) continue;
    lost.push(
      `gateway ${gateway.name} gives the new version ${now ?? 'an unknown share'} % of the requests, and was told ${share}: see that it keeps its stateFile; watching the share once more tells it again`,
    );
  }
  return lost;
}

/** What is bad whatever the other version does. */
function withLimits(
  judged: Judgement,
  spans: readonly Span[],
  watched: readonly WatchedAges[],
  { settings: { judge } }: InPlaceDeps,
): Judgement {
  const traffic = addTraffic(spans.map((span) => span.traffic));
  const problems = watched
    .filter(({ silent }) => silent)
    .map(({ name }) => `gateway ${name} does not tell its traffic`);
  const errors = serverErrorsIn(traffic);
  // Of few requests a single one says nothing of a rate: 1.11.10 answers 500 where consents are listed while they are revoked.
  const allowed = Math.ceil(judge.errorRateMax * judged.requests);
  if (errors > allowed) {
    problems.push(`${errors} of ${judged.requests} answers were server errors (allowed ${allowed})`);
  }
  const p95Ms = p95In(traffic);
  if (judge.p95MsMax !== null && p95Ms !== null && p95Ms > judge.p95MsMax && judged.requests >= judge.requestsMin) {
    problems.push(`p95 was ${Math.round(p95Ms)} ms (allowed ${judge.p95MsMax} ms)`);
  }
  if (problems.length === 0) return judged;
  const known = judged.verdict === 'bad' ? judged.problems : [];
  return { ...judged, verdict: 'bad', problems: [...problems, ...known] };
}

function serverErrorsIn(traffic: Traffic): number {
  return Object.values(traffic).reduce(
    (sum, { outcomes }) => sum + SERVER_ERRORS.reduce((errors, name) => errors + (outcomes[name] ?? 0), 0),
    0,
  );
}

function p95In(traffic: Traffic): number | null {
  return p95Of(Object.values(traffic).map(({ latency }) => latency));
}

/** What one gateway counts of the two, across its restarts. */
class WatchedAges {
  /** Of the old version, before the share was watched. */
  sinceStart: Traffic = {};
  #last: Readonly<Record<HydraAge, Traffic>> | undefined;
  #missed = 0;

  constructor(private readonly gateway: Gateway) {}

  get name(): string {
    return this.gateway.name;
  }

  get silent(): boolean {
    return this.#missed >= SILENCE_MAX;
  }

  /** @returns what both answered since the last look */
  async look(): Promise<Readonly<Record<HydraAge, Traffic>>> {
    try {
      const beside = (await this.gateway.traffic?.())?.beside;
      const now = { old: {}, new: {}, ...(beside && { old: ageTraffic(beside.old), new: ageTraffic(beside.new) }) };
      const last = this.#last;
      this.#last = now;
      this.#missed = 0;
      if (last !== undefined) return { old: trafficSince(last.old, now.old), new: trafficSince(last.new, now.new) };
      this.sinceStart = now.old;
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      this.#missed += 1;
    }
    return { old: {}, new: {} };
  }
}

type BothMetrics = Readonly<Record<HydraAge, HydraMetrics | null>>;

/** One that does not tell its metrics is no failure: what was not seen is told. */
async function readBoth({ hydra, log }: InPlaceDeps): Promise<BothMetrics> {
  const read = async (age: HydraAge) => {
    try {
      return await hydra[age].metrics(IN_PLACE_SIDE);
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      log.debug({ hydra: age, code: error.code }, 'metrics not read');
      return null;
    }
  };
  return { old: await read('old'), new: await read('new') };
}

function loadOf(before: HydraMetrics | null, after: HydraMetrics | null, traffic: Traffic): AgeLoad {
  const requests = requestsIn(traffic);
  const cpuMs = before === null || after === null ? null : (after.cpuSeconds - before.cpuSeconds) * 1_000;
  return {
    cpuMsPerRequest: cpuMs === null || cpuMs < 0 || requests === 0 ? null : Number((cpuMs / requests).toFixed(2)),
    residentBytes: after?.residentBytes ?? null,
    p95Ms: p95In(traffic),
  };
}
