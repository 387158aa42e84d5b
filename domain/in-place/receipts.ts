import { type BakeVerdict } from '../receipts';
import { type GateSettings } from '../settings';
import { type HydraAge } from './ages';
import { type OnlinePlan } from './online-plan';
import { type InPlacePhase } from './runbook';

/** What a person approves at gate `plan`, and what is done then. */
export interface InPlacePlan {
  readonly environment: string;
  readonly configDigest: string;
  readonly from: string;
  readonly to: string;
  readonly database: {
    readonly schema: string;
    /** Owns Hydra's tables. */
    readonly owner: string;
    readonly oldRole: string;
    readonly newRole: string;
    readonly bytes: number;
    /** Of the largest of Hydra's tables, as the server estimates. */
    readonly rows: Readonly<Record<string, number>>;
  };
  /** As the new version's own `migrate sql` was seen to do it, each statement in the form that stops nobody. */
  readonly online: OnlinePlan;
  /** Of what the vendor's own migration makes: the live database is held against the same. */
  readonly catalogDigest: string;
  /** Of an earlier run, which this one goes on with. */
  readonly actsDone: number;
  readonly gateways: readonly string[];
  /** Percent of the requests that go to the new version, step by step. */
  readonly shares: readonly number[];
  readonly warnings: readonly string[];
  readonly steps: readonly { readonly phase: InPlacePhase; readonly what: string; readonly undo: string | null }[];
  readonly gates: GateSettings;
}

export interface LayerReceipt {
  readonly views: readonly string[];
  /** Of the old version, all begun after the switch. */
  readonly sessions: number;
}

export interface OnlineReceipt {
  readonly acts: number;
  readonly durationMs: number;
}

export interface BookkeepingReceipt {
  /** Rows of `schema_migration`. */
  readonly versions: number;
  /** Of the new version's own list, those that are not there. */
  readonly pending: 0;
  /** Of the old version's own tables, where its sessions find them. */
  readonly oldTables: number;
}

export interface BesideReceipt {
  /** As the Hydra itself says. */
  readonly version: string;
  /** What was proven with tokens of one version at the other. */
  readonly proven: readonly string[];
}

/** What one Hydra cost while a share was watched. */
export interface AgeLoad {
  readonly cpuMsPerRequest: number | null;
  readonly residentBytes: number | null;
  readonly p95Ms: number | null;
}

export interface ShareReceipt {
  readonly share: number;
  readonly verdict: BakeVerdict;
  readonly durationMs: number;
  /** That the new version answered. */
  readonly requests: number;
  readonly serverErrors: number;
  /** Why it is bad, or what was not seen. */
  readonly problems: readonly string[];
  readonly load: Readonly<Record<HydraAge, AgeLoad>>;
}

export interface RetiredReceipt {
  /** Rows that the old version wrote while both served, brought to the new form. */
  readonly rowsBroughtUp: number;
}

/** The part of a report that only an upgrade in place has. */
export interface InPlaceReport {
  readonly plan: InPlacePlan | null;
  readonly layer: LayerReceipt | null;
  readonly online: OnlineReceipt | null;
  readonly bookkeeping: BookkeepingReceipt | null;
  readonly beside: BesideReceipt | null;
  /** Every one that was watched, also those after which the traffic was shifted back. */
  readonly shares: readonly ShareReceipt[];
  readonly retired: RetiredReceipt | null;
  /** The run ended before the old version was stopped, and after the first statement: it serves on through the views. */
  readonly layerStays: boolean;
}

/** What the run before says at gate `plan` of the next one. */
export interface InPlaceVerdict {
  readonly runId: string;
  readonly endedAt: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: string;
  readonly acts: number;
  readonly versions: number | null;
  readonly shares: readonly Pick<ShareReceipt, 'share' | 'verdict' | 'requests' | 'problems'>[];
  readonly load: ShareReceipt['load'] | null;
}
