import { allHandlersFinished, CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import { type Report } from '../domain/receipts';
import { type UpgradeInput } from '../domain/runbook';
import { Cutover } from './cutover';
import { cancelled, causeOf, closingFailure, isJudgeable } from './failures';
import { readInput } from './input';
import { goForward } from './phases/go-forward';
import { preflight } from './phases/preflight';
import { prepare } from './phases/prepare';
import { rehearse, skipped, standsAside } from './phases/rehearse';
import { switchOver } from './phases/switch-over';
import { CutoverRun } from './run';

/**
 * One upgrade of one environment from Hydra on blue to Hydra on green.
 *
 * @returns the report of a completed or rehearsed run; every other run fails or is cancelled with its report, which the Query `status`
 *   answers too
 */
export async function upgradeHydra(raw: UpgradeInput): Promise<Report> {
  const { input, problems } = readInput(raw, workflowInfo().workflowId);
  const run = new CutoverRun(input);
  const cutover = new Cutover(run);
  try {
    await preflight(cutover, input, problems);
  } catch (error) {
    if (standsAside(cutover, error)) return skipped(cutover, error);
    throw await refused(cutover, error);
  }
  try {
    if (run.mode === 'rehearse') return await rehearse(cutover);
    await prepare(cutover);
    await switchOver(cutover);
  } catch (error) {
    const failure = await undone(cutover, error);
    if (failure !== 'committed') throw failure;
  }
  return CancellationScope.nonCancellable(async () => {
    await goForward(cutover);
    const report = run.close('completed', null);
    await condition(allHandlersFinished);
    return report;
  });
}

/** Nothing was changed yet, so there is nothing to undo. */
async function refused({ run }: Cutover, error: unknown): Promise<unknown> {
  if (!isJudgeable(error)) return error;
  const cause = causeOf(error);
  if (isCancellation(error)) return cancelled(run.close('cancelled', cause));
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return closingFailure('CHECK_FAILED', cause.message, run.close('refused', cause), error);
}

/** @returns how the workflow closes, or `committed` when it turned out to be too late to undo */
async function undone(cutover: Cutover, error: unknown): Promise<unknown> {
  const { run, saga } = cutover;
  // A defect of this code: Temporal repeats the task until a mended worker is there. Nothing is undone by mistake.
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
  const report = run.close(isCancelled ? 'cancelled' : 'undone', cause);
  const left = run.undone.filter(({ ok }) => !ok).map(({ phase }) => phase);
  if (left.length > 0) {
    const message = `${cause.message}; blue serves, but not everything is undone: ${left.join(', ')}`;
    return closingFailure('UNDO_INCOMPLETE', message, report, error);
  }
  if (isCancelled) return cancelled(report);
  return closingFailure(
    'UNDONE',
    `${cause.code}: ${cause.message}; blue serves and everything is undone`,
    report,
    error,
  );
}
