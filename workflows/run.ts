import { log, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { type KeptReport } from '../domain/asides';
import { type CancelNote } from '../domain/cancel-note';
import { type CutoverKnown } from '../domain/evidence/cutover-page';
import { type InterveneKnown } from '../domain/evidence/intervene-page';
import { type InPlaceReport } from '../domain/in-place/receipts';
import { thinned, type ChartPoint } from '../domain/page/page';
import {
  type CutoverEvidence,
  type Plan,
  type RehearsalFinding,
  type Report,
  type SyncReceipt,
  type UndoReceipt,
} from '../domain/receipts';
import {
  type BrakeState,
  type CutoverStatus,
  type IgnoredMessage,
  type Mode,
  type Outcome,
  type AnyPhase,
  type RecordedDecision,
  type UpgradeInput,
} from '../domain/runbook';
import { type GateSettings } from '../domain/settings';
import { type CommittedAttempt, type StepInput } from '../domain/steps';
import { Herald } from './asides';
import { renderDetails } from './details';
import { type Cause } from './failures';
import { searchAttributes } from './search-attributes';

type Receipts = {
  -readonly [
    Field in
      | 'plan'
      | 'capture'
      | 'clean'
      | 'migrate'
      | 'repair'
      | 'sync'
      | 'parity'
      | 'evidence'
      | 'drain'
      | 'validation'
      | 'bake'
      | 'purgeGuard'
  ]: Report[Field];
} & {
  switchovers: Report['switchovers'];
  metrics: Report['metrics'];
  hashes: NonNullable<Report['hashes']> | null;
  answers: NonNullable<Report['answers']> | null;
  writes: NonNullable<Report['writes']> | null;
  remains?: NonNullable<Report['remains']>;
  stopBlue?: NonNullable<Report['stopBlue']>;
};

/** Committed, and green is closed: what a person is asked about the fence of blue. */
export interface Unproven {
  readonly why: string;
  readonly committed?: CommittedAttempt;
}

/** Filled in step by step. */
export type InPlaceReceipts = { -readonly [Field in keyof InPlaceReport]: InPlaceReport[Field] };

interface PhaseEntry {
  readonly name: AnyPhase;
  readonly startedMs: number;
  durationMs: number | null;
}

type Awaiting = CutoverStatus['awaiting'];

const IGNORED_MAX = 20;
/** Whoever sets it every minute of a long night is told of by the last ones. */
const BRAKES_MAX = 100;

/** What one run knows: the source of its status, its Current Details and its report. */
export class CutoverRun {
  /** Of the first run of the chain, so that a workflow reset finds again what was made. */
  readonly cutoverId = workflowInfo().firstExecutionRunId || workflowInfo().runId;
  readonly environment: string;
  readonly mode: Mode;
  readonly startedBy: string;
  /** What whoever started it said. */
  readonly note: string | undefined;
  readonly receipts: Receipts = {
    plan: null,
    capture: null,
    clean: null,
    migrate: null,
    repair: null,
    sync: null,
    parity: null,
    evidence: null,
    switchovers: [],
    drain: null,
    validation: null,
    bake: null,
    purgeGuard: null,
    metrics: { before: null, after: null },
    hashes: null,
    answers: null,
    writes: null,
  };
  readonly decisions: RecordedDecision[] = [];
  readonly undone: UndoReceipt[] = [];
  /** Of a rehearsal. */
  readonly findings: RehearsalFinding[] = [];
  committed = false;
  readonly herald = new Herald(() => {
    const { cutoverId, environment, mode, phase, committed } = this;
    return { cutoverId, environment, mode, phase, committed };
  });
  /** What a person set for the reading of blue; null: nothing. */
  brake: BrakeState | null = null;
  /** All that was set, for the report. */
  private brakes: readonly BrakeState[] = [];
  /** Who asked to cancel it; null: nobody, or nobody said so. */
  cancelNote: CancelNote | null = null;
  /** null: nothing is asked. */
  unproven: Unproven | null = null;
  /** Set while it goes backwards: why. */
  undoing: Cause | null = null;
  report: Report | null = null;
  /** Of an upgrade in place alone; its `layerStays` is known at the end. */
  inPlace: InPlaceReceipts | null = null;
  private readonly startedAtMs = workflowInfo().startTime.getTime();
  private readonly entries: PhaseEntry[] = [];
  private readonly ignored: IgnoredMessage[] = [];
  private backlog: readonly ChartPoint[] = [];
  private latency: readonly ChartPoint[] = [];
  private awaiting: Awaiting = null;
  private awaitingDetails = '';
  private phaseName: AnyPhase = 'preflight';

  constructor(input: UpgradeInput) {
    this.environment = input.environment;
    this.mode = input.mode ?? 'real';
    this.startedBy = input.by ?? 'unknown';
    this.note = input.note;
    upsertSearchAttributes(searchAttributes({ CutoverEnvironment: this.environment, CutoverMode: this.mode }));
  }

  get phase(): AnyPhase {
    return this.phaseName;
  }

  get stepInput(): StepInput {
    return { cutoverId: this.cutoverId, environment: this.environment, startedBy: this.startedBy };
  }

  /** Of the plan, once there is one. */
  get gateSettings(): GateSettings | undefined {
    return this.receipts.plan?.gates ?? this.inPlace?.plan?.gates;
  }

  get plan(): Plan {
    if (this.receipts.plan === null) throw new TypeError('the plan is needed before preflight made it');
    return this.receipts.plan;
  }

  /** Runs one phase and keeps how long it took, also when it fails. */
  async inPhase<T>(name: AnyPhase, work: () => Promise<T>): Promise<T> {
    const entry: PhaseEntry = { name, startedMs: Date.now(), durationMs: null };
    this.entries.push(entry);
    this.enter(name);
    log.info('phase began', { cutoverId: this.cutoverId, phase: name });
    try {
      return await work();
    } finally {
      entry.durationMs = Date.now() - entry.startedMs;
      this.show();
    }
  }

  /** Where it is, without a new entry in the list: on the way back. */
  enter(name: AnyPhase): void {
    this.phaseName = name;
    upsertSearchAttributes(searchAttributes({ CutoverPhase: name }));
    this.show();
  }

  /** @param details Markdown of the open gate */
  awaits(awaiting: Awaiting, details = ''): void {
    this.awaiting = awaiting;
    this.awaitingDetails = details;
    upsertSearchAttributes(searchAttributes({ CutoverAwaiting: awaiting?.gate ?? null }));
    this.show();
  }

  ignore(why: string): void {
    this.ignored.push({ at: now(), why });
    if (this.ignored.length > IGNORED_MAX) this.ignored.shift();
    log.warn('decision ignored', { cutoverId: this.cutoverId, phase: this.phaseName, code: 'DECISION_INVALID' });
    this.show();
  }

  setBrake(brake: BrakeState): BrakeState {
    this.brake = brake;
    this.brakes = [...this.brakes, brake].slice(-BRAKES_MAX);
    const { by, paused, rowsPerSecond } = brake;
    log.info('brake set', { cutoverId: this.cutoverId, phase: this.phaseName, by, paused, rowsPerSecond });
    this.show();
    return brake;
  }

  noteCancel(note: CancelNote): void {
    this.cancelNote = note;
    log.info('cancel asked', { cutoverId: this.cutoverId, phase: this.phaseName, by: note.by });
    this.show();
  }

  addSync(more: SyncReceipt): void {
    const { sync } = this.receipts;
    this.receipts.sync = {
      rounds: (sync?.rounds ?? 0) + more.rounds,
      changes: (sync?.changes ?? 0) + more.changes,
      rows: (sync?.rows ?? 0) + more.rows,
      backlog: more.backlog,
      ...perSecondOf(more.perSecond ?? sync?.perSecond),
    };
  }

  addEvidence(evidence: CutoverEvidence): void {
    this.receipts.evidence = evidence;
    const atMs = Date.parse(evidence.gatheredAt);
    this.backlog = thinned([...this.backlog, { atMs, value: evidence.backlog }]);
    if (evidence.clientsP95Ms != null) {
      this.latency = thinned([...this.latency, { atMs, value: evidence.clientsP95Ms }]);
    }
  }

  /** What is known beside the evidence when gate `cutover` is asked. */
  get known(): CutoverKnown {
    const { parity, sync } = this.receipts;
    return { parity, sync, phases: this.phaseTotals(), backlog: this.backlog };
  }

  /** What a person is told where the run cannot go on by itself. */
  interveneKnown(asked: Pick<InterveneKnown, 'phase' | 'problem' | 'serves' | 'answers'>): InterveneKnown {
    const { environment, decisions, undone, committed, receipts } = this;
    return { environment, ...asked, decisions, undone, green: committed && this.inPlace === null ? receipts : null };
  }

  status(): CutoverStatus {
    return {
      cutoverId: this.cutoverId,
      environment: this.environment,
      mode: this.mode,
      startedBy: this.startedBy,
      ...noteOf(this.note),
      phase: this.phaseName,
      undoing: this.undoing !== null,
      awaiting: this.awaiting,
      phases: this.entries.map(({ name, startedMs, durationMs }) => ({ name, startedAt: iso(startedMs), durationMs })),
      decisions: this.decisions,
      ignored: this.ignored,
      committed: this.committed,
      ...(this.inPlace === null ? {} : { serves: serving(this.inPlace, this.committed) }),
      brake: this.brake,
      cancelNote: this.cancelNote,
      plan: this.receipts.plan,
      progress: progressOf(this.receipts),
      report: this.report,
    };
  }

  /** Ends the run's account. Nothing is added afterwards. */
  close(outcome: Outcome, cause: Cause | null): Report {
    this.report = {
      schemaVersion: 1,
      cutoverId: this.cutoverId,
      environment: this.environment,
      mode: this.mode,
      startedBy: this.startedBy,
      ...noteOf(this.note),
      startedAt: iso(this.startedAtMs),
      endedAt: now(),
      outcome,
      cause,
      phases: this.phaseTotals(),
      decisions: this.decisions,
      undone: this.undone,
      ...(this.cancelNote === null ? {} : { cancelNote: this.cancelNote }),
      ...(this.brakes.length === 0 ? {} : { brakes: this.brakes }),
      findings: this.findings,
      backlog: this.backlog,
      latency: this.latency,
      ...this.receipts,
      ...(this.inPlace === null ? {} : { inPlace: this.inPlace }),
    };
    upsertSearchAttributes(searchAttributes({ CutoverOutcome: outcome }));
    this.awaits(null);
    return this.report;
  }

  /** Says in the report where it is kept. */
  keep(file: KeptReport): Report {
    if (this.report === null) throw new TypeError('a report is kept before there is one');
    this.report = { ...this.report, file };
    this.show();
    return this.report;
  }

  /** After it nothing is undone. */
  commit(): void {
    if (this.committed) return;
    this.committed = true;
    this.show();
    this.herald.tell('committed');
  }

  /** A phase that was gone through again counts as one, with all its time. */
  private phaseTotals(): Report['phases'] {
    const totals = new Map<AnyPhase, number>();
    for (const { name, durationMs } of this.entries) totals.set(name, (totals.get(name) ?? 0) + (durationMs ?? 0));
    const predicted = new Map<AnyPhase, number | null>(
      this.receipts.plan?.steps.map(({ phase, predictedMs }) => [phase, predictedMs]),
    );
    return [...totals].map(([name, durationMs]) => {
      const predictedMs = predicted.get(name) ?? null;
      return { name, durationMs, ...(predictedMs === null ? {} : { predictedMs }) };
    });
  }

  private show(): void {
    setCurrentDetails(renderDetails(this.status(), this.undoing, this.awaitingDetails));
  }
}

function progressOf({ evidence, sync, switchovers }: Receipts): NonNullable<CutoverStatus['progress']> {
  const committed = switchovers.find(({ outcome }) => outcome === 'committed');
  return {
    backlog: evidence?.backlog ?? sync?.backlog ?? null,
    lastRoundMs: evidence?.lastRoundMs ?? null,
    canaryMs: evidence?.canaryMs ?? null,
    epoch: committed?.epoch ?? null,
    holdMs: switchovers.at(-1)?.holdMs ?? null,
    attempts: switchovers.length,
  };
}

function noteOf(note: string | undefined): { readonly note?: string } {
  return note === undefined ? {} : { note };
}

function perSecondOf(perSecond: number | undefined): { readonly perSecond?: number } {
  return perSecond === undefined ? {} : { perSecond };
}

function serving({ plan, beside, shares }: InPlaceReceipts, committed: boolean): string {
  if (committed) return 'The new version serves alone, and there is no way back.';
  const share = shares.at(-1);
  if (plan === null || beside === null || share === undefined) return 'The old version serves, and can go on doing so.';
  if (share.verdict === 'bad') return `Hydra ${plan.from} serves all requests again; Hydra ${plan.to} is up beside it.`;
  return `Both versions serve: Hydra ${plan.from} can take all of it at any time.`;
}

export function now(): string {
  return iso(Date.now());
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
