import { type CanaryReceipt, type Report } from '../../../../domain/receipts';
import { pageText } from '../../../../domain/page/text';
import { demoPage } from '../../../../world/demo/demo-page';
import { demoReport, failedRequests, pauseOf } from '../../../../world/demo/demo-report';
import { checkUpgrade } from '../../../../world/demo/check-upgrade';
import { Report as DemoReport } from '../../../../world/demo/report';
import { sayIfTooSlow } from '../../../../world/demo/usual-waits';
import { type TrafficReport } from '../../../../world/traffic';
import { VerdictBuilder } from '../../../../world/traffic/oracle/verdict';
import { Recorder } from '../../../../world/traffic/recording/recorder';

const SWITCHOVER_AT = 100_000;
const NO_PAUSE = { p50: 0, p99: 0, longest: 0, usual: 0, requests: 0 };

function clients(fill: (recorder: Recorder) => void): TrafficReport {
  const recorder = new Recorder(250);
  fill(recorder);
  return {
    traffic: recorder.summary(SWITCHOVER_AT + 10_000),
    verdict: new VerdictBuilder().build(0, 1),
  } as unknown as TrafficReport;
}

const VALIDATION = { ok: true, checks: [] } as const;
const CANARY: CanaryReceipt = {
  state: 'held',
  ...{ loggedInAt: '2026-01-01T00:00:00Z', beforeSnapshot: true, why: null, steps: [] },
};

const completed = {
  outcome: 'completed',
  cause: null,
  switchovers: [
    {
      outcome: 'committed',
      attempt: 1,
      epoch: 1,
      holdMs: 300,
      heldAt: new Date(SWITCHOVER_AT).toISOString(),
      stepsMs: {},
      refused: 0,
      targets: [
        { name: 'gateway', kind: 'gateway', epoch: 1 },
        { name: 'policies', kind: 'target', epoch: 1 },
      ],
    },
  ],
  drain: { captured: 4, applied: 4, missing: 0, undoneChanges: 0, byKind: {}, notCarried: [] },
  parity: { rows: 10, differences: 0, tables: {}, examples: [] },
  validation: { ...VALIDATION, canaryUser: CANARY },
  plan: { switchover: { pauseBudgetMs: 1_000 } },
} as unknown as Report;

function verdictOn(report: Report, traffic: TrafficReport, pause = NO_PAUSE): string[] {
  const demo = new DemoReport(() => undefined);
  checkUpgrade({ upgrade: { report }, pause, clients: traffic }, demo);
  return demo.checks.filter(({ held }) => !held).map(({ claim }) => claim);
}

it('takes the pause from the requests that were sent while others were held, and from no other', async () => {
  const recorder = new Recorder(250);
  const request = (sentAt: number, durationMs: number) =>
    recorder.requestAnswered('refresh', sentAt, sentAt + durationMs, 'ok');
  request(SWITCHOVER_AT - 50_000, 5_000);
  request(SWITCHOVER_AT - 1, 700);
  request(SWITCHOVER_AT + 10, 300);
  request(SWITCHOVER_AT + 290, 12);
  request(SWITCHOVER_AT + 301, 900);
  const waits = async (fromMs: number, toMs: number) => recorder.recent.sentBetween(fromMs, toMs);
  expect(await pauseOf(completed, { waits })).toMatchObject({
    longest: 300,
    requests: 2,
    usual: expect.closeTo(700, -2) as number,
  });
  expect(await pauseOf({ ...completed, switchovers: [] }, { waits })).toEqual(NO_PAUSE);
});

it('says so when a client waited longer than the budget', () => {
  const traffic = clients(() => undefined);
  const claims = verdictOn(completed, traffic, { p50: 900, p99: 1_100, longest: 1_100, usual: 50, requests: 3 });
  expect(claims).toEqual(['the pause stayed within its budget']);
});

