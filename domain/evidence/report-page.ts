import { type CancelNote } from '../cancel-note';
import { blocksOf, type Block, type Fact, type Page, type PageVerdict } from '../page/page';
import { type Report, type SwitchoverReceipt } from '../receipts';
import { type BrakeState, type Outcome } from '../runbook';
import { phaseBars } from './cutover-page';
import { greenBlocks, greenFacts } from './green-facts';
import { inPlaceFacts, sharesBlock } from './in-place-page';
import { undoneBlock } from './intervene-page';
import { cleanedBlock, copyFacts, migrationsBlock } from './copy-facts';
import { countText, durationText, fact } from './words';

/** A run that is over: what happened, what it cost, what is left. */
export function reportPage(report: Report): Page {
  const { environment, mode, outcome, startedAt, endedAt, startedBy, note, cutoverId } = report;
  const isCommitted = report.switchovers.some(({ outcome: its }) => its === 'committed');
  return {
    title: `${environment} (${mode}): ${outcome}`,
    verdict: reportVerdict(report),
    facts: [
      fact('from, to', `${startedAt} to ${endedAt}, ${durationText(Date.parse(endedAt) - Date.parse(startedAt))}`),
      fact('started by', `${startedBy}${note === undefined ? '' : `: ${note}`}`),
      ...(report.cancelNote === undefined ? [] : [fact('cancel asked by', cancelText(report.cancelNote))]),
      fact('cutover', cutoverId),
      ...keptFacts(report),
      ...planFacts(report),
      ...copyFacts(report),
      ...(report.inPlace === undefined ? [] : inPlaceFacts(report.inPlace)),
      ...(isCommitted ? greenFacts(report) : []),
    ],
    blocks: blocksOf(
      findingsBlock(report),
      decisionsBlock(report),
      { kind: 'list', title: 'What was set for the reading of blue', items: (report.brakes ?? []).map(brakeText) },
      undoneBlock('What was undone', report.undone),
      sharesBlock(report.inPlace?.shares ?? []),
      { kind: 'bars', title: 'What each phase took, and was predicted to', unit: 's', bars: phaseBars(report.phases) },
      switchoverBlock(report.switchovers),
      ...(isCommitted ? [latencyBlock(report), ...greenBlocks(report)] : []),
      {
        kind: 'lines',
        title: 'Changes of blue that green did not have yet',
        unit: 'changes',
        lines: [{ name: 'backlog', points: report.backlog ?? [] }],
        marks: marksOf(report),
      },
      cleanedBlock(report),
      {
        kind: 'table',
        title: 'What is left, where, and until when',
        head: ['what', 'where', 'until', 'how it goes'],
        rows: (report.remains ?? []).map(({ what, where, until, remove }) => [what, where, until, remove]),
      },
      migrationsBlock(report),
    ),
  };
}

const OUTCOME_TEXTS: Readonly<Record<Outcome, string>> = {
  completed: 'green serves.',
  rehearsed: 'the rehearsal came to its end; nothing of it is left.',
  skipped: 'this rehearsal did not begin.',
  refused: 'it was refused; nothing was changed.',
  undone: 'blue serves as before.',
  cancelled: 'it was cancelled; blue serves as before.',
  rolled_back: 'blue serves again.',
};

const IN_PLACE_TEXTS: Readonly<Partial<Record<Outcome, string>>> = {
  completed: 'the new version serves, and the old one is gone.',
  undone: 'the old version serves.',
  cancelled: 'it was cancelled; the old version serves.',
};

