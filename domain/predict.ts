import { type PastRun } from './ports/run-history';
import { type MigrationTime, type Plan, type PredictionReceipt, type Report } from './receipts';
import { type AnyPhase } from './runbook';
import { COPY_UPGRADE } from './runbooks/copy-upgrade';
import { type PhaseRow } from './runbooks/phase-row';

/** So many of the latest runs that went through a phase say how long it takes: their median. */
const RUNS_OF_A_PHASE = 3;

const ROWS: Readonly<Partial<Record<AnyPhase, PhaseRow<string>>>> = COPY_UPGRADE;

/** What is to be upgraded now. */
export interface PredictionSubject {
  readonly mode: Plan['mode'];
  readonly hydraVersion: Plan['hydraVersion'];
  readonly databaseBytes: number;
  readonly rows: Readonly<Record<string, number>>;
}

export interface Prediction {
  readonly phases: Readonly<Partial<Record<AnyPhase, number>>>;
  readonly migrations: readonly MigrationTime[];
  readonly runs: PredictionReceipt['runs'];
  /** Why there is none. */
  readonly reason: string | null;
}

/** @param reason why nothing is known */
export function noPrediction(reason: string): Prediction {
  return { phases: {}, migrations: [], runs: [], reason };
}

/**
 * Predicts how long each phase takes from earlier runs of the same environment and versions: rehearsals first, real runs for what
 * no rehearsal goes through. Scaled in proportion to the database's size or its rows.
 *
 * @param runs the latest first; those that did not come to their end are left out
 */
export function predict(subject: PredictionSubject, runs: readonly PastRun[]): Prediction {
  const known = runs.flatMap((run) => usable(run, subject));
  if (known.length === 0) {
    const { blue, green } = subject.hydraVersion;
    return noPrediction(
      runs.length === 0
        ? 'no earlier run of this environment is known; a rehearsal would measure it'
        : `none of the ${runs.length} latest runs of this environment took Hydra ${blue} to ${green} to its end; a rehearsal would measure it`,
    );
  }
  const phases: Partial<Record<AnyPhase, number>> = {};
  const used = new Set<KnownRun>();
  for (const phase of new Set(known.flatMap(({ durations }) => [...durations.keys()]))) {
    if (ROWS[phase]?.waitsForPeople) continue;
    const { ms, from } = predictPhase(phase, subject, known);
    phases[phase] = ms;
    for (const run of from) used.add(run);
  }
  return {
    phases,
    migrations: predictMigrations(subject, known),
    runs: known
      .filter((run) => used.has(run))
      .map(({ run: { runId, endedAt }, report }) => ({ runId, mode: report.mode, endedAt })),
    reason: null,
  };
}

interface KnownRun {
  readonly run: PastRun;
  readonly report: Report;
  readonly plan: Plan;
  readonly durations: ReadonlyMap<AnyPhase, number>;
}

function usable(run: PastRun, subject: PredictionSubject): KnownRun[] {
  const { report } = run;
  if (report?.plan == null || (report.outcome !== 'completed' && report.outcome !== 'rehearsed')) return [];
  const { plan } = report;
  const { blue, green } = subject.hydraVersion;
  if (plan.hydraVersion.blue !== blue || plan.hydraVersion.green !== green) return [];
  // A phase that ended with a finding was cut short.
  const cutShort = new Set<AnyPhase>(
    (report.findings ?? []).filter(({ weight }) => weight === 'blocks').map(({ phase }) => phase),
  );
  const durations = new Map(
    report.phases.flatMap(({ name, durationMs }) => (cutShort.has(name) ? [] : [[name, durationMs] as const])),
  );
  // A real run hashes both sides in one phase, a rehearsal one side in each of two.
  const [hashes, parity] = [durations.get('hashes'), durations.get('parity')];
  if (report.mode === 'rehearse' && subject.mode !== 'rehearse' && parity !== undefined) {
    durations.set('parity', parity + (hashes ?? 0));
  }
  return [{ run, report, plan, durations }];
}

function predictPhase(
  phase: AnyPhase,
  subject: PredictionSubject,
  known: readonly KnownRun[],
): { readonly ms: number; readonly from: readonly KnownRun[] } {
  const went = known.filter(({ durations }) => durations.has(phase));
  const rehearsals = went.filter(({ report }) => report.mode === 'rehearse');
  const from = (rehearsals.length > 0 ? rehearsals : went).slice(0, RUNS_OF_A_PHASE);
  const scaled = from.map(({ durations, plan }) => (durations.get(phase) ?? 0) * growth(phase, subject, plan));
  return { ms: Math.round(median(scaled)), from };
}

/** Of the latest run that saw its migrations run. */
function predictMigrations(subject: PredictionSubject, known: readonly KnownRun[]): readonly MigrationTime[] {
  const saw = known.filter(({ report }) => (report.migrate?.slowest ?? []).length > 0);
  const latest = saw.find(({ report }) => report.mode === 'rehearse') ?? saw[0];
  if (latest === undefined) return [];
  const factor = growth('migrate', subject, latest.plan);
  return (latest.report.migrate?.slowest ?? []).map(({ migration, durationMs }) => ({
    migration,
    durationMs: Math.round(durationMs * factor),
  }));
}

function growth(phase: AnyPhase, subject: PredictionSubject, { blue }: Plan): number {
  const by = ROWS[phase]?.growsWith;
  if (by === undefined) return 1;
  const [now, then] =
    by === 'bytes' ? [subject.databaseBytes, blue.databaseBytes] : [total(subject.rows), total(blue.rows)];
  return now > 0 && then > 0 ? now / then : 1;
}

function total(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
