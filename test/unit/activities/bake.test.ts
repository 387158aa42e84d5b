import { bake } from '../../../activities/bake';
import { type StepDeps } from '../../../activities/step';
import { CutoverFault } from '../../../domain/faults';
import { type Gateway, type GatewayTraffic, type TargetView } from '../../../domain/ports/targets';
import { type CutoverSettings } from '../../../domain/settings';
import { SCHEMA_VERSION } from '../../../hydra/arbiter/schema-version';
import { stepContext } from './step-context';
import { FORWARD } from '../../../domain/sides';

const EPOCH = 7;
const INPUT = { cutoverId: 'c1', environment: 'test' };
const GREEN: TargetView = { appliedEpoch: EPOCH, appliedSide: 'green', stagedEpoch: null, highestEpoch: EPOCH };

const traffic = (requests: number, serverErrors: number, slow = 0, refused = 0): GatewayTraffic => ({
  requests,
  serverErrors,
  answers: [
    { side: 'green', endpoint: 'token', grant: 'refresh_token', outcome: 'ok', count: requests - refused },
    { side: 'green', endpoint: 'token', grant: 'refresh_token', outcome: 'invalid_grant', count: refused },
    { side: 'blue', endpoint: 'token', grant: 'refresh_token', outcome: 'ok', count: 5_000 },
  ],
  latencies: { blue: {}, green: {} },
  latency: [
    { upToMs: 100, count: requests - slow },
    { upToMs: 1_000, count: requests },
    { upToMs: Infinity, count: requests },
  ],
});

/** Readings of the hours before the switchover. */
const reading = (requests: number, invalid_grant: number) => ({
  source: 'edge',
  counters: JSON.stringify({ 'token (refresh_token)': { requests, outcomes: { invalid_grant }, latency: [] } }),
});
const BEFORE = [reading(1_000, 10), reading(11_000, 110)];

/** Time is what was read: every reading of a gateway takes `POLL_MS`, however slow the machine is. */
const POLL_MS = 5;
let clockMs = 0;
beforeEach(() => {
  clockMs = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => clockMs);
});
afterEach(() => jest.restoreAllMocks());

/** Answers one reading after the other, then the last one again. */
function gateway(readings: readonly (GatewayTraffic | 'down')[], view: TargetView | 'down' = GREEN): Gateway {
  let next = 0;
  const answer = <T>(value: T | 'down'): Promise<T> =>
    value === 'down' ? Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'away')) : Promise.resolve(value);
  return {
    name: 'edge',
    read: () => answer(view),
    traffic: () => {
      clockMs += POLL_MS;
      return answer(readings[Math.min(next++, readings.length - 1)] ?? 'down');
    },
  } as unknown as Gateway;
}

function run(
  edge: Gateway,
  changes: Partial<CutoverSettings['bake']> = {},
  durationMs = 40,
  more: { readonly before?: readonly object[]; readonly counters?: StepDeps['counters'] } = {},
) {
  const arbiter = {
    side: 'green',
    cutoverId: INPUT.cutoverId,
    nonce: '',
    state: 'open',
    epoch: EPOCH,
    schemaVersion: SCHEMA_VERSION,
  };
  const session = {
    backendPid: 1,
    query: (text: string) => {
      // No schema of ours belongs to somebody else.
      if (text.includes('pg_namespace')) return Promise.resolve({ rows: [], rowCount: 0 });
      const rows = text.includes('counters FROM') ? (more.before ?? BEFORE) : [{ there: true, ...arbiter }];
      return Promise.resolve({ rows, rowCount: rows.length });
    },
  };
  const settings = {
    hydraSchema: 'public',
    bake: { durationMs, pollMs: POLL_MS, requestsMin: 50, errorRateMax: 0.05, p95MsMax: 500, ...changes },
  };
  const deps = {
    settings,
    direction: FORWARD,
    gateways: [edge],
    targets: [],
    counters: more.counters ?? [],
    log: { debug: () => undefined },
    databases: { withSession: (_side: string, work: (client: typeof session) => unknown) => work(session) },
  } as unknown as StepDeps;
  return bake(deps, INPUT, stepContext());
}

it('is clean when errors and latency since its start stay below the thresholds, whatever was before', async () => {
  const result = await run(gateway([traffic(1_000, 900, 1_000), traffic(1_100, 904, 1_000)]));
  expect(result).toMatchObject({ verdict: 'clean', requests: 100, errorRate: 0.04, problems: [] });
});

it('is bad by the share of 5xx, and by p95', async () => {
  const errors = await run(gateway([traffic(0, 0), traffic(100, 10)]));
  expect(errors.problems).toEqual(['10.00 % of 100 answers were 5xx (allowed 5.00 %)']);
  const slow = await run(gateway([traffic(0, 0), traffic(100, 0, 50)]));
  expect(slow.problems).toEqual([expect.stringMatching(/^p95 was 910 ms \(allowed 500 ms\)$/)]);
  expect(await run(gateway([traffic(0, 0), traffic(100, 0, 50)]), { p95MsMax: null })).toMatchObject({
    verdict: 'clean',
  });
});

