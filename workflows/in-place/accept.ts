import { patched } from '@temporalio/workflow';
import { acceptPage } from '../../domain/evidence/in-place-page';
import { type Cutover } from '../cutover';
import { mustApprove } from '../phases/approval';
import { type InPlaceReceipts } from '../run';
import { planOf, untilDone } from './phase';
import { inPlaceSteps } from './steps';

const COMMIT_IS_TOLD = 'the commit of an upgrade in place is told';
const SHARE_IS_TOLD_AGAIN = 'gateways are told their share again before the old version is stopped once more';
const ALL = 100;
const AFTER_COMMIT = { retry: 'does the phase again', skip: 'leaves it as it is, with your reason in the report' };

/** A person accepts, and the old version stops. It can still be started again. */
export async function acceptAndRetire(cutover: Cutover, inPlace: InPlaceReceipts): Promise<void> {
  const { run, saga, gates } = cutover;
  const { gates: settings, from } = planOf(inPlace);
  const isClean = run.decisions.every(({ decision }) => decision !== 'skip');
  await run.inPhase('finalize', async () => {
    if (settings.finalize === 'automatic' && isClean) return;
    await mustApprove(gates, {
      gate: 'finalize',
      why: `The new version serves all requests. \`approve\` stops Hydra ${from} and removes its views: **from there on it cannot serve this database any more.** \`reject\` gives it all requests again.`,
      evidence: acceptPage(planOf(inPlace), inPlace, run.decisions),
      timeoutMs: settings.finalizeTimeoutMs,
      ifNobody: 'all requests go to the old version again, and the run ends.',
    });
  });
  saga.register('stopOld', () => inPlaceSteps.startOld(run.stepInput));
  let isRetry = false;
  await untilDone(cutover, 'stopOld', 'both', async () => {
    // One that began anew without its state gives everything to the old version. The person has seen to it when this is tried again.
    if (isRetry && patched(SHARE_IS_TOLD_AGAIN)) await inPlaceSteps.shiftTraffic({ ...run.stepInput, share: ALL });
    isRetry = true;
    await inPlaceSteps.stopOld(run.stepInput);
  });
}

/** Forward only: the old version cannot serve without its views. */
export async function removeOld(cutover: Cutover, inPlace: InPlaceReceipts): Promise<void> {
  const { run, saga } = cutover;
  // A run that is open on the code before this one ends as it began: without the news.
  if (patched(COMMIT_IS_TOLD)) run.commit();
  else run.committed = true;
  saga.clear();
  const removal = async () => void (inPlace.retired = await inPlaceSteps.removeLayer(run.stepInput));
  await untilDone(cutover, 'removeLayer', 'new', removal, AFTER_COMMIT);
  await untilDone(cutover, 'encrypt', 'new', () => inPlaceSteps.encryptAtRest(run.stepInput), AFTER_COMMIT);
}
