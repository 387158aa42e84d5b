import { type InPlaceReport, type InPlaceVerdict } from './in-place/receipts';
import { type CallersReceipt } from './callers';
import { type CancelNote } from './cancel-note';
import { type KeptReport } from './asides';
import { type InstanceDifference } from './instance-plan';
import { type KnownGateway } from './known-gateways';
import { type Notice } from './notice';
import { type ChartPoint } from './page/page';
import { type HydraMetrics } from './ports/hydra-api';
import { type AnyPhase, type Decision, type Gate, type Mode, type Outcome, type Phase } from './runbook';
import { type GateSettings } from './settings';
import { type SideName } from './sides';

/** What the steps give back: counts, times and names. Plain JSON; no secret, token, subject or row content. */

export interface RuleReceipt {
  readonly id: string;
  readonly title: string;
  readonly kind: 'clean' | 'refuse';
  /** null: not counted on blue within its time. */
  readonly rows: number | null;
  /** Made from a sample of a large table. */
  readonly isEstimate?: true;
}

/** A cleaning rule that would take more of a table than the config allows without a word. */
export interface Removal {
  readonly rule: string;
  readonly table: string;
  readonly rows: number;
  readonly of: number;
}

/** Something on blue that is not as Hydra's own migrations make it, and what becomes of it. */
export interface PlannedObject {
  /** `stops`: it would, if green were not adapted; `lost`: gone on green; `changed`: otherwise there; `harmless`: stays as it is. */
  readonly class: 'stops' | 'lost' | 'changed' | 'harmless';
  readonly object: string;
  readonly why: string;
  /** What makes it again on green, or what to look at. */
  readonly fix: string;
  /** Run on green before it is migrated; absent where green is left as it is. Archived with what undoes it. */
  readonly onGreen?: readonly string[];
}

export interface Plan {
  readonly environment: string;
  readonly mode: Mode;
  readonly configDigest: string;
  readonly hydraVersion: Readonly<Record<SideName, string>>;
  readonly blue: {
    readonly instanceId: string;
    readonly engineVersion: string;
    readonly databaseBytes: number;
    readonly rows: Readonly<Record<string, number>>;
  };
  readonly green: {
    readonly instanceId: string;
    /** In what its instance will not be as blue's, and why. */
    readonly differences?: readonly InstanceDifference[];
  };
  /** What green's Hydra must be started with; `value` may say that it is as on blue. */
  readonly greenSettings?: readonly { readonly key: string; readonly value: string; readonly why: string }[];
  readonly rules: readonly RuleReceipt[];
  readonly catalog?: readonly PlannedObject[];
  /** As blue's rows were counted or estimated; each is a question of its own. */
  readonly removals?: readonly Removal[];
  readonly targets: readonly string[];
  readonly gateways: readonly string[];
  /** Who calls blue past the gateways. */
  readonly callers?: CallersReceipt;
  /** As they answered, and who else is a member at blue's arbiter. Missing where an older worker made the plan. */
  readonly knownGateways?: readonly KnownGateway[];
  readonly jobs: readonly string[];
  readonly warnings: readonly string[];
  /** One sentence each, in order; the last ones say that the commit has no way back. */
  readonly steps: readonly {
    readonly phase: Phase;
    readonly what: string;
    readonly undo: string | null;
    readonly predictedMs: number | null;
  }[];
  /** What the workflow needs of the settings. */
  readonly gates: GateSettings;
  readonly switchover: { readonly attempts: number; readonly retryDelayMs: number; readonly pauseBudgetMs: number };
  readonly extendLifetimes: boolean;
  /** What `predictedMs` of the steps is made of. */
  readonly prediction?: PredictionReceipt;
  /** When clients write least, in a sentence; absent while the gateways have not seen enough. */
  readonly quietHours?: string;
  /** What clients and admins will notice. Missing where an older worker planned. */
  readonly notice?: Notice;
  /** Of a rehearsal alone. */
  readonly rehearsal?: RehearsalPlan;
  /** How blue came to its version, where the step before was one in place. */
  readonly inPlace?: InPlaceVerdict;
}

