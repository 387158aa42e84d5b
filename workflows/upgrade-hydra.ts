import { allHandlersFinished, CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { type Report } from '../domain/receipts';
import { type UpgradeInput } from '../domain/runbook';
import { refused, undone } from './close';
import { closeRun } from './close-run';
import { Cutover } from './cutover';
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
    const report = await closeRun(run, 'completed', null);
    await condition(allHandlersFinished);
    return report;
  });
}
