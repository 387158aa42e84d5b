import {
  type AnswersReceipt,
  type BakeReceipt,
  type CaptureReceipt,
  type CleanReceipt,
  type CutoverEvidence,
  type DrainReceipt,
  type FinalizeReceipt,
  type MetricsReceipt,
  type MigrateReceipt,
  type ParityReceipt,
  type Plan,
  type PurgeGuardReceipt,
  type Removal,
  type RepairReceipt,
  type RestoreReceipt,
  type RowHashesReceipt,
  type SnapshotReceipt,
  type StopBlueReceipt,
  type StartReceipt,
  type SwitchoverReceipt,
  type SyncReceipt,
  type ValidationReceipt,
  type WriteTrialReceipt,
} from './receipts';
import { type Mode } from './runbook';

/** What every step is told. */
export interface StepInput {
  readonly cutoverId: string;
  readonly environment: string;
  /** A claim. */
  readonly startedBy?: string;
}

export interface PreflightInput extends StepInput {
  readonly mode: Mode;
  /** Refused when the worker's config has another one. */
  readonly configDigest?: string;
}

/** Final: an attempt that was committed stays so, whatever becomes of blue. */
export interface CommittedAttempt {
  readonly attempt: number;
  readonly epoch: number;
}

export interface SwitchoverInput extends StepInput {
  /**
   * What a person decided after FENCE_UNPROVEN. `carry`: the tables concerned once more, however long it takes. `open`: green opens
   * without it, and "nothing lost" is not claimed.
   */
  readonly fence?: 'carry' | 'open';
  /** What FENCE_UNPROVEN named. With `fence: 'open'` it stands in for the word of a blue that does not answer any more. */
  readonly committed?: CommittedAttempt;
  /** Who, and why; for the receipt. */
  readonly decided?: string;
}

export interface CleanInput extends StepInput {
  /** Objects that the plan named to be adapted on green. @default none */
  readonly adapt?: readonly string[];
  /** Rows that a person lets a rule remove though they are a large share of a table; no more of them. @default none */
  readonly confirmed?: readonly Removal[];
}

export interface TryWritesInput extends StepInput {
  /** Rows that were not what they had to become before anything was written; null: that was not compared, and is not afterwards. */
  readonly differences: number | null;
}

export interface SyncInput extends StepInput {
  readonly forMs: number;
}

/**
 * Every step of the runbook as the workflow calls it. Each one looks first whether it is done already, so that a retry, a
 * restarted worker or a workflow reset is harmless; each undo tolerates that its step never happened.
 *
 * @throws CutoverFault at the boundary as an ApplicationFailure whose type is the code
 */
export interface Steps {
  /** Changes nothing. @throws CHECK_FAILED with all problems at once */
  preflight(input: PreflightInput): Promise<Plan>;

  extendLifetimes(input: StepInput): Promise<{ readonly clients: number }>;
  restoreLifetimes(input: StepInput): Promise<{ readonly clients: number }>;

  /** Arbiter, guards, change log and revocation ledger on blue, proven by a canary. */
  enableCapture(input: StepInput): Promise<CaptureReceipt>;
  disableCapture(input: StepInput): Promise<void>;

  takeSnapshot(input: StepInput): Promise<SnapshotReceipt>;
  deleteSnapshot(input: StepInput): Promise<void>;
  restoreGreen(input: StepInput): Promise<RestoreReceipt>;
  deleteGreen(input: StepInput): Promise<void>;

  /** Nobody but us may log in; the crossed-DSN check; blue's copied schema goes, green's own comes. */
  closeGreen(input: StepInput): Promise<void>;
  /** Rehearsals: what every row must become, kept on the copy before it is cleaned and migrated. */
  keepRowHashes(input: StepInput): Promise<RowHashesReceipt>;
  cleanGreen(input: CleanInput): Promise<CleanReceipt>;
  migrateGreen(input: StepInput): Promise<MigrateReceipt>;
  repairGreen(input: StepInput): Promise<RepairReceipt>;
  /** Guards on every table, closed without expiry; logins as blue had them. */
  guardGreen(input: StepInput): Promise<{ readonly tables: number }>;
  vacuumGreen(input: StepInput): Promise<void>;
  /** Runs that began with an older worker have no receipt of it. */
  startGreen(input: StepInput): Promise<StartReceipt | undefined>;
  stopGreen(input: StepInput): Promise<void>;

  /** Rounds until the backlog is small. */
  catchUp(input: StepInput): Promise<SyncReceipt>;
  /** Rounds for so long, or until cancelled; what is done beside a gate. */
  keepInSync(input: SyncInput): Promise<SyncReceipt>;
  verifyParity(input: StepInput): Promise<ParityReceipt>;
  /** Rehearsals: the migrated copy against what was kept. */
  compareRowHashes(input: StepInput): Promise<ParityReceipt>;
  /** Rehearsals: the answers of Hydra on the migrated copy against those of blue. */
  compareAnswers(input: StepInput): Promise<AnswersReceipt>;
  /** Rehearsals: green's own Hydra writes to the copy, which can never serve any more; then its rows are compared once more. */
  tryWrites(input: TryWritesInput): Promise<WriteTrialReceipt>;
  gatherEvidence(input: StepInput): Promise<CutoverEvidence>;

  pauseJobs(input: StepInput): Promise<void>;
  resumeJobs(input: StepInput): Promise<void>;
  sampleBlue(input: StepInput): Promise<{ readonly subjects: number; readonly clients: number }>;

  /**
   * One attempt, resumable: a repeat claims the attempt that is under way and goes on behind its commit, or gives it up.
   * Returns `aborted` for every reason before the commit; after the commit it goes on until it is done.
   * @throws FENCE_UNPROVEN (committed, and green is closed: a person decides)
   */
  switchover(input: SwitchoverInput): Promise<SwitchoverReceipt>;
  /** Blue serves again and no attempt can commit any more, or: it is too late. Also the undo. */
  abandonSwitchover(input: StepInput): Promise<{ readonly outcome: 'aborted' | 'committed' }>;

  proveDrain(input: StepInput): Promise<DrainReceipt>;
  /** An older worker tells nothing. @throws READS_UNDER_WAY (gateways still have requests there) */
  stopBlue(input: StepInput): Promise<StopBlueReceipt | undefined>;
  validate(input: StepInput): Promise<ValidationReceipt>;
  bake(input: StepInput): Promise<BakeReceipt>;
  /** As {@link guardPurge}, for a person to look at before green is accepted. */
  previewJobs(input: StepInput): Promise<PurgeGuardReceipt>;
  /** What would each job remove now, and do revocations explain it? */
  guardPurge(input: StepInput): Promise<PurgeGuardReceipt>;
  readMetrics(input: StepInput): Promise<MetricsReceipt>;

  /** Ours removed on green; capture removed on blue, whose guard and committed row stay. An older worker tells nothing. */
  finalize(input: StepInput): Promise<FinalizeReceipt | undefined>;
}