/** From which earlier runs durations were predicted. */
export interface PredictionReceipt {
  readonly runs: readonly { readonly runId: string; readonly mode: Mode; readonly endedAt: string }[];
  /** All predicted steps together; null without a prediction. */
  readonly totalMs: number | null;
  /** Of the migrations that took longest, how long they may take now. */
  readonly migrations: readonly MigrationTime[];
  /** Why there is none. */
  readonly reason: string | null;
}

/** Of green's Hydra when it was started. */
export interface StartReceipt {
  /** In what it is another one to browsers and clients than blue's, one sentence each. */
  readonly differences: readonly string[];
}

export interface RehearsalPlan {
  /** What preflight found that a real run would be refused for. */
  readonly findings: readonly RehearsalFinding[];
  /** False: what was found keeps even a copy from being migrated. */
  readonly goesOn: boolean;
  readonly gatePlan: 'automatic' | 'manual';
  /** Whether Hydra on green is started: the config has a command for it. */
  readonly startsGreen: boolean;
  readonly keepSnapshot: boolean;
  /** More cleaned rows than this are a finding. */
  readonly cleanedRowsMax: number;
}

export interface RehearsalFinding {
  readonly phase: Phase;
  /** `blocks`: a real run would be refused or end there; `look`: a person should know before the night. */
  readonly weight: 'blocks' | 'look';
  /** Of the fault that a real run would end with, or what kind of thing it is. */
  readonly code: string;
  readonly what: string;
}

export interface CaptureReceipt {
  readonly tables: number;
  readonly canaryMs: number;
  /** Null: the canary user is logged in on blue; else why he is not. Missing where an older worker did it. */
  readonly noCanaryUser?: string | null;
}

export interface SnapshotReceipt {
  readonly snapshotId: string;
}

export interface RestoreReceipt {
  readonly instanceId: string;
}

export interface CleanReceipt {
  readonly rules: readonly { readonly id: string; readonly rows: number; readonly archived: number }[];
  /** Objects of blue without which green is migrated; what makes them again is in the archive, under `schema`. */
  readonly adapted?: readonly string[];
}

export interface MigrateReceipt {
  readonly applied: number;
  readonly pending: 0;
  readonly durationMs: number;
  /** The ones that took longest, longest first; as far as this try saw them run. */
  readonly slowest?: readonly MigrationTime[];
  /** Of this try. Missing where it had nothing to do, the server's counters went back, or an older worker migrated. */
  readonly costs?: MigrationCosts;
}

/** What a migration cost green's database, by the server's own counters. */
export interface MigrationCosts {
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  /** Written to temporary files. */
  readonly tempBytes: number;
  readonly commits: number;
  readonly walBytes: number;
}

export interface MigrationTime {
  /** As in schema_migration; several that ended between two looks share the time and stand as "first..last". */
  readonly migration: string;
  readonly durationMs: number;
}

/** What the copy's rows must become, hashed before they are migrated. */
export interface RowHashesReceipt {
  readonly tables: Readonly<Record<string, number>>;
  readonly rows: number;
}

export interface RepairReceipt {
  readonly fixups: readonly { readonly id: string; readonly rows: number }[];
}

export interface SyncReceipt {
  readonly rounds: number;
  /** Log rows that were done. */
  readonly changes: number;
  /** Rows written or removed on green. */
  readonly rows: number;
  readonly backlog: number;
  /** Changes that it carried in a second when it had enough to do: what it can keep up with. */
  readonly perSecond?: number;
}

export interface ParityReceipt {
  readonly tables: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly differences: number;
  /** Table and a hash of the key, at most 20. */
  readonly examples: readonly string[];
  /** ISO 8601: when it was through. */
  readonly comparedAt?: string;
}

/** What green's own Hydra wrote to a rehearsal's copy. */
export interface WriteTrialReceipt {
  /** What worked, in order. */
  readonly steps: readonly string[];
  readonly durationMs: number;
  /** Rows that are no more what they had to become, though nobody but the trial wrote. Null: what they had to become was not kept. */
  readonly changed: number | null;
  /** Why green's Hydra may not serve with the grace for used refresh tokens that it has; missing where it has none. */
  readonly refreshGrace?: string;
}

/** Something that a finished cutover leaves behind, with data of people in it. */
export interface Remains {
  readonly what: string;
  readonly where: string;
  readonly until: string;
  /** What removes it. */
  readonly remove: string;
}

