import { FAULTS } from '../../domain/faults';
import { type Report } from '../../domain/receipts';
import { type Outcome } from '../../domain/runbook';

const EXIT_CODES: Readonly<Record<Outcome, number>> = {
  completed: 0,
  rehearsed: 0,
  skipped: 0,
  refused: FAULTS.CHECK_FAILED.exitCode,
  undone: FAULTS.UNDONE.exitCode,
  cancelled: FAULTS.UNDONE.exitCode,
  rolled_back: FAULTS.UNDONE.exitCode,
};

/** What a run that ended makes the CLI end with. */
export function exitCodeOf(report: Pick<Report, 'outcome' | 'undone'>): number {
  if (report.undone.some(({ ok }) => !ok)) return FAULTS.UNDO_INCOMPLETE.exitCode;
  return EXIT_CODES[report.outcome];
}

/** For the reference of every verb that shows an end for an end. */
export const OUTCOME_EXIT_CODES: Readonly<Record<number, string>> = {
  3: 'a check refused, nothing was changed (CHECK_FAILED); or there is no such cutover',
  4: 'rejected, failed or cancelled, and undone (UNDONE)',
  5: 'a person is needed at gate `intervene`, or an undo was skipped (PERSON_NEEDED, UNDO_INCOMPLETE)',
  6: 'Temporal or the worker does not answer (TEMPORAL_UNREACHABLE, NO_WORKER)',
};

/** For the reference of those with `--timeout`. */
export const WAITING_EXIT_CODES: Readonly<Record<number, string>> = {
  ...OUTCOME_EXIT_CODES,
  6: 'Temporal or the worker does not answer, or it was not over within --timeout (TEMPORAL_UNREACHABLE, NO_WORKER, WAIT_TIMEOUT)',
};
