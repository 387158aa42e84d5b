import { GapTracker } from '../../../../../world/traffic/recording/gap';
import { Histogram } from '../../../../../world/traffic/recording/histogram';
import { PauseTracker } from '../../../../../world/traffic/recording/pauses';
import { Recorder } from '../../../../../world/traffic/recording/recorder';

describe('Histogram', () => {
  it('keeps percentiles to within three per cent and the maximum exactly', () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 10_000; value++) histogram.record(value / 10);
    expect(Math.abs(histogram.percentile(0.5) / 500 - 1)).toBeLessThan(0.03);
    expect(Math.abs(histogram.percentile(0.99) / 990 - 1)).toBeLessThan(0.03);
    expect(histogram.summary()).toMatchObject({ count: 10_000, maxMs: 1_000 });
  });

  it('is all zeros when nothing was recorded', () => {
    expect(new Histogram().summary()).toEqual({ count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 });
  });

  it('never says more than the maximum', () => {
    const histogram = new Histogram();
    histogram.record(7);
    expect(histogram.percentile(0.99)).toBe(7);
  });
});

describe('PauseTracker', () => {
  it('joins slow requests that overlap into one window and leaves fast ones out', () => {
    const pauses = new PauseTracker(100);
    pauses.record(0, 50);
    pauses.record(1_000, 1_300);
    pauses.record(1_100, 1_500);
    pauses.record(3_000, 3_200);
    const { windows, longest } = pauses.summary();
    expect(windows.count).toBe(2);
    expect(longest[0]).toMatchObject({
      startedAt: new Date(1_000).toISOString(),
      durationMs: 500,
      requests: 2,
      waits: { count: 2, maxMs: 400 },
    });
  });

  it('joins windows that a long wait turns out to connect', () => {
    const pauses = new PauseTracker(100);
    pauses.record(0, 200);
    pauses.record(300, 500);
    pauses.record(100, 900);
    expect(pauses.summary().longest).toEqual([
      {
        startedAt: new Date(0).toISOString(),
        durationMs: 900,
        requests: 3,
        waits: expect.objectContaining({ count: 3, maxMs: 800 }) as unknown,
      },
    ]);
  });
});

describe('GapTracker', () => {
  it('counts no idle time', () => {
    const gap = new GapTracker();
    gap.sent(0);
    gap.answered(10, true);
    gap.sent(10_000);
    gap.answered(10_020, true);
    expect(gap.summary(20_000).durationMs).toBe(20);
  });

  it('spans failed answers until the next good one', () => {
    const gap = new GapTracker();
    gap.sent(0);
    gap.answered(10, true);
    gap.sent(20);
    gap.answered(30, false);
    gap.sent(500);
    gap.answered(900, true);
    expect(gap.summary(1_000)).toEqual({ startedAt: new Date(20).toISOString(), durationMs: 880 });
  });

  it('counts an outage that has not ended', () => {
    const gap = new GapTracker();
    gap.sent(100);
    expect(gap.summary(5_100).durationMs).toBe(5_000);
  });
});

describe('Recorder', () => {
  it('counts refused and lost operations as failed and keeps few samples of many', () => {
    const recorder = new Recorder(100);
    recorder.operation('refresh', 5, 'ok');
    recorder.operation('refresh', 5, 'lost');
    recorder.operation('logout', 5, 'refused');
    for (let at = 0; at < 500; at++) {
      recorder.failure({ at: '2026-01-01T00:00:00.000Z', operation: 'refresh', outcome: 'lost', reason: 'ECONNRESET' });
    }
    const summary = recorder.summary(0);
    expect(summary.failedOperations).toBe(2);
    expect(summary.failures).toHaveLength(50);
    expect(summary.operations[0]).toMatchObject({ operation: 'refresh', ok: 1, lost: 1, count: 2 });
  });
});