export interface FinalizeReceipt {
  readonly remains: readonly Remains[];
}

/** How old the comparison of all rows is that goes on beside the sync. By the clock of green's database. */
export interface ProofReceipt {
  /** ISO 8601: every row was compared after this moment; null: not every one was. */
  readonly provenSince: string | null;
  readonly ageMs: number | null;
  /** Ranges of rows that have to be looked at again after a round. */
  readonly unequal: number;
}

export interface CutoverEvidence {
  /** ISO 8601. */
  readonly gatheredAt: string;
  readonly backlog: number;
  /** Null, as everything that is measured, while a row of blue waits to be corrected: `problems` has it. */
  readonly lastRoundMs: number | null;
  /** Of the rows that changed last alone; the comparison of all rows is a phase of its own. */
  readonly parity: ParityReceipt;
  /** Missing where an older worker gathered it. */
  readonly proof?: ProofReceipt;
  /** Trigger on blue to row on green. */
  readonly canaryMs: number | null;
  readonly requestsPerSecond: number | null;
  /** Of clients' answers at the gateways while this was gathered; null where none was seen. Missing where an older worker gathered it. */
  readonly clientsP95Ms?: number | null;
  /** What blue's change log grew by in a second, and what it takes on blue's disk. Missing where an older worker gathered it. */
  readonly changesPerSecond?: number;
  readonly changeLogBytes?: number;
  readonly predictedPauseMs: number | null;
  /** Null while a row of blue waits to be corrected. */
  readonly answers: AnswersReceipt | null;
  /** Missing while a row of blue waits to be corrected, and where an older worker gathered it. */
  readonly canaryUser?: CanaryEvidence;
  readonly problems: readonly string[];
  /** What clients write at the gateways, in the last minute; null when a gateway does not tell. */
  readonly writesPerSecond?: number | null;
  /** What green would answer otherwise, as the gateways saw it and as both sides were asked. */
  readonly notices?: readonly string[];
  /** Answers of green beside those of blue, in a sentence. */
  readonly shadow?: string;
  /** Who calls blue past the gateways. */
  readonly callers?: CallersReceipt;
  /** How busy each side is, in a sentence each. */
  readonly load?: readonly string[];
  /** Who is listed and who is a member at blue's arbiter. */
  readonly knownGateways?: readonly KnownGateway[];
}

interface CanarySince {
  /** ISO 8601, by the clock of blue's database. */
  readonly loggedInAt: string | null;
  /** What he got is older than the snapshot. */
  readonly beforeSnapshot: boolean;
}

/** What closed green says of a user who logged in on blue. */
export interface CanaryEvidence extends CanarySince {
  /** `known`: it takes his tokens for what blue does. `unproven`: nobody could be asked about. */
  readonly state: 'known' | 'unproven' | 'wrong';
  readonly why: string | null;
}

/** How far that user came on green. */
export interface CanaryReceipt extends CanarySince {
  /** `inconclusive`: nothing broke, and not everything was seen. */
  readonly state: 'held' | 'broken' | 'inconclusive';
  readonly why: string | null;
  readonly steps: readonly { readonly step: string; readonly state: string; readonly why?: string }[];
}

/** What both Hydras were asked while green was closed. */
export interface AnswersReceipt {
  /** ISO 8601. */
  readonly askedAt: string;
  readonly asked: readonly { readonly question: string; readonly asked: number; readonly differing: number }[];
  /** What is different and not declared: the first ones. */
  readonly findings: readonly AnswerFinding[];
  /** How many there are in all. */
  readonly found: number;
  /** What could not be asked, and why. */
  readonly notAsked: readonly string[];
}

/** One field that green answers otherwise than blue. Names, no contents. */
export interface AnswerFinding {
  readonly question: string;
  /** Id of a client, a consent, a trusted issuer or a key set. */
  readonly about: string;
  readonly field: string;
  readonly kind: 'lost' | 'added' | 'changed' | 'unanswered';
}

export interface TargetReceipt {
  readonly name: string;
  readonly kind: 'gateway' | 'target';
  readonly epoch: number;
}

