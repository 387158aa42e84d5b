import {
  type BakeReceipt,
  type DrainReceipt,
  type MetricsReceipt,
  type Report as CutoverReport,
} from '../../domain/receipts';
import { type InPlaceReport } from '../../domain/in-place/receipts';
import { type SeedReport } from '../seeder';
import { type TrafficReport } from '../traffic';
import { type Check } from './report';
import { type Waits, usualWaitMs } from './usual-waits';

export interface Pause {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** What clients waited (p99) in the seconds before: on this machine, whatever an upgrade does. */
  readonly usual: number;
  readonly requests: number;
}

/** What `npm run demo -- --json FILE` writes; described field by field in docs/demo.md. No secret, token or subject. */
export interface DemoReport {
  readonly schemaVersion: 1;
  readonly ok: boolean;
  readonly outcome: CutoverReport['outcome'];
  readonly cutoverId: string;
  readonly durationMs: number;
  readonly checks: readonly Check[];
  readonly seeded: { readonly grants: number; readonly rows: number };
  readonly phases: readonly { readonly name: string; readonly durationMs: number }[];
  readonly switchover: {
    readonly attempts: number;
    readonly holdMs: number;
    readonly stepsMs: Readonly<Record<string, number>>;
    readonly refusedWrites: number | null;
  };
  readonly traffic: {
    readonly requests: number;
    readonly requestsPerSecond: number;
    readonly writesPerSecond: number;
    readonly failedRequests: number;
    readonly loginsBegunAnew: number;
    readonly grants: number;
    readonly rotations: number;
    readonly revocations: number;
    readonly pauseMs: Pause;
    readonly pauseBudgetMs: number;
  };
  readonly oracle: {
    readonly checked: number;
    readonly confirmedButLost: number;
    readonly revokedButActive: number;
    readonly activeButRefused: number;
    readonly changed: number;
    readonly unstable: number;
    readonly unobserved: number;
  };
  readonly ledger: {
    readonly captured: number;
    readonly applied: number;
    readonly missing: number;
    readonly byKind: Readonly<Record<string, number>>;
  };
  readonly notCarried: DrainReceipt['notCarried'];
  readonly cleaning: readonly { readonly id: string; readonly rows: number; readonly archived: number }[];
  readonly parity: { readonly rows: number; readonly differences: number };
  readonly targets: readonly { readonly name: string; readonly epoch: number }[];
  readonly approvals: readonly {
    readonly gate: string;
    readonly decision: string;
    readonly by: string;
    readonly at: string;
  }[];
  readonly bake: Pick<BakeReceipt, 'durationMs' | 'requests' | 'errorRate' | 'p95Ms'> | null;
  /** Of `--full`: the step before, from 1.3.2. */
  readonly inPlace?: InPlaceSummary;
  readonly hydra: { readonly before: MetricsReceipt['blue']; readonly after: MetricsReceipt['green'] };
}

/** How an upgrade in place went. */
export interface InPlaceSummary {
  readonly outcome: CutoverReport['outcome'];
  readonly phases: DemoReport['phases'];
  /** Each share of the new version as it was judged. */
  readonly shares: InPlaceReport['shares'];
}

export function inPlaceSummary({ outcome, phases, inPlace }: CutoverReport): InPlaceSummary {
  return { outcome, phases, shares: inPlace?.shares ?? [] };
}

export interface DemoResults {
  /** Of the step before, where there was one. */
  readonly inPlace?: CutoverReport;
  readonly history: SeedReport;
  readonly upgrade: { readonly report: CutoverReport };
  readonly pause: Pause;
  readonly traffic: TrafficReport;
  readonly checks: readonly Check[];
  /** Every check held. */
  readonly ok: boolean;
  readonly durationMs: number;
}

