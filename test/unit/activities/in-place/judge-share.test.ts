import { type InPlaceDeps } from '../../../../activities/in-place/deps';
import { judgeShare } from '../../../../activities/in-place/judge-share';
import { CutoverFault } from '../../../../domain/faults';
import { type AnswerCount } from '../../../../domain/oauth-answers';
import { type HydraMetrics } from '../../../../domain/ports/hydra-api';
import { type Gateway, type GatewayTraffic } from '../../../../domain/ports/targets';

const RUN = { cutoverId: 'run-1', environment: 'test' };

interface Counted {
  readonly ok: number;
  readonly failed?: number;
}

/** A gateway that has counted so much at each look; the last one stays. */
function gatewayWith(looks: readonly Readonly<Record<'old' | 'new', Counted>>[]): Gateway {
  let look = 0;
  const answersOf = ({ ok, failed = 0 }: Counted): AnswerCount[] => [
    { endpoint: 'token', grant: 'refresh_token', outcome: 'ok', count: ok },
    { endpoint: 'token', grant: 'refresh_token', outcome: 'other_5xx', count: failed },
  ];
  const traffic = async (): Promise<GatewayTraffic> => {
    const now = looks[Math.min(look++, looks.length - 1)] ?? { old: { ok: 0 }, new: { ok: 0 } };
    const age = (counted: Counted) => ({ answers: answersOf(counted), latencies: {} });
    return {
      ...{ requests: 0, serverErrors: 0, latency: [], answers: [], latencies: { blue: {}, green: {} } },
      beside: { old: age(now.old), new: age(now.new) },
    };
  };
  return { name: 'gateway-1', traffic } as unknown as Gateway;
}

const MIB = 1_048_576;
type Metrics = () => Promise<Pick<HydraMetrics, 'cpuSeconds' | 'residentBytes'>>;
const away: Metrics = () => Promise.reject(new CutoverFault('HYDRA_UNREACHABLE', 'not there'));
const taking =
  (residentBytes: number): Metrics =>
  async () => ({ cpuSeconds: 1, residentBytes });

/** The look at the views is shown on a real server (`in-place-among-others`); here it finds nothing. */
const throughViews = {
  address: async () => ({ database: 'hydra' }),
  withSession: async (): Promise<string | null> => null,
};

function depsOf(gateways: readonly Gateway[], newMetrics: Metrics = taking(60 * MIB), errorRateMax = 0): InPlaceDeps {
  return {
    databases: throughViews,
    settings: {
      judge: { durationMs: 30, pollMs: 5, requestsMin: 50, errorRateMax, p95MsMax: null, loadRatioMax: 4 },
    },
    gateways,
    hydra: { old: { metrics: taking(50 * MIB) }, new: { metrics: newMetrics } },
    log: { debug: () => undefined },
  } as unknown as InPlaceDeps;
}

const context = {
  signal: new AbortController().signal,
  attempt: 1,
  order: 1,
  heartbeat: () => undefined,
  lastProgress: undefined,
};
const judged = (share: number, looks: Parameters<typeof gatewayWith>[0]) =>
  judgeShare(depsOf([gatewayWith(looks)]), { ...RUN, share }, context);

