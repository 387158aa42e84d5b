import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetrics } from '../../../adapters/metrics/parse-metrics';
import { type CutoverStatus } from '../../../domain/runbook';
import { runMetrics } from '../../../workers/run-metrics';

const NOW = Date.parse('2026-01-01T01:00:00.000Z');
const STATUS = {
  ...{ cutoverId: 'c', environment: 'prod', mode: 'real', startedBy: 'alice', phase: 'cutover', undoing: false },
  ...{ decisions: [], ignored: [], committed: false, plan: null, report: null },
  awaiting: {
    ...{ gate: 'cutover', question: 'q', decisions: [], why: '' },
    ...{ since: '2026-01-01T00:50:00.000Z', deadline: '2026-01-01T02:00:00.000Z' },
  },
  phases: [
    { name: 'migrate', startedAt: '2026-01-01T00:00:00.000Z', durationMs: 4_000 },
    { name: 'cutover', startedAt: '2026-01-01T00:49:00.000Z', durationMs: null },
  ],
  progress: { backlog: 3, lastRoundMs: 20, canaryMs: 40, epoch: null, holdMs: 90, attempts: 1 },
} as unknown as CutoverStatus;

async function scraped(status: CutoverStatus | null, isPolling = true): Promise<Record<string, number>> {
  const metrics = runMetrics({
    ...{ environment: 'prod', isPolling: () => isPolling, now: () => NOW },
    ...{ status: () => Promise.resolve(status), sdk: () => Promise.resolve('temporal_worker_start 1\n') },
  });
  return Object.fromEntries(
    parseMetrics(await metrics()).map(({ name, labels, value }) => {
      const { environment, ...more } = labels;
      expect(name.startsWith('temporal_') ? 'prod' : environment).toBe('prod');
      return [
        `${name.replace('hydra_cutover_', '')}${Object.values(more)
          .map((one) => ` ${one}`)
          .join('')}`,
        value,
      ];
    }),
  );
}

describe('/metrics of a worker', () => {
  it('tells the phase, the open gate, the backlog and what is known of the switchover', async () => {
    expect(await scraped(STATUS)).toEqual({
      ...{ worker_polling: 1, run_known: 1, run_open: 1, committed: 0, committed_open: 0 },
      ...{ 'phase cutover': 1, phase_seconds: 660, 'phase_duration_seconds migrate': 4 },
      ...{ 'gate_open_seconds cutover': 600, 'gate_left_seconds cutover': 3_600 },
      ...{
        backlog_changes: 3,
        last_round_seconds: 0.02,
        lag_seconds: 0.04,
        hold_seconds: 0.09,
        switchover_attempts: 1,
      },
      temporal_worker_start: 1,
    });
  });

  it('tells that the writes have moved until the run is over', async () => {
    const committed = { ...STATUS, committed: true, awaiting: null };
    expect(await scraped(committed)).toMatchObject({ committed: 1, committed_open: 1 });
    const over = { ...committed, report: {} } as CutoverStatus;
    const seen = await scraped(over);
    expect(seen).toMatchObject({ committed: 1, committed_open: 0, run_open: 0 });
    expect(Object.keys(seen)).not.toContain('phase_seconds');
  });

  it('tells of a worker that has no run, or does not poll', async () => {
    expect(await scraped(null, false)).toEqual({ worker_polling: 0, run_known: 0, temporal_worker_start: 1 });
  });

  it('asks the run at most every two seconds', async () => {
    let [asked, nowMs] = [0, 0];
    const metrics = runMetrics({
      ...{ environment: 'prod', isPolling: () => true, now: () => nowMs, sdk: () => Promise.resolve('') },
      status: () => Promise.resolve(asked++ < 0 ? STATUS : null),
    });
    for (nowMs of [0, 1_000, 2_000, 2_001]) await metrics();
    expect(asked).toBe(2);
  });
});

it('the alert rules ask for metrics that there are', async () => {
  const rules = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'alerts', 'hydra-cutover.rules.yml'), 'utf8');
  const asked = new Set([...rules.matchAll(/\bhydra_cutover_(\w+)/g)].map(([, name]) => name));
  const there = Object.keys(await scraped({ ...STATUS, committed: true })).map((name) => name.split(' ')[0]);
  expect(asked.size).toBeGreaterThan(2);
  for (const name of asked) expect(there).toContain(name);
});
