import { brakeText, cancelText, decisionLine, reportPage } from '../../domain/evidence/report-page';
import { aboutText, durationText, fact } from '../../domain/evidence/words';
import { blocksOf, type Fact, type Page, type PageVerdict } from '../../domain/page/page';
import { PHASE_TEXTS, type AnyPhase, type CutoverStatus } from '../../domain/runbook';
import { committedStep, servesInside, type CommittedStep } from './committed-step';
import { isTakenBack, type DatabasesTale } from './databases-tale';
import { isEndedByForce, type Look, type PendingStep } from './look';
import { whyNoWorker } from './workers-seen';

/** What the databases say of a run that cannot tell it any more. */
export type Found = Pick<DatabasesTale, 'cutoverId' | 'isKnown' | 'isTouched' | 'isFinalized' | 'next'>;

/** Where a cutover is: what is so now, what is under way, what each phase took, what was decided. */
export function statusPage(look: Look, found?: Found): Page {
  const { status, pending, startedAt } = look;
  return {
    title: `${look.workflowId}: ${headline(look)}`,
    verdict: statusVerdict(look, found),
    facts: [fact('started', `${startedAt}${startedBy(status)}`), ...statusFacts(look)],
    blocks: blocksOf(
      {
        kind: 'list',
        title: isEndedByForce(look.temporal) ? 'Was under way' : 'Under way',
        items: pending.map(pendingLine),
      },
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

export function headline({ temporal, status, report, pending, cancelRequested }: Look): string {
  if (report !== null) {
    const { outcome, cause } = report;
    return cause === null ? outcome : `${outcome} (${cause.code}: ${cause.message})`;
  }
  if (isEndedByForce(temporal)) return `${temporal.toLowerCase()}: ended by force, it undid nothing`;
  if (temporal !== 'RUNNING') return temporal.toLowerCase();
  const asked = cancelRequested ? ', cancel requested' : '';
  const inside = committedStep(pending);
  if (status === null) return `running${inside === null ? '' : `, ${servesInside(inside)}`}${asked}`;
  if (inside !== null) return `running, phase ${status.phase}, ${servesInside(inside)}${asked}`;
  const serves = status.serves ?? (status.committed ? servesCommitted(status.phase) : 'blue serves');
  return `${status.undoing ? 'undoing' : 'running'}, phase ${status.phase}, ${serves}${asked}`;
}

/** The run itself cannot tell when in that phase green takes writes. */
function servesCommitted(phase: AnyPhase): string {
  return phase === 'switchover' ? 'committed, green serves once this phase is done' : 'committed, green serves';
}

/** Every sentence begins with the same words, whatever its state: it tells what is, and judges nothing. */
const NOW = { word: 'Now' } as const;

function statusVerdict({ temporal, report, status, workers, pending }: Look, found: Found | undefined): PageVerdict {
  if (report !== null) return reportPage(report).verdict;
  if (isEndedByForce(temporal)) return forceVerdict(found);
  if (status === null) {
    const text = 'no worker answers: this is only what Temporal itself knows.';
    return { ...NOW, state: 'bad', text, reasons: [whyNoWorker(workers)] };
  }
  if (status.awaiting !== null) {
    return askedVerdict(status.awaiting, pending);
  }
  const inside = committedStep(pending);
  if (inside !== null) return insideVerdict(inside);
  return onItsWayVerdict(status.undoing ? 'it takes back what it did' : 'it goes on by itself', pending);
}

/** The page of a gate is that of the last look that succeeded: what goes on failing beside the gate does not stand in it. */
function askedVerdict(awaiting: NonNullable<CutoverStatus['awaiting']>, pending: readonly PendingStep[]): PageVerdict {
  const state = awaiting.gate === 'intervene' ? 'bad' : 'unknown';
  const failures = failuresOf(pending);
  if (failures.length === 0) return { ...NOW, state, text: `${waitingFor(awaiting)}.`, reasons: [] };
  const text = `${waitingFor(awaiting)}. A step beside the gate failed and is tried again. The evidence does not show it:`;
  return { ...NOW, state, text, reasons: failures };
}

function failuresOf(pending: readonly PendingStep[]): readonly string[] {
  return pending.flatMap(({ name, attempt, lastFailure }) =>
    lastFailure === undefined ? [] : [`${name}, try ${attempt}, after: ${lastFailure}`],
  );
}

/** A step that is tried again may wait for somebody to bring up what it did not reach, long before a gate asks for him. */
function onItsWayVerdict(what: string, pending: readonly PendingStep[]): PageVerdict {
  const failures = failuresOf(pending);
  if (failures.length === 0) return { ...NOW, state: 'good', text: `${what}; nobody is asked.`, reasons: [] };
  const text = `${what}; a step failed and is tried again. Nobody is asked yet, and what it met may need you:`;
  return { ...NOW, state: 'unknown', text, reasons: failures };
}

function insideVerdict({ isOpen, problem }: CommittedStep): PageVerdict {
  const waits = isOpen ? 'green is open' : 'nobody takes writes until green is open';
  if (problem !== null) {
    const text = `the switchover is committed and does not get on; ${waits}. Mend this now, it is tried again all the while:`;
    return { ...NOW, state: 'bad', text, reasons: [problem] };
  }
  return {
    ...NOW,
    state: 'unknown',
    text: `the switchover is committed and goes on by itself; ${waits}.`,
    reasons: [],
  };
}

/** A run cannot tell what `repair` did after its end: the databases can. */
function forceVerdict(found: Found | undefined): PageVerdict {
  if (found === undefined) {
    const next = '`hydra-cutover status --from-databases` says what is left and whether `repair` is needed';
    return { ...NOW, state: 'bad', text: 'it was ended by force, and undid nothing.', reasons: [next] };
  }
  if (isTakenBack(found)) {
    const text = "it was ended by force; nothing of it is left on blue's database, and blue serves.";
    return { ...NOW, state: 'good', text, reasons: [] };
  }
  if (found.isFinalized === true) {
    // Named, because a run that was started here afterwards is another one.
    const text = `it was ended by force; by the databases, cutover ${found.cutoverId} was brought to its end since: green serves, and is finalized.`;
    return { ...NOW, state: 'good', text, reasons: [] };
  }
  return { ...NOW, state: 'bad', text: 'it was ended by force, and undid nothing.', reasons: found.next };
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