it.each([
  ['no request at all', traffic(0, 0), 'inconclusive'],
  ['fewer requests than it takes', traffic(49, 0), 'inconclusive'],
  ['just enough', traffic(50, 0), 'clean'],
  ['few requests, and bad ones', traffic(4, 2), 'bad'],
])('with %s it is judged by what was seen', async (_case, reading, verdict) => {
  const result = await run(gateway([traffic(0, 0), reading]));
  expect(result.verdict).toBe(verdict);
  if (verdict !== 'inconclusive') return;
  expect(result.problems).toEqual([
    `the gateways saw ${reading.requests} requests in 0 s (needed at least 50): too few to say that green is well`,
  ]);
});

it('counts on across a restart of the gateway, errors too', async () => {
  const result = await run(gateway([traffic(1_000, 0), traffic(20, 0), traffic(50, 0)]));
  expect(result).toMatchObject({ verdict: 'clean', requests: 50 });
  const errors = await run(gateway([traffic(1_000, 900), traffic(60, 6), traffic(100, 10)]));
  expect(errors).toMatchObject({ verdict: 'bad', requests: 100, errorRate: 0.1 });
});

it('ends at once when a target falls back to blue, or a gateway stays silent', async () => {
  const fallen = { ...GREEN, appliedEpoch: EPOCH - 1, appliedSide: 'blue' as const };
  const back = await run(gateway([traffic(0, 0)], fallen), {}, 60_000);
  expect(back.problems).toEqual([
    `TARGET_FELL_BACK: edge serves blue under epoch ${EPOCH - 1}, not green under ${EPOCH}`,
  ]);
  const silent = await run(gateway(['down']), {}, 60_000);
  expect(silent.problems).toEqual(['gateway edge does not tell its traffic']);
});

it('looks at the targets even when it is to take no time, and forgives one that is away for a moment', async () => {
  const fallen = { ...GREEN, appliedSide: null };
  expect((await run(gateway([traffic(0, 0)], fallen), {}, 0)).problems).toEqual([
    `TARGET_FELL_BACK: edge serves neither side under epoch ${EPOCH}, not green under ${EPOCH}`,
  ]);
  let reads = 0;
  const restarting = gateway([traffic(0, 0)]);
  restarting.read = () => {
    reads += 1;
    return reads === 2 ? Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'away')) : Promise.resolve(GREEN);
  };
  expect((await run(restarting)).verdict).toBe('inconclusive');
  expect(reads).toBeGreaterThan(2);
  const away = await run(gateway([traffic(0, 0)], 'down'), {}, 60_000);
  expect(away.problems).toEqual(['TARGET_UNREACHABLE: edge does not say what it serves']);
});

describe('what blue answered before', () => {
  it('makes sessions that were valid and are refused an alarm within minutes, without any 5xx', async () => {
    const readings = Array.from({ length: 20 }, (_, look) => traffic(look * 100, 0, 0, look * 8));
    const result = await run(gateway(readings), {}, 600);
    expect(result).toMatchObject({ verdict: 'bad', errorRate: 0 });
    expect(result.problems[0]).toMatch(
      /^token \(refresh_token\): invalid_grant: \d+ of \d+ requests, 8\.00 % \(harmless up to/,
    );
  });

  it('makes what a dependent refuses an alarm, by a counter that it names', async () => {
    let refused = 0;
    const counters = [{ name: 'policy 403', read: () => Promise.resolve((refused += 5)) }];
    const kept = (counted: number) => ({
      source: 'counter policy 403',
      counters: JSON.stringify({ 'counter policy 403': { requests: 0, outcomes: { counted }, latency: [] } }),
    });
    const before = [...BEFORE, kept(100), kept(110)];
    const readings = Array.from({ length: 40 }, (_, look) => traffic(look * 50, 0, 0, 0));
    const result = await run(gateway(readings), {}, 600, { before, counters });
    expect(result.problems[0]).toMatch(/^counter policy 403: counted: \d+ of \d+ requests/);
    const quiet = [{ name: 'policy 403', read: () => Promise.resolve(3) }];
    expect(await run(gateway(readings), {}, 40, { before, counters: quiet })).toMatchObject({ verdict: 'clean' });
  });

  it('that was not kept leaves the bake inconclusive, however well green does', async () => {
    const result = await run(gateway([traffic(0, 0), traffic(500, 0)]), {}, 40, { before: [] });
    expect(result).toMatchObject({ verdict: 'inconclusive', requests: 500 });
    expect(result.problems).toEqual(['0 requests were seen before (needed at least 50): too few to compare with']);
  });
});
