import { type Histogram } from '../../../../domain/histogram';
import { JUDGE_DEFAULTS, judgeTraffic, type Span } from '../../../../domain/judge/judge-traffic';
import { isExceeded, NEW_WAGER, observe, type Wager } from '../../../../domain/judge/sequential-test';
import { type EndpointTraffic, type Traffic, trafficSince } from '../../../../domain/judge/traffic';
import { Random } from '../../../simulation/random';
import { simulateBake } from '../../../simulation/simulated-bake';
import { simulateSpan } from '../../../simulation/simulated-traffic';

const MINUTE_MS = 60_000;
const OPTIONS = { ...JUDGE_DEFAULTS, requestsMin: 100, spans: 180 };
const USUAL = { requestsPerSecond: 50, slowdown: 1, errorFactor: 1 };

function endpoint(requests: number, outcomes: Record<string, number> = {}): EndpointTraffic {
  return { requests, outcomes, latency: [] };
}

function spansOf(count: number, traffic: (n: number) => Traffic, beside?: Traffic): readonly Span[] {
  return Array.from({ length: count }, (_, n) => ({
    traffic: traffic(n),
    endedAfterMs: JUDGE_DEFAULTS.warmUpMs + (n + 1) * 10_000,
    ...(beside === undefined ? {} : { beside }),
  }));
}

// The whole of it, 10,000 bakes: `npm run simulate`.
it('leaves harmless bakes alone, with a day that goes on and caches that are cold', () => {
  const bakes = Array.from({ length: 12 }, (_, n) =>
    simulateBake(7_000 + n, { requestsPerSecond: 50, durationMs: 15 * MINUTE_MS, beside: n % 2 === 1 }),
  );
  expect(bakes.flatMap(({ problems }) => problems)).toEqual([]);
});

it.each([
  ['latencies +20 %', { fromMs: 0, slowdown: 1.2 }],
  ['1 % more of all are refused', { fromMs: 0, added: { endpoint: 'token', outcome: 'invalid_grant', share: 0.05 } }],
  ['it begins later', { fromMs: 5 * MINUTE_MS, slowdown: 1.2 }],
])('finds it within five minutes: %s', (_case, harm) => {
  for (const beside of [false, true]) {
    const { badAfterMs } = simulateBake(11, {
      requestsPerSecond: 50,
      durationMs: harm.fromMs + 5 * MINUTE_MS,
      harm,
      beside,
    });
    expect(badAfterMs).toBeLessThanOrEqual(5 * MINUTE_MS);
  }
});

it('calls an outcome bad that was never there before, and names it with numbers', () => {
  const before = { token: endpoint(5_000, { invalid_grant: 5 }) };
  const spans = spansOf(6, () => ({ token: endpoint(100, { invalid_grant: 0, server_error: 10 }) }));
  expect(judgeTraffic(before, spans, OPTIONS)).toEqual({
    verdict: 'bad',
    requests: 600,
    problems: ['token: server_error: 60 of 600 requests, 10.00 % (harmless up to 0.44 %)'],
  });
});

it('is inconclusive where too little was seen on either side, never clean', () => {
  const some = { token: endpoint(5_000) };
  expect(judgeTraffic(some, [], OPTIONS)).toMatchObject({ verdict: 'inconclusive', requests: 0 });
  const after = spansOf(2, () => ({ token: endpoint(100) }));
  expect(judgeTraffic({}, after, OPTIONS).problems).toEqual([
    '0 requests were seen before (needed at least 100): too few to compare with',
  ]);
});

it('blames nobody by what hardly anybody saw before', () => {
  const before = { token: endpoint(99) };
  const spans = spansOf(6, () => ({ token: endpoint(100, { invalid_grant: 60 }) }));
  expect(judgeTraffic(before, spans, OPTIONS).verdict).toBe('inconclusive');
  expect(judgeTraffic({ token: endpoint(100) }, spans, OPTIONS).verdict).toBe('bad');
});

it('says so where buckets cannot show a slowdown by a fifth', () => {
  const latency: Histogram = [
    { upToMs: 100, count: 4_000 },
    { upToMs: 250, count: 5_000 },
    { upToMs: Infinity, count: 5_000 },
  ];
  const traffic = { token: { requests: 5_000, outcomes: {}, latency } };
  expect(
    judgeTraffic(
      traffic,
      spansOf(1, () => traffic),
      OPTIONS,
    ),
  ).toMatchObject({ verdict: 'inconclusive', problems: [expect.stringContaining('token: the buckets')] });
});

it('does not blame the new side for what the old one meets at the same time', () => {
  const random = new Random(3);
  const bad = { ...USUAL, slowdown: 1.6, errorFactor: 4 };
  const before = simulateSpan(random, 15 * MINUTE_MS, USUAL);
  const spans = spansOf(60, () => simulateSpan(random, 10_000, bad)).map((span) => ({
    ...span,
    beside: simulateSpan(random, 10_000, bad),
  }));
  expect(judgeTraffic(before, spans, OPTIONS).verdict).toBe('clean');
  const alone = spans.map(({ traffic, endedAfterMs }) => ({ traffic, endedAfterMs }));
  expect(judgeTraffic(before, alone, OPTIONS).verdict).toBe('bad');
});

it('keeps its promise at every look: a bet against the truth is won in at most alpha of all cases', () => {
  const random = new Random(5);
  const [alpha, looks, limit] = [0.05, 50, 0.03];
  let won = 0;
  for (let n = 0; n < 600; n += 1) {
    let wager: Wager = NEW_WAGER;
    for (let look = 0; look < looks; look += 1) {
      wager = observe(wager, { events: random.binomial(200, limit), trials: 200, limit }, looks);
      if (!isExceeded(wager, alpha)) continue;
      won += 1;
      break;
    }
  }
  expect(won / 600).toBeLessThan(alpha);
  expect(won).toBeGreaterThan(0);
});

it('counts from zero when a process was restarted in between', () => {
  const reading = (requests: number, errors: number) => ({ token: endpoint(requests, { '5xx': errors }) });
  expect(trafficSince(reading(100, 3), reading(140, 4))).toEqual(reading(40, 1));
  expect(trafficSince(reading(100, 3), reading(40, 1))).toEqual(reading(40, 1));
  expect(trafficSince({}, reading(40, 1))).toEqual(reading(40, 1));
});