describe('a share of the traffic', () => {
  it('is clean when enough was seen and the new version answered as the old one did', async () => {
    const receipt = await judged(50, [
      { old: { ok: 500 }, new: { ok: 0 } },
      { old: { ok: 600 }, new: { ok: 100 } },
    ]);
    expect(receipt).toMatchObject({ share: 50, verdict: 'clean', requests: 100, serverErrors: 0, problems: [] });
  });

  it('is inconclusive when a gateway has another share at the end, as one that began anew without its state', async () => {
    const enough = [
      { old: { ok: 500 }, new: { ok: 0 } },
      { old: { ok: 600 }, new: { ok: 100 } },
    ];
    const at = async (besideShare: Gateway['besideShare']) =>
      judgeShare(depsOf([{ ...gatewayWith(enough), besideShare }]), { ...RUN, share: 50 }, context);
    expect(await at(async () => 50)).toMatchObject({ verdict: 'clean' });
    expect(await at(async () => 0)).toMatchObject({
      verdict: 'inconclusive',
      problems: [expect.stringMatching(/^gateway gateway-1 gives the new version 0 % .* told 50: see .*stateFile/)],
    });
    expect(await at(() => Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'away')))).toMatchObject({
      verdict: 'inconclusive',
      problems: [expect.stringContaining('an unknown share %')],
    });
  });

  it('is inconclusive when nobody could see whether the old version goes through its views', async () => {
    const enough = [
      { old: { ok: 500 }, new: { ok: 0 } },
      { old: { ok: 600 }, new: { ok: 100 } },
    ];
    const withSession = () => Promise.reject(new CutoverFault('DB_UNREACHABLE', 'away'));
    const deps = { ...depsOf([gatewayWith(enough)]), databases: { ...throughViews, withSession } };
    expect(await judgeShare(deps as unknown as InPlaceDeps, { ...RUN, share: 50 }, context)).toMatchObject({
      verdict: 'inconclusive',
      problems: [expect.stringMatching(/goes through its views could not be seen \(away\)/)],
    });
  });

  it('is inconclusive when too few requests were seen', async () => {
    const receipt = await judged(1, [
      { old: { ok: 500 }, new: { ok: 0 } },
      { old: { ok: 600 }, new: { ok: 3 } },
    ]);
    expect(receipt).toMatchObject({ verdict: 'inconclusive', requests: 3 });
    expect(receipt.problems.join()).toContain('3 requests were seen (needed at least 50)');
  });

  it.each([10, 100])('is bad at once at %i % when the new version fails where the old one does not', async (share) => {
    const receipt = await judged(share, [
      { old: { ok: 500 }, new: { ok: 0 } },
      { old: { ok: 600 }, new: { ok: 60, failed: 40 } },
    ]);
    expect(receipt).toMatchObject({ verdict: 'bad', serverErrors: 40 });
    expect(receipt.problems[0]).toBe('40 of 100 answers were server errors (allowed 0)');
  });

  it.each([
    [1, 0.001, 'clean'],
    [2, 0.001, 'bad'],
    [1, 0, 'bad'],
  ] as const)('with %d server errors among a hundred, of %d allowed, is %s', async (failed, errorRateMax, verdict) => {
    const looks = [
      { old: { ok: 500 }, new: { ok: 0 } },
      { old: { ok: 600 }, new: { ok: 100 - failed, failed } },
    ];
    const deps = depsOf([gatewayWith(looks)], taking(60 * MIB), errorRateMax);
    expect(await judgeShare(deps, { ...RUN, share: 50 }, context)).toMatchObject({ verdict, serverErrors: failed });
  });

  it.each([
    [
      'bad when the new version takes far more memory',
      taking(201 * MIB),
      'bad',
      /memory of the new version was 210763776/,
    ],
    [
      'inconclusive when it does not tell what it takes',
      away,
      'inconclusive',
      /memory was not seen of the new version/,
    ],
  ] as const)('is %s', async (_what, metrics, verdict, says) => {
    const looks = [
      { old: { ok: 500 }, new: { ok: 0 } },
      { old: { ok: 600 }, new: { ok: 100 } },
    ];
    const receipt = await judgeShare(depsOf([gatewayWith(looks)], metrics), { ...RUN, share: 50 }, context);
    expect(receipt.verdict).toBe(verdict);
    expect(receipt.problems.join()).toMatch(says);
  });

  it('is bad when a gateway does not tell its traffic', async () => {
    const traffic = () => Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'gone'));
    const deps = depsOf([{ name: 'gateway-1', traffic } as unknown as Gateway]);
    const receipt = await judgeShare(deps, { ...RUN, share: 10 }, context);
    expect(receipt).toMatchObject({ verdict: 'bad', problems: ['gateway gateway-1 does not tell its traffic'] });
  });
});
