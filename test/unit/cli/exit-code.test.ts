import { exitCodeOf } from '../../../cli/temporal/exit-code';
import { OUTCOMES, type Outcome } from '../../../domain/runbook';

/** As docs promise them; scripts of operators branch on these. */
const EXIT_CODES: Readonly<Record<Outcome, number>> = {
  completed: 0,
  rehearsed: 0,
  skipped: 0,
  refused: 3,
  undone: 4,
  cancelled: 4,
  rolled_back: 4,
};

const undo = (ok: boolean) => ({ phase: 'restore', ok, durationMs: 1 }) as const;

it.each(OUTCOMES)(
  'a run that ended as %s gives its exit code, and 5 whenever an undo was skipped or given up',
  (outcome) => {
    expect(exitCodeOf({ outcome, undone: [] })).toBe(EXIT_CODES[outcome]);
    expect(exitCodeOf({ outcome, undone: [undo(true)] })).toBe(EXIT_CODES[outcome]);
    expect(exitCodeOf({ outcome, undone: [undo(true), undo(false)] })).toBe(5);
  },
);
