import { cancelText, decisionLine, reportPage } from '../../domain/evidence/report-page';
import { aboutText, durationText, fact } from '../../domain/evidence/words';
import { blocksOf, type Fact, type Page, type PageVerdict } from '../../domain/page/page';
import { PHASE_TEXTS, type BrakeState, type CutoverStatus } from '../../domain/runbook';
import { isEndedByForce, type Look, type PendingStep } from './look';
import { whyNoWorker } from './workers-seen';

/** Where a cutover is: what is so now, what is under way, what each phase took, what was decided. */
export function statusPage(look: Look): Page {
  const { status, pending, startedAt } = look;
  return {
    title: `${look.workflowId}: ${headline(look)}`,
    verdict: statusVerdict(look),
    facts: [fact('started', `${startedAt}${startedBy(status)}`), ...statusFacts(look)],
    blocks: blocksOf(
      { kind: 'list', title: 'Under way', items: pending.map(pendingLine) },
      {
        kind: 'table',
        title: 'Phases',
        head: ['phase', 'took', 'what'],
        rows: (status?.phases ?? []).map(({ name, durationMs }) => [name, durationText(durationMs), PHASE_TEXTS[name]]),
      },
      { kind: 'list', title: 'What was decided', items: (status?.decisions ?? []).map(decisionLine) },
      {
        kind: 'list',
        title: 'What was not followed',
        items: (status?.ignored ?? []).map(({ at, why }) => `${at} ${why}`),
      },
    ),
  };
}

export function headline({ temporal, status, report, cancelRequested }: Look): string {
  if (report !== null) {
    const { outcome, cause } = report;
    return cause === null ? outcome : `${outcome} (${cause.code}: ${cause.message})`;
  }
  if (isEndedByForce(temporal)) return `${temporal.toLowerCase()}: ended by force, nothing was undone`;
  if (temporal !== 'RUNNING') return temporal.toLowerCase();
  const asked = cancelRequested ? ', cancel requested' : '';
  if (status === null) return `running${asked}`;
  const serves = status.serves ?? (status.committed ? 'committed, green serves' : 'blue serves');
  return `${status.undoing ? 'undoing' : 'running'}, phase ${status.phase}, ${serves}${asked}`;
}

/** Every sentence begins with the same words, whatever its state: it tells what is, and judges nothing. */
const NOW = { word: 'Now' } as const;

function statusVerdict({ temporal, report, status, workers }: Look): PageVerdict {
  if (report !== null) return reportPage(report).verdict;
  if (isEndedByForce(temporal)) {
    const next = '`hydra-cutover status --from-databases` says what is left and whether `repair` is needed';
    return { ...NOW, state: 'bad', text: 'it was ended by force, and nothing was undone.', reasons: [next] };
  }
  if (status === null) {
    const text = 'no worker answers: this is only what Temporal itself knows.';
    return { ...NOW, state: 'bad', text, reasons: [whyNoWorker(workers)] };
  }
  if (status.awaiting !== null) {
    const state = status.awaiting.gate === 'intervene' ? 'bad' : 'unknown';
    return { ...NOW, state, text: `${waitingFor(status.awaiting)}.`, reasons: [] };
  }
  if (status.undoing) return { ...NOW, state: 'unknown', text: 'it takes back what it did.', reasons: [] };
  return { ...NOW, state: 'good', text: 'it goes on by itself; nobody is asked.', reasons: [] };
}

export function waitingFor({ gate, deadline }: NonNullable<CutoverStatus['awaiting']>): string {
  return `waiting for a person: gate ${gate}${deadline === null ? '' : ` until ${deadline}`}`;
}

function startedBy(status: CutoverStatus | null): string {
  if (status === null) return '';
  return ` by ${status.startedBy}${status.note === undefined ? '' : ` (${status.note})`}`;
}

function statusFacts({ status, phase, awaiting }: Look): readonly Fact[] {
  if (status === null) {
    return [
      ...(phase === null ? [] : [fact('last phase', phase)]),
      ...(awaiting === null ? [] : [fact('awaiting', `gate ${awaiting}`)]),
    ];
  }
  return [
    ...(status.cancelNote == null ? [] : [fact('cancel asked by', cancelText(status.cancelNote))]),
    ...(status.brake == null ? [] : [fact('reading of blue', brakeText(status.brake))]),
  ];
}

function brakeText({ paused, rowsPerSecond, by, at, note }: BrakeState): string {
  const rate = rowsPerSecond === null ? '' : `, at most ${rowsPerSecond} rows a second`;
  const why = note === undefined ? '' : ` (${note})`;
  return `${paused ? 'paused' : 'on'}${rate}; set by ${by} at ${at}${why}`;
}

/** How far a step is in front, and its own words behind. */
export function pendingLine({ name, attempt, progress, percent, leftMs, lastFailure }: PendingStep): string {
  const far = [
    ...(percent === null ? [] : [`${percent} %`]),
    ...(leftMs === null ? [] : [`about ${aboutText(leftMs)} left`]),
  ].join(', ');
  const said = progress === null || progress === undefined ? '' : wordsOf(progress);
  const parts = [far, said].filter((part) => part !== '').join('; ');
  const again = attempt > 1 ? `, try ${attempt}` : '';
  const failed = lastFailure === undefined ? '' : ` (before: ${lastFailure})`;
  return `${name}${again}${parts === '' ? '' : `: ${parts}`}${failed}`;
}

/** `{"step":"migrating","applied":3}` as `migrating, applied 3`. */
function wordsOf(progress: unknown): string {
  if (typeof progress !== 'object' || progress === null || Array.isArray(progress)) return JSON.stringify(progress);
  return Object.entries(progress)
    .filter(([name]) => name !== 'percent' && name !== 'leftMs')
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return name === 'step' || name === 'status' ? text : `${name} ${text}`;
    })
    .join(', ');
}
