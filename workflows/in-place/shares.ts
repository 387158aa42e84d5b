import { CutoverFault } from '../../domain/faults';
import { type ShareReceipt } from '../../domain/in-place/receipts';
import { type Cutover } from '../cutover';
import { type InPlaceReceipts } from '../run';
import { callPerson, planOf, untilDone } from './phase';
import { inPlaceSteps } from './steps';

/** The new version beside the old one, with more and more of the traffic. Until the old one is stopped all of it can go back. */
export async function shiftInSteps(cutover: Cutover, inPlace: InPlaceReceipts): Promise<void> {
  const { run, saga } = cutover;
  saga.register('beside', () => inPlaceSteps.stopBeside(run.stepInput));
  await untilDone(cutover, 'beside', 'old', async () => {
    inPlace.beside = await inPlaceSteps.startBeside(run.stepInput);
  });
  saga.register('shares', () => inPlaceSteps.shiftTraffic({ ...run.stepInput, share: 0 }));
  const { shares } = planOf(inPlace);
  await run.inPhase('shares', async () => {
    for (let at = 0; at < shares.length;) {
      const next = await takeShare(cutover, inPlace, shares[at] ?? 0);
      at = next === 'on' ? at + 1 : next === 'again' ? at : 0;
    }
  });
}

/** @returns `on` to the next share, the same `again`, or from the `start` */
async function takeShare(cutover: Cutover, inPlace: InPlaceReceipts, share: number): Promise<'on' | 'again' | 'start'> {
  const { run } = cutover;
  await inPlaceSteps.shiftTraffic({ ...run.stepInput, share });
  const receipt = await inPlaceSteps.judgeShare({ ...run.stepInput, share });
  inPlace.shares = [...inPlace.shares, receipt];
  if (receipt.verdict === 'clean') return 'on';
  return receipt.verdict === 'bad' ? shiftBack(cutover, receipt) : askAbout(cutover, receipt);
}

/** Before anybody is asked: clients of the new version are worse off. */
async function shiftBack(cutover: Cutover, receipt: ShareReceipt): Promise<'start'> {
  const { share, problems } = receipt;
  await inPlaceSteps.shiftTraffic({ ...cutover.run.stepInput, share: 0 });
  const why = `With ${share} % of the requests the new version answered worse than the old one: ${problems.join('; ')}`;
  const answer = await callPerson(cutover, {
    phase: 'shares',
    serves: 'old',
    problem: `${why}. All requests go to the old version again.`,
    answers: { retry: 'begins with the first share once more', give_up: 'stops the new version' },
  });
  if (answer.decision === 'retry') return 'start';
  throw new CutoverFault('SHARE_BAD', `${why} (given up by ${answer.said})`, { share });
}

async function askAbout(cutover: Cutover, receipt: ShareReceipt): Promise<'on' | 'again'> {
  const { share, problems } = receipt;
  const why = `With ${share} % of the requests too little was seen of the new version to say that it is well: ${problems.join('; ')}`;
  const answer = await callPerson(cutover, {
    phase: 'shares',
    serves: 'both',
    problem: why,
    answers: {
      retry: 'watches the same share once more',
      skip: 'goes on to the next share, with your reason in the report',
      give_up: 'shifts back and stops the new version',
    },
  });
  if (answer.decision === 'retry') return 'again';
  if (answer.decision === 'skip') return 'on';
  throw new CutoverFault('SHARE_BAD', `${why} (given up by ${answer.said})`, { share });
}