function reportVerdict({ outcome, cause, undone, findings = [], decisions, mode, inPlace }: Report): PageVerdict {
  const left = undone.filter(({ ok }) => !ok).map(({ phase }) => `the undo of ${phase} is not done`);
  const skipped = decisions.filter(({ decision }) => decision === 'skip');
  const why = cause === null ? [] : [`${cause.code}: ${cause.message}`];
  const letPass = skipped.map(({ by, note }) => `${by} let something pass: ${note ?? 'no reason given'}`);
  const text = inPlace === undefined ? OUTCOME_TEXTS[outcome] : (IN_PLACE_TEXTS[outcome] ?? OUTCOME_TEXTS[outcome]);
  if (left.length > 0) return { state: 'bad', text: `${text} Not everything is undone.`, reasons: [...left, ...why] };
  if (mode === 'rehearse' && outcome === 'rehearsed') {
    const blocking = findings.filter(({ weight }) => weight === 'blocks').length;
    const told = `${countText(findings.length, 'finding')}; ${blocking === 0 ? 'a real run would come this far' : `a real run would be refused or end here: ${countText(blocking, 'reason')}`}`;
    return { state: blocking === 0 ? 'good' : 'bad', text: `${text} ${told}.`, reasons: why };
  }
  if (outcome === 'completed') {
    return { state: skipped.length === 0 ? 'good' : 'unknown', text, reasons: letPass };
  }
  // It is not what was wanted, and there is no doubt about it.
  return { state: 'unknown', word: 'Verdict', text, reasons: [...why, ...letPass] };
}

/** Enough to compare by eye; whole ones are in the JSON of the report, and beside its file. */
function shortDigest(digest: string): string {
  return digest.slice(0, 16);
}

function keptFacts({ file }: Report): readonly Fact[] {
  if (file === undefined) return [];
  return file.kept === 'file'
    ? [fact('report', `${file.path}, SHA-256 ${shortDigest(file.sha256)}`)]
    : [fact('report', `not written to a file: ${file.why}`, 'unknown')];
}

function planFacts({ plan }: Report): readonly Fact[] {
  if (plan === null) return [];
  const { hydraVersion, configDigest, prediction } = plan;
  return [
    fact('Hydra', `${hydraVersion.blue} to ${hydraVersion.green}`),
    fact('config', `digest ${shortDigest(configDigest)}`),
    ...(prediction?.totalMs == null ? [] : [fact('predicted in all', durationText(prediction.totalMs))]),
  ];
}

function findingsBlock({ findings = [] }: Report): Block {
  return {
    kind: 'table',
    title: 'Findings',
    head: ['phase', 'weight', 'code', 'what'],
    rows: findings.map(({ phase, weight, code, what }) => [phase, weight, code, what]),
  };
}

function decisionsBlock({ decisions }: Report): Block {
  return { kind: 'list', title: 'What was decided', items: decisions.map(decisionLine) };
}

export function cancelText({ by, at, note }: CancelNote): string {
  return `${by} at ${at}${note === undefined ? '' : `: ${note}`}`;
}

export function brakeText({ paused, rowsPerSecond, by, at, note }: BrakeState): string {
  const rate = rowsPerSecond === null ? '' : `, at most ${rowsPerSecond} rows a second`;
  const why = note === undefined ? '' : ` (${note})`;
  return `${paused ? 'paused' : 'on'}${rate}; set by ${by} at ${at}${why}`;
}

export function decisionLine({ gate, decision, by, at, note }: Report['decisions'][number]): string {
  return `${at} gate ${gate}: ${decision} by ${by}${note == null ? '' : ` (${note})`}`;
}

function switchoverBlock(switchovers: readonly SwitchoverReceipt[]): Block {
  return {
    kind: 'table',
    title: 'Attempts to move the writes',
    head: ['outcome', 'epoch', 'held', 'what'],
    rows: switchovers.map((one) => [
      one.outcome,
      String(one.epoch ?? '-'),
      `${Math.round(one.holdMs)} ms`,
      one.outcome === 'committed' ? `${one.refused ?? 'an unknown number of'} writes refused` : one.reason,
    ]),
  };
}

function marksOf({ switchovers }: Report): readonly { readonly atMs: number; readonly name: string }[] {
  return switchovers.flatMap((one) =>
    one.outcome === 'committed'
      ? [{ atMs: Date.parse(one.heldAt), name: `flip, held ${Math.round(one.holdMs)} ms` }]
      : [],
  );
}

/** What clients waited for their answers around the flip. */
function latencyBlock(report: Report): Block {
  const { latency, bake } = report;
  return {
    kind: 'lines',
    title: "95th percentile of clients' answer times around the flip",
    unit: 'ms',
    lines: [
      { name: 'blue', points: latency ?? [] },
      { name: 'green', points: bake?.seen ?? [] },
    ],
    marks: marksOf(report),
  };
}