/** Steps of one switchover, in milliseconds on the worker's clock. */
export const SWITCHOVER_STEPS = [
  'stage',
  'hold',
  'fence',
  'lastRound',
  'staleChallenges',
  'commit',
  'fenceProof',
  'flip',
  'open',
  'release',
] as const;
export type SwitchoverStep = (typeof SWITCHOVER_STEPS)[number];

/** What may have gone around the fence of blue and what was done about it before green opened. */
export interface AroundFenceReceipt {
  readonly problems: readonly string[];
  /** Writes that blue refused since the first request was held; null: not known. */
  readonly refused: number | null;
  /** Tables of blue that were carried altogether and compared. */
  readonly tables: readonly string[];
  /** Rows of green that were changed by it. */
  readonly rows: number;
  readonly durationMs: number;
  /** Who decided that green opens without the proof, and why; null: all was carried, and nothing differs. */
  readonly openedBy: string | null;
}

export type SwitchoverReceipt =
  | {
      readonly outcome: 'committed';
      readonly attempt: number;
      readonly epoch: number;
      /** From the first hold to the last release. */
      readonly holdMs: number;
      /** When the hold began, by the worker's clock. For reports alone. */
      readonly heldAt: string;
      readonly stepsMs: Readonly<Partial<Record<SwitchoverStep, number>>>;
      /** Writes that met a guard, on either side; above 0 "nothing lost" cannot be claimed. null: not counted, a side did not answer. */
      readonly refused: number | null;
      readonly targets: readonly TargetReceipt[];
      readonly lastRound: SyncReceipt;
      readonly staleChallenges: number;
      /** Absent: a look after the commit found that nothing had gone around the fence. */
      readonly aroundFence?: AroundFenceReceipt;
    }
  | {
      readonly outcome: 'aborted';
      readonly attempt: number | null;
      readonly epoch: number | null;
      readonly holdMs: number;
      readonly stepsMs: Readonly<Partial<Record<SwitchoverStep, number>>>;
      readonly reason: string;
    };

export interface DrainReceipt {
  /** Revocations that blue captured. */
  readonly captured: number;
  /** Of these, in the ledger of green with an outcome. */
  readonly applied: number;
  readonly missing: number;
  readonly undoneChanges: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly notCarried: readonly { readonly what: string; readonly count: number; readonly why: string }[];
}

/** What was looked at before Hydra on blue was stopped. */
export interface StopBlueReceipt {
  /** For requests of gateways that were under way there. */
  readonly waitedMs: number;
  /** Gateways that did not tell whether they had any. */
  readonly silent: readonly string[];
  /** Who called it past the gateways when it served nobody any more. */
  readonly callers: CallersReceipt;
}

export interface ValidationReceipt {
  readonly ok: boolean;
  /** One of the checks, unless it is inconclusive. Missing where an older worker validated. */
  readonly canaryUser?: CanaryReceipt;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly observed: string }[];
}

/**
 * `clean`: enough was seen, and all of it good. `bad`: something is wrong. `inconclusive`: nothing is wrong, and too little was seen
 * to say more; nobody but a person takes that for good.
 */
export const BAKE_VERDICTS = ['clean', 'bad', 'inconclusive'] as const;
export type BakeVerdict = (typeof BAKE_VERDICTS)[number];

export interface BakeReceipt {
  readonly verdict: BakeVerdict;
  readonly durationMs: number;
  readonly requests: number;
  readonly errorRate: number;
  readonly p95Ms: number | null;
  /** Why it is bad, or what was not seen. */
  readonly problems: readonly string[];
  /** 95th percentile of clients' answers in milliseconds, look by look. Missing where an older worker baked. */
  readonly seen?: readonly ChartPoint[];
}

export interface PurgeGuardReceipt {
  readonly ok: boolean;
  readonly jobs: readonly {
    readonly name: string;
    readonly wouldRemove: number;
    readonly explained: number;
    /** Would be removed, and the job did not say whose they are. */
    readonly unnamed: number;
    /** Would be removed although Hydra lists the consent that they hang on: the job misreads green. */
    readonly intact: number;
    /** Would be removed because Hydra does not list a consent that green has: green is damaged. */
    readonly hidden: number;
  }[];
}

export interface MetricsReceipt {
  readonly blue: HydraMetrics | null;
  readonly green: HydraMetrics | null;
}

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
