import { renderTrafficSummary, type TrafficReport } from '../../../../world/traffic';
import { VerdictBuilder } from '../../../../world/traffic/oracle/verdict';
import { Recorder } from '../../../../world/traffic/recording/recorder';

const AT = '2026-01-01T00:00:00.000Z';

function report(more: Partial<TrafficReport> = {}): TrafficReport {
  const recorder = new Recorder(250);
  recorder.requestSent(0);
  recorder.requestAnswered('refresh', 0, 12, 'ok');
  recorder.operation('refresh', 12, 'ok');
  return {
    schemaVersion: 1,
    startedAt: AT,
    durationMs: 20_000,
    seed: 1,
    actors: 64,
    ratePerSecondWanted: 100,
    requestsPerSecond: 101.5,
    writesPerSecond: 25.3,
    traffic: recorder.summary(20_000),
    generator: {
      cpuPercent: 20,
      eventLoopBusyPercent: 22,
      eventLoopDelayP99Ms: 2,
      eventLoopDelayMaxMs: 5,
      scheduleLateness: { count: 1, p50Ms: 1, p90Ms: 2, p99Ms: 3, maxMs: 4 },
      droppedMs: 0,
      late: false,
      waiting: 0,
      unstarted: 0,
      defects: 0,
    },
    promises: 5,
    witnessed: [],
    verdict: new VerdictBuilder().build(0, 1_000),
    ...more,
  };
}

it('says rate, writes, percentiles and that all promises were kept, and that secrets are hashed cheaply', () => {
  const text = renderTrafficSummary(report());
  for (const part of ['101.5/s', '25.3 confirmed writes/s', 'all kept', 'bcrypt cost 8', 'Failed operations: 0']) {
    expect(text).toContain(part);
  }
});

it('blames a late generator and not the server', () => {
  const { generator } = report();
  const text = renderTrafficSummary(report({ generator: { ...generator, late: true, unstarted: 7 } }));
  expect(text).toContain('LATE');
  expect(text).toContain('7 operations found no free actor');
});

it('names what was broken, with samples', () => {
  const builder = new VerdictBuilder();
  builder.add({
    name: 'refresh_token_revived',
    class: 'revokedButActive',
    id: 'abcd',
    cause: 'revoke_refresh_token',
    promisedAt: AT,
    observedAt: AT,
  });
  const text = renderTrafficSummary(report({ verdict: builder.build(0, 1) }));
  expect(text).toContain('NOT ALL KEPT');
  expect(text).toContain('revoked but active 1');
  expect(text).toContain('refresh_token_revived abcd after revoke_refresh_token');
});

it('says so when nothing was checked, and what the traffic met by itself', () => {
  const finding = {
    name: 'old_secret_accepted',
    class: 'revokedButActive',
    id: 'abcd',
    cause: 'secret_set',
    promisedAt: AT,
    observedAt: AT,
  } as const;
  const text = renderTrafficSummary(report({ verdict: undefined, witnessed: [finding] }));
  expect(text).toContain('not checked');
  expect(text).toContain('old_secret_accepted abcd');
});
