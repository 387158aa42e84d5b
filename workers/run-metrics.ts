import { Gauge, Registry } from 'prom-client';
import { type CutoverStatus } from '../domain/runbook';

export interface RunMetricsOptions {
  readonly environment: string;
  readonly isPolling: () => boolean;
  /** null: there is no run, or nobody answered. */
  readonly status: () => Promise<CutoverStatus | null>;
  /** Of Temporal's SDK, in Prometheus' text format; empty when they were not to be had. */
  readonly sdk: () => Promise<string>;
  readonly now?: () => number;
}

/** A scraper that comes every second must not replay a workflow every second. */
const KEPT_MS = 2_000;

/** What the run of this worker's environment looks like, in Prometheus' text format. Names and labels never change. */
export function runMetrics(options: RunMetricsOptions): () => Promise<string> {
  const { environment, isPolling, sdk, now = Date.now } = options;
  let kept: { readonly atMs: number; readonly status: Promise<CutoverStatus | null> } | undefined;
  return async () => {
    if (kept === undefined || now() - kept.atMs > KEPT_MS) kept = { atMs: now(), status: options.status() };
    const status = await kept.status;
    const registry = new Registry();
    registry.setDefaultLabels({ environment });
    const set = (name: keyof typeof GAUGES, value: number | null | undefined, labels: Record<string, string> = {}) => {
      if (value == null) return;
      const known = registry.getSingleMetric(`hydra_cutover_${name}`) as Gauge | undefined;
      const gauge =
        known ??
        new Gauge({
          ...{ name: `hydra_cutover_${name}`, help: GAUGES[name], registers: [registry] },
          labelNames: Object.keys(labels),
        });
      gauge.set(labels, value);
    };
    set('worker_polling', Number(isPolling()));
    set('run_known', Number(status !== null));
    if (status !== null) fill(status, now(), set);
    return `${await registry.metrics()}${await sdk()}`;
  };
}

const GAUGES = {
  worker_polling: '1 while this worker polls Temporal',
  run_known: '1 when the latest run answered; 0: there is none, or nobody answers',
  run_open: '1 while the run goes on, 0 once it has ended',
  committed: '1 once the writes have moved',
  committed_open: '1 while the writes have moved and the run is not over: a worker is needed',
  phase: '1 for the phase in which the run is',
  phase_seconds: 'how long it has been in it',
  gate_open_seconds: 'how long a person has been asked; absent while no gate is open',
  gate_left_seconds: 'how long until nobody has decided in time; absent without a deadline',
  phase_duration_seconds: 'how long each phase of the run took',
  backlog_changes: 'changes of blue that green did not have when it was asked last',
  last_round_seconds: 'how long the last measured round of the sync took',
  lag_seconds: 'from a write on blue to its row on green, as the last canary took',
  epoch: 'of the switchover that was committed',
  hold_seconds: 'how long requests were held by the last attempt',
  switchover_attempts: 'attempts to move the writes',
} as const;

type Set = (name: keyof typeof GAUGES, value: number | null | undefined, labels?: Record<string, string>) => void;

function fill(status: CutoverStatus, nowMs: number, set: Set): void {
  const { phase, phases, awaiting, committed, report, progress } = status;
  const isOpen = report === null;
  const since = (at: string) => Math.max(0, (nowMs - Date.parse(at)) / 1_000);
  set('run_open', Number(isOpen));
  set('committed', Number(committed));
  set('committed_open', Number(committed && isOpen));
  set('phase', 1, { phase });
  const last = phases.at(-1);
  if (isOpen && last !== undefined) set('phase_seconds', since(last.startedAt));
  for (const { name, durationMs } of phases) {
    if (durationMs !== null) set('phase_duration_seconds', durationMs / 1_000, { phase: name });
  }
  if (awaiting !== null) {
    const { gate, deadline } = awaiting;
    set('gate_open_seconds', since(awaiting.since), { gate });
    if (deadline !== null) set('gate_left_seconds', (Date.parse(deadline) - nowMs) / 1_000, { gate });
  }
  if (progress === undefined) return;
  set('backlog_changes', progress.backlog);
  set('last_round_seconds', seconds(progress.lastRoundMs));
  set('lag_seconds', seconds(progress.canaryMs));
  set('epoch', progress.epoch);
  set('hold_seconds', seconds(progress.holdMs));
  set('switchover_attempts', progress.attempts);
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
