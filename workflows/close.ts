import { allHandlersFinished, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { closeRun } from './close-run';
import { type Cutover } from './cutover';
import { cancelled, causeOf, closingFailure, isJudgeable } from './failures';

/** Nothing was changed yet, so there is nothing to undo. */
export async function refused({ run }: Cutover, error: unknown): Promise<unknown> {
  if (!isJudgeable(error)) return error;
  const cause = causeOf(error);
  if (isCancellation(error)) return cancelled(await closeRun(run, 'cancelled', cause));
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return closingFailure('CHECK_FAILED', cause.message, await closeRun(run, 'refused', cause), error);
}

/**
 * @param serves who serves when everything is undone
 * @returns how the workflow closes, or `committed` when it turned out to be too late to undo
 */
export async function undone(
  cutover: Cutover,
  error: unknown,
  serves: () => string = () => 'blue serves',
): Promise<unknown> {
  const { run, saga } = cutover;
  // A defect of this code: Temporal repeats the task until a fixed worker is there. Nothing is undone by mistake.
  if (!isJudgeable(error)) return error;
  const failed = causeOf(error);
  // A step may fail instead of stopping: the run still ends because somebody asked for it.
  const isCancelled = isCancellation(error) || cutover.cancelRequested;
  const cause =
    isCancelled && !isCancellation(error)
      ? { code: 'UNDONE', message: `the cutover was cancelled; meanwhile ${failed.code}: ${failed.message}` }
      : failed;
  run.undoing = cause;
  if ((await saga.unwind()) === 'committed') {
    run.undoing = null;
    return 'committed';
  }
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  const report = await closeRun(run, isCancelled ? 'cancelled' : 'undone', cause);
  const left = run.undone.filter(({ ok }) => !ok).map(({ phase }) => phase);
  if (left.length > 0) {
    const message = `${cause.message}; ${serves()}, but not everything is undone: ${left.join(', ')}`;
    return closingFailure('UNDO_INCOMPLETE', message, report, error);
  }
  if (isCancelled) return cancelled(report);
  return closingFailure(
    'UNDONE',
    `${cause.code}: ${cause.message}; ${serves()} and everything is undone`,
    report,
    error,
  );
}