/** Puts together what the workflow, the clients and the oracle say. */
export function demoReport({
  inPlace,
  history,
  upgrade,
  pause,
  traffic,
  checks,
  ok,
  durationMs,
}: DemoResults): DemoReport {
  const { report } = upgrade;
  const committed = committedSwitchover(report);
  const { verdict } = traffic;
  return {
    schemaVersion: 1,
    ok,
    outcome: report.outcome,
    cutoverId: report.cutoverId,
    durationMs: Math.round(durationMs),
    checks,
    seeded: { grants: history.grants, rows: Object.values(history.rows).reduce((sum, rows) => sum + rows, 0) },
    phases: report.phases,
    switchover: {
      attempts: report.switchovers.length,
      holdMs: committed?.holdMs ?? 0,
      stepsMs: committed?.stepsMs ?? {},
      refusedWrites: committed?.refused ?? null,
    },
    traffic: {
      requests: traffic.traffic.requests,
      requestsPerSecond: traffic.requestsPerSecond,
      writesPerSecond: traffic.writesPerSecond,
      failedRequests: failedRequests(traffic),
      loginsBegunAnew: traffic.traffic.restarts,
      grants: done(traffic, /^(new|sign_on|silent)_grant$|^redeem_left_code$/),
      rotations: done(traffic, /^refresh$/),
      revocations: done(traffic, /^(revoke_|reuse_|delete_|logout$)/),
      pauseMs: pause,
      pauseBudgetMs: report.plan?.switchover.pauseBudgetMs ?? 0,
    },
    oracle: {
      checked: verdict?.checked ?? 0,
      confirmedButLost: verdict?.confirmedButLost ?? 0,
      revokedButActive: verdict?.revokedButActive ?? 0,
      activeButRefused: verdict?.activeButRefused ?? 0,
      changed: verdict?.changed ?? 0,
      unstable: verdict?.unstable ?? 0,
      unobserved: verdict?.unobserved ?? 0,
    },
    ledger: {
      captured: report.drain?.captured ?? 0,
      applied: report.drain?.applied ?? 0,
      missing: report.drain?.missing ?? 0,
      byKind: report.drain?.byKind ?? {},
    },
    notCarried: report.drain?.notCarried ?? [],
    cleaning: report.clean?.rules ?? [],
    parity: { rows: report.parity?.rows ?? 0, differences: report.parity?.differences ?? 0 },
    targets: committed?.targets.map(({ name, epoch }) => ({ name, epoch })) ?? [],
    approvals: report.decisions.map(({ gate, decision, by, at }) => ({ gate, decision, by, at })),
    bake: report.bake,
    ...(inPlace === undefined ? {} : { inPlace: inPlaceSummary(inPlace) }),
    hydra: { before: report.metrics.before?.blue ?? null, after: report.metrics.after?.green ?? null },
  };
}

/** Requests without an answer or with a 5xx, and operations that ended with an answer that the protocol does not promise. */
export function failedRequests({ traffic }: TrafficReport): number {
  const lost = traffic.requestsByOperation.reduce((sum, row) => sum + row.lost, 0);
  return lost + traffic.operations.reduce((sum, row) => sum + row.refused, 0);
}

export function committedSwitchover(report: CutoverReport) {
  return report.switchovers.find((receipt) => receipt.outcome === 'committed');
}

/** How long those requests took that clients sent while requests were held; zeros when nothing was committed. */
export async function pauseOf(report: CutoverReport, traffic: Waits): Promise<Pause> {
  const committed = committedSwitchover(report);
  if (committed === undefined) return { p50: 0, p99: 0, longest: 0, usual: 0, requests: 0 };
  const heldAtMs = Date.parse(committed.heldAt);
  const { count, p50Ms, p99Ms, maxMs } = await traffic.waits(heldAtMs, heldAtMs + committed.holdMs);
  const usual = round(await usualWaitMs(traffic, heldAtMs));
  return { p50: round(p50Ms), p99: round(p99Ms), longest: round(maxMs), usual, requests: count };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function done({ traffic }: TrafficReport, names: RegExp): number {
  return traffic.operations.filter((row) => names.test(row.operation)).reduce((sum, row) => sum + row.ok, 0);
}
