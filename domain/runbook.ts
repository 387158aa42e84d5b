import { type CancelNote } from './cancel-note';
import { IN_PLACE, type InPlacePhase } from './in-place/runbook';
import { type Page } from './page/page';
import { type Plan, type Report } from './receipts';
import { COPY_UPGRADE } from './runbooks/copy-upgrade';
import { phasesWhere, titlesOf } from './runbooks/phase-row';

export type Phase = keyof typeof COPY_UPGRADE;
/** Of every kind of upgrade. */
export type AnyPhase = Phase | InPlacePhase;
/** `status`, Current Details and the report name phases so. */
export const PHASE_TEXTS: Readonly<Record<AnyPhase, string>> = { ...titlesOf(IN_PLACE), ...titlesOf(COPY_UPGRADE) };
/** Those that a real run goes through. */
export const PHASE_NAMES: readonly Phase[] = phasesWhere(
  COPY_UPGRADE,
  ({ acts, waitsForPeople }) => acts.length > 0 || waitsForPeople === true,
);

type IsPreparing = {
  readonly [Name in Phase]: (typeof COPY_UPGRADE)[Name] extends { mayBeAskedFor: true } ? Name : never;
};
/** Those that `gates.before` may put a gate in front of: green is prepared in them, and everything can be taken back. */
export type PreparingPhase = IsPreparing[Phase];
export const PREPARING_PHASES = phasesWhere(
  COPY_UPGRADE,
  ({ mayBeAskedFor }) => mayBeAskedFor === true,
) as readonly PreparingPhase[];

/** Where a person must decide. `proceed` opens before phases that the config names, `intervene` when something needs a person. */
export const GATES = {
  plan: ['approve', 'reject'],
  proceed: ['approve', 'reject'],
  cutover: ['approve', 'reject'],
  finalize: ['approve', 'reject'],
  intervene: ['retry', 'wait', 'skip', 'give_up'],
} as const;
export type Gate = keyof typeof GATES;
export type Decision = (typeof GATES)[Gate][number];

/** Of what people say of themselves, in characters; it is kept in histories and reports. */
export const NAME_LENGTH_MAX = 200;
export const NOTE_LENGTH_MAX = 2_000;

export const MODES = ['real', 'rehearse', 'drill'] as const;
export type Mode = (typeof MODES)[number];

export const OUTCOMES = ['completed', 'rehearsed', 'skipped', 'refused', 'undone', 'cancelled', 'rolled_back'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Names on the wire: histories hold them, so they never change. */
export const UPGRADE_WORKFLOW = 'upgradeHydra';
export const SCHEDULED_REHEARSAL_WORKFLOW = 'rehearseOnSchedule';
export const DECIDE_UPDATE = 'decide';
export const DECIDE_SIGNAL = 'decideSignal';
export const STATUS_QUERY = 'status';

/** The lock that keeps two cutovers of one environment apart: Temporal runs one workflow of an id at a time. */
export function cutoverWorkflowId(environment: string): string {
  return `cutover/${environment}`;
}

/** What starts `upgradeHydra`: short enough to be typed in the Temporal UI. */
export interface UpgradeInput {
  /** As in the worker's config; a worker of another environment refuses. */
  readonly environment: string;
  /** @default 'real' */
  readonly mode?: Mode;
  /** A claim, for the report and for "approver is not starter". */
  readonly by?: string;
  readonly note?: string;
  /** Of the config that was looked at with `plan`; another one refuses. */
  readonly configDigest?: string;
}

/** Argument of the Update `decide` and of the Signal `decideSignal`. */
export interface DecisionMessage {
  readonly gate: Gate;
  readonly decision: Decision;
  /** A claim: Temporal does not tell a workflow who sent a message. */
  readonly by: string;
  /** Why. Required for `skip` and `give_up`. */
  readonly note?: string;
  /** Which question it answers, as `status` and Current Details show it; refused when another one is open. */
  readonly question?: string;
}

export interface DecisionAnswer {
  readonly gate: Gate;
  readonly recorded: Decision;
}

/** What a person set for everything that reads blue at length: the sync and the comparison of rows. */
export interface BrakeState {
  /** Nothing of blue is read until somebody resumes it; green falls behind meanwhile. */
  readonly paused: boolean;
  /** Rows of blue that are read in a second; null: as many as the config allows. */
  readonly rowsPerSecond: number | null;
  /** A claim. */
  readonly by: string;
  readonly note?: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Answer of the Query `status`. */
export interface CutoverStatus {
  readonly cutoverId: string;
  readonly environment: string;
  readonly mode: Mode;
  readonly startedBy: string;
  /** What whoever started it said. */
  readonly note?: string;
  readonly phase: AnyPhase;
  /** Set while it goes backwards. */
  readonly undoing: boolean;
  readonly awaiting: {
    readonly gate: Gate;
    /** One of its kind over all runs: an approval that names it can never meet a later question, or another run's. */
    readonly question: string;
    /** Of the gate's decisions, those that this question takes. */
    readonly decisions: readonly Decision[];
    readonly since: string;
    readonly why: string;
    /** What the decision is to be based on. That of gate `cutover` is gathered anew from time to time. */
    readonly evidence: Page;
    readonly deadline: string | null;
  } | null;
  readonly phases: readonly {
    readonly name: AnyPhase;
    readonly startedAt: string;
    readonly durationMs: number | null;
  }[];
  readonly decisions: readonly RecordedDecision[];
  /** Messages that were not followed: the last few. */
  readonly ignored: readonly IgnoredMessage[];
  readonly committed: boolean;
  /** Only of an upgrade in place: who serves, in a sentence. */
  readonly serves?: string;
  /** What a person set for the reading of blue. Missing where an older worker answers. */
  readonly brake?: BrakeState | null;
  /** Who asked to cancel it. Missing where an older worker answers. */
  readonly cancelNote?: CancelNote | null;
  readonly plan: Plan | null;
  /** What was measured last. Missing where an older worker answers. */
  readonly progress?: {
    readonly backlog: number | null;
    readonly lastRoundMs: number | null;
    readonly canaryMs: number | null;
    readonly epoch: number | null;
    readonly holdMs: number | null;
    readonly attempts: number;
  };
  readonly report: Report | null;
}

export interface RecordedDecision extends DecisionMessage {
  readonly at: string;
}

export interface IgnoredMessage {
  readonly at: string;
  readonly why: string;
}
