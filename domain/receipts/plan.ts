import { type CallersReceipt } from '../callers';
import { type InPlaceVerdict } from '../in-place/receipts';
import { type InstanceDifference } from '../instance-plan';
import { type KnownGateway } from '../known-gateways';
import { type Notice } from '../notice';
import { type Mode, type Phase } from '../runbook';
import { type GateSettings } from '../settings';
import { type SideName } from '../sides';

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

export interface MigrationTime {
  /** As in schema_migration; several that ended between two looks share the time and stand as "first..last". */
  readonly migration: string;
  readonly durationMs: number;
}
