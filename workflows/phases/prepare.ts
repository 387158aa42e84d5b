import { planPage } from '../../domain/evidence/plan-page';
import { CutoverFault } from '../../domain/faults';
import { type ParityReceipt } from '../../domain/receipts';
import { type Phase } from '../../domain/runbook';
import { type Cutover } from '../cutover';
import { now } from '../run';
import { steps } from '../steps';
import { mustApprove } from './approval';
import { cleanGreen, confirmRemovals } from './clean';
import { inPreparingPhase } from './proceed';

/** Everything until green is a faithful copy that follows blue. Blue serves all the while. */
export async function prepare(cutover: Cutover): Promise<void> {
  await approvePlan(cutover);
  await recordBlue(cutover);
  await copyToGreen(cutover);
  await upgradeGreen(cutover);
  await followBlue(cutover);
}

async function approvePlan(cutover: Cutover): Promise<void> {
  const { run, gates } = cutover;
  const { plan } = run;
  const removals = plan.removals ?? [];
  await run.inPhase('plan', async () => {
    await mustApprove(gates, {
      gate: 'plan',
      why: 'Read the plan. Nothing was changed yet; `approve` begins with recording the changes on blue.',
      evidence: planPage(plan),
      timeoutMs: plan.gates.planTimeoutMs,
      ifNobody: 'the run ends as rejected; nothing was changed.',
    });
    if (removals.length > 0) await confirmRemovals(cutover, removals, 'blue');
  });
}

async function recordBlue(cutover: Cutover): Promise<void> {
  const { run, saga } = cutover;
  if (run.plan.extendLifetimes) {
    await inPreparingPhase(cutover, 'lifetimes', () => {
      saga.register('lifetimes', () => steps.restoreLifetimes(run.stepInput));
      return steps.extendLifetimes(run.stepInput);
    });
  }
  await inPreparingPhase(cutover, 'capture', async () => {
    saga.register('capture', () => steps.disableCapture(run.stepInput));
    run.receipts.capture = await steps.enableCapture(run.stepInput);
  });
}

async function copyToGreen(cutover: Cutover): Promise<void> {
  const { run, saga } = cutover;
  await inPreparingPhase(cutover, 'snapshot', () => {
    saga.register('snapshot', () => steps.deleteSnapshot(run.stepInput));
    return steps.takeSnapshot(run.stepInput);
  });
  await inPreparingPhase(cutover, 'restore', () => {
    // From here on green goes as a whole: the phases up to `start` need no undo of their own.
    saga.register('restore', () => steps.deleteGreen(run.stepInput));
    return steps.restoreGreen(run.stepInput);
  });
}

async function upgradeGreen(cutover: Cutover): Promise<void> {
  const { run } = cutover;
  const { receipts, stepInput } = run;
  await inPreparingPhase(cutover, 'close', () => steps.closeGreen(stepInput));
  await inPreparingPhase(cutover, 'clean', async () => {
    receipts.clean = await cleanGreen(cutover, (removals) => confirmRemovals(cutover, removals, 'the copy'));
  });
  await inPreparingPhase(cutover, 'migrate', async () => {
    receipts.migrate = await steps.migrateGreen(stepInput);
  });
  await inPreparingPhase(cutover, 'repair', async () => {
    receipts.repair = await steps.repairGreen(stepInput);
  });
  await inPreparingPhase(cutover, 'guard', () => steps.guardGreen(stepInput));
  await inPreparingPhase(cutover, 'vacuum', () => steps.vacuumGreen(stepInput));
}

async function followBlue(cutover: Cutover): Promise<void> {
  const { run, saga } = cutover;
  const { receipts, stepInput } = run;
  await inPreparingPhase(cutover, 'start', () => {
    saga.register('start', () => steps.stopGreen(stepInput));
    return steps.startGreen(stepInput);
  });
  await inPreparingPhase(cutover, 'catchUp', async () => run.addSync(await steps.catchUp(stepInput)));
  await inPreparingPhase(cutover, 'parity', async () => {
    receipts.parity = { ...(await steps.verifyParity(stepInput)), comparedAt: now() };
    assertParity('parity', receipts.parity);
  });
}

/** @throws CutoverFault PARITY_DIFFERS */
export function assertParity(phase: Phase, { differences, rows, examples }: ParityReceipt): void {
  if (differences === 0) return;
  throw new CutoverFault(
    'PARITY_DIFFERS',
    `${differences} of ${rows} rows differ between blue and green in phase ${phase} (allowed 0): ${examples.join(', ')}; look at them with green still there before the next run`,
  );
}
