import { type KeptReport } from '../asides';
import { type CancelNote } from '../cancel-note';
import { type InPlaceReport } from '../in-place/receipts';
import { type ChartPoint } from '../page/page';
import { type AnyPhase, type BrakeState, type Decision, type Gate, type Mode, type Outcome } from '../runbook';
import {
  type BakeReceipt,
  type DrainReceipt,
  type MetricsReceipt,
  type PurgeGuardReceipt,
  type Remains,
  type StopBlueReceipt,
  type ValidationReceipt,
} from './acceptance';
import {
  type CaptureReceipt,
  type CleanReceipt,
  type MigrateReceipt,
  type ParityReceipt,
  type RepairReceipt,
  type RowHashesReceipt,
  type SyncReceipt,
  type WriteTrialReceipt,
} from './copy';
import { type AnswersReceipt, type CutoverEvidence } from './evidence';
import { type Plan, type RehearsalFinding } from './plan';
import { type SwitchoverReceipt } from './switchover';

export interface UndoReceipt {
  readonly phase: AnyPhase;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly error?: string;
}

/** The workflow's result, also of a run that was undone. */
export interface Report {
  readonly schemaVersion: 1;
  readonly cutoverId: string;
  readonly environment: string;
  readonly mode: Mode;
  readonly startedBy: string;
  /** What whoever started it said. */
  readonly note?: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly outcome: Outcome;
  readonly cause: { readonly code: string; readonly message: string } | null;
  /** `predictedMs`: what the plan expected, where it expected something. */
  readonly phases: readonly { readonly name: AnyPhase; readonly durationMs: number; readonly predictedMs?: number }[];
  readonly decisions: readonly {
    readonly gate: Gate;
    readonly decision: Decision;
    readonly by: string;
    readonly at: string;
    readonly note?: string;
  }[];
  readonly undone: readonly UndoReceipt[];
  /** Who asked to cancel it, and why; missing where nobody did or said so. */
  readonly cancelNote?: CancelNote;
  /** What people set for the reading of blue, the latest last; missing where nobody did. */
  readonly brakes?: readonly BrakeState[];
  /** Of a rehearsal alone. */
  readonly findings?: readonly RehearsalFinding[];
  readonly hashes?: RowHashesReceipt | null;
  readonly plan: Plan | null;
  readonly capture: CaptureReceipt | null;
  readonly clean: CleanReceipt | null;
  readonly migrate: MigrateReceipt | null;
  readonly repair: RepairReceipt | null;
  readonly sync: SyncReceipt | null;
  readonly parity: ParityReceipt | null;
  readonly evidence: CutoverEvidence | null;
  /** Changes of blue that green lacked, each time that evidence was gathered; thinned out. */
  readonly backlog?: readonly ChartPoint[];
  /** 95th percentile of clients' answers in milliseconds, likewise. */
  readonly latency?: readonly ChartPoint[];
  /** What is still where, and until when, once a run has been finalized. */
  readonly remains?: readonly Remains[];
  /** Of a rehearsal that starts Hydra on its copy. */
  readonly writes?: WriteTrialReceipt | null;
  /** Of a rehearsal; a real run has them in its evidence. */
  readonly answers?: AnswersReceipt | null;
  readonly switchovers: readonly SwitchoverReceipt[];
  readonly drain: DrainReceipt | null;
  /** Missing where an older worker stopped it. */
  readonly stopBlue?: StopBlueReceipt;
  readonly validation: ValidationReceipt | null;
  readonly bake: BakeReceipt | null;
  readonly purgeGuard: PurgeGuardReceipt | null;
  readonly metrics: { readonly before: MetricsReceipt | null; readonly after: MetricsReceipt | null };
  /** Of an upgrade in place alone. */
  readonly inPlace?: InPlaceReport;
  /** Where it was written to. Missing in the file itself, and where an older worker ended the run. */
  readonly file?: KeptReport;
}

/** What a schedule's own workflow ends with; the report is that of the rehearsal. */
export interface ScheduledRehearsal {
  readonly environment: string;
  readonly outcome: Outcome;
  /** Why it was skipped. */
  readonly reason: string | null;
  /** Of the rehearsal; null when none began. */
  readonly cutoverId: string | null;
  readonly findings: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}