it('counts what clients of this machine wait in any case not as a part of the pause', () => {
  const traffic = clients(() => undefined);
  expect(verdictOn(completed, traffic, { p50: 900, p99: 1_100, longest: 1_100, usual: 100, requests: 3 })).toEqual([]);
});

it.each([
  [900, 0],
  [1_500, 1],
])('says before the commit what is too slow: clients that wait %i ms, %i times', async (waitedMs, times) => {
  const recorder = new Recorder(250);
  recorder.requestAnswered('refresh', SWITCHOVER_AT - 5_000, SWITCHOVER_AT - 5_000 + waitedMs, 'ok');
  const said: string[] = [];
  const waits = async (fromMs: number, toMs: number) => recorder.recent.sentBetween(fromMs, toMs);
  await sayIfTooSlow({ waits }, (line) => said.push(line), SWITCHOVER_AT);
  expect(said).toHaveLength(times);
  for (const line of said) expect(line).toMatch(/clients wait 1[45]\d\d ms already \(p99, allowed: 1000\)/);
});

it('counts lost requests and operations that were refused as failed', () => {
  const traffic = clients((recorder) => {
    recorder.requestSent(0);
    recorder.requestAnswered('refresh', 0, 5, 'lost');
    recorder.operation('refresh', 5, 'lost');
    recorder.operation('new_grant', 5, 'refused');
  });
  expect(failedRequests(traffic)).toBe(2);
});

it('finds nothing wrong with an upgrade that kept every promise', () => {
  expect(
    verdictOn(
      completed,
      clients(() => undefined),
    ),
  ).toEqual([]);
});

it.each<[string, Partial<Report>]>([
  ['the upgrade completed', { outcome: 'undone' }],
  ['no write met the fence', { switchovers: [{ ...completed.switchovers[0], refused: 1 } as never] }],
  [
    'every revocation captured on blue is applied on green',
    { drain: { captured: 4, applied: 3, missing: 1, undoneChanges: 0, byKind: {}, notCarried: [] } },
  ],
  ['green equals blue, row by row', { parity: { rows: 10, differences: 1, tables: {}, examples: [] } }],
  ['Users stay logged in', { validation: null }],
  ['Users stay logged in', { validation: { ...VALIDATION, canaryUser: { ...CANARY, state: 'inconclusive' } } }],
  ['Users stay logged in', { validation: { ...VALIDATION, canaryUser: { ...CANARY, beforeSnapshot: false } } }],
  ['the pause stayed within its budget', { switchovers: [{ ...completed.switchovers[0], holdMs: 1_001 } as never] }],
  [
    'all targets serve the same epoch',
    {
      switchovers: [
        { ...completed.switchovers[0], targets: [{ name: 'gateway', kind: 'gateway', epoch: 7 }] } as never,
      ],
    },
  ],
])('says so when this does not hold: %s', (claim, wrong) => {
  expect(
    verdictOn(
      { ...completed, ...wrong },
      clients(() => undefined),
    ),
  ).toContain(claim);
});

it.each([40, 80, 120])('tells its end on one page, what failed first, in %i columns', (width) => {
  const page = demoPage(
    demoReport({
      ...{ history: { grants: 0, rows: {} } as never, pause: NO_PAUSE, durationMs: 1 },
      upgrade: { report: { ...completed, phases: [], decisions: [], clean: null, bake: null, metrics: {} } as never },
      traffic: clients(() => undefined),
      checks: [
        { claim: 'no client saw a failure', held: true, observed: '0 of 10 requests' },
        { claim: 'the upgrade completed', held: false, observed: 'undone' },
      ],
      ok: false,
    }),
  );
  const lines = pageText(page, width).split('\n');
  expect(lines.filter(({ length }) => length > width)).toEqual([]);
  const text = lines.join(' ').replaceAll(/\s+/g, ' ');
  expect(text).toContain('Verdict, look first: 1 of 2 checks held; outcome completed. - the upgrade completed: undone');
  expect(text).toContain('FAIL');
});
