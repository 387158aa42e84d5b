import { allHandlersFinished, CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { CutoverFault } from '../../domain/faults';
import { type InPlaceInput } from '../../domain/in-place/runbook';
import { type Report } from '../../domain/receipts';
import { refused, undone } from '../close';
import { closeRun } from '../close-run';
import { Cutover } from '../cutover';
import { readInput } from '../input';
import { assertMayBegin } from '../phases/preflight';
import { CutoverRun, type InPlaceReceipts } from '../run';
import { acceptAndRetire, removeOld } from './accept';
import { approvePlan, layAndMigrate } from './migrate';
import { inPlaceSteps } from './steps';
import { shiftInSteps } from './shares';

/**
 * One upgrade of blue on its own database, while it serves.
 *
 * @returns the report of a completed run; every other run fails or is cancelled with its report, which the Query `status` answers too
 */
export async function upgradeInPlace(raw: InPlaceInput): Promise<Report> {
  const { input, problems } = readInput(raw, workflowInfo().workflowId);
  const run = new CutoverRun(input);
  const inPlace = (run.inPlace = nothingYet());
  const cutover = new Cutover(run);
  try {
    await run.inPhase('preflight', async () => {
      if (problems.length > 0) throw new CutoverFault('CHECK_FAILED', problems.join('; '));
      if (run.mode !== 'real')
        throw new CutoverFault('CHECK_FAILED', 'an upgrade in place has no "mode": leave it out');
      const { configDigest } = input;
      const plan = await inPlaceSteps.planInPlace({
        ...run.stepInput,
        ...(configDigest === undefined ? {} : { configDigest }),
      });
      assertMayBegin(run, input, plan);
      inPlace.plan = plan;
    });
  } catch (error) {
    throw await refused(cutover, error);
  }
  try {
    await approvePlan(cutover, inPlace);
    await layAndMigrate(cutover, inPlace);
    await shiftInSteps(cutover, inPlace);
    await acceptAndRetire(cutover, inPlace);
  } catch (error) {
    throw await undone(cutover, error, () => servesOf(inPlace));
  }
  return CancellationScope.nonCancellable(async () => {
    await removeOld(cutover, inPlace);
    const report = await closeRun(run, 'completed', null);
    await condition(allHandlersFinished);
    return report;
  });
}

function nothingYet(): InPlaceReceipts {
  return {
    plan: null,
    layer: null,
    online: null,
    bookkeeping: null,
    beside: null,
    shares: [],
    retired: null,
    layerStays: false,
  };
}

function servesOf({ layerStays }: InPlaceReceipts): string {
  return layerStays
    ? 'the old version serves through its views, which stay because migrations have begun (start again to go on);'
    : 'the old version serves';
}
