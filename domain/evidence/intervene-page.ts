import { blocksOf, type Block, type Page } from '../page/page';
import { PHASE_TEXTS, type AnyPhase, type Decision, type RecordedDecision } from '../runbook';
import { type UndoReceipt } from '../receipts';
import { letPass, type GreenReceipts } from './finalize-page';
import { greenBlocks, greenFacts } from './green-facts';
import { fact } from './words';

/** What is known where a person is called that no plan foresaw. */
export interface InterveneKnown {
  readonly environment: string;
  readonly phase: AnyPhase;
  readonly problem: string;
  /** `old`, `both`, `new`: Hydras of blue, while it is upgraded in place. */
  readonly serves: 'blue' | 'green' | 'nobody' | 'unknown' | 'old' | 'both' | 'new';
  /** What each answer does; `wait` is the same everywhere. */
  readonly answers: Readonly<Partial<Record<Decision, string>>>;
  readonly decisions: readonly RecordedDecision[];
  readonly undone: readonly UndoReceipt[];
  /** null: before the commit. */
  readonly green: GreenReceipts | null;
}

const SERVES: Readonly<Record<InterveneKnown['serves'], string>> = {
  blue: 'blue serves, as before',
  green: 'green serves; the commit has no way back',
  nobody: 'nobody serves: it is committed, and green is closed until this is answered',
  old: 'the old version serves',
  both: 'both versions serve; all requests can go back to the old one',
  new: 'the new version serves; the old one is stopped',
  unknown: 'not known until this is answered',
};

/** What a person must know where the run cannot go on by itself. */
export function intervenePage(known: InterveneKnown): Page {
  const { environment, phase, problem, serves, answers, decisions, undone, green } = known;
  const skipped = decisions.filter(({ decision }) => decision === 'skip');
  return {
    title: `${environment} needs a person in phase ${phase}`,
    verdict: { state: 'bad', text: `${SERVES[serves]}. ${problem}`, reasons: [] },
    facts: [
      fact('who serves', SERVES[serves], serves === 'nobody' || serves === 'unknown' ? 'bad' : undefined),
      fact('phase', `${phase}: ${PHASE_TEXTS[phase]}`),
      ...(green === null ? [] : greenFacts(green)),
    ],
    blocks: blocksOf(
      {
        kind: 'table',
        title: 'What each answer does',
        head: ['answer', 'what happens'],
        rows: Object.entries({ ...answers, wait: 'notes that somebody is on it; the question stays open' }),
      },
      undoneBlock('Undone so far', undone),
      ...(green === null ? [] : greenBlocks(green)),
      letPass(skipped),
    ),
  };
}

export function undoneBlock(title: string, undone: readonly UndoReceipt[]): Block {
  return {
    kind: 'table',
    title,
    head: ['phase', 'undo'],
    rows: undone.map(({ phase, ok, error }) => [phase, ok ? 'done' : `NOT done: ${error ?? 'no reason is known'}`]),
  };
}
