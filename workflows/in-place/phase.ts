import { isCancellation } from '@temporalio/workflow';
import { sharesBlock } from '../../domain/evidence/in-place-page';
import { intervenePage, type InterveneKnown } from '../../domain/evidence/intervene-page';
import { type InPlacePlan } from '../../domain/in-place/receipts';
import { type InPlacePhase } from '../../domain/in-place/runbook';
import { blocksOf } from '../../domain/page/page';
import { GATES } from '../../domain/runbook';
import { type Cutover } from '../cutover';
import { causeOf, isJudgeable } from '../failures';
import { intervene, type Intervention } from '../gates';
import { type InPlaceReceipts } from '../run';

export function planOf({ plan }: InPlaceReceipts): InPlacePlan {
  if (plan === null) throw new TypeError('the plan is needed before preflight made it');
  return plan;
}

/** Calls a person where the run cannot go on by itself; clients are served meanwhile. */
export async function callPerson(
  { run, gates }: Cutover,
  asked: Pick<InterveneKnown, 'phase' | 'problem' | 'serves' | 'answers'>,
): Promise<Intervention> {
  const page = intervenePage(run.interveneKnown(asked));
  const shares = sharesBlock(run.inPlace?.shares ?? []);
  const answer = await intervene(gates, {
    why: asked.problem,
    evidence: { ...page, blocks: [...page.blocks, ...blocksOf(shares)] },
    decisions: GATES.intervene.filter((decision) => decision === 'wait' || asked.answers[decision] !== undefined),
    ifNobody: 'it stays open, and clients are served.',
  });
  if (answer === undefined) throw new TypeError('a gate without a deadline closed without an answer');
  return answer;
}

const BEFORE_COMMIT = { retry: 'goes on where it stopped', give_up: 'takes back what can be taken back' };

/**
 * Runs one phase until it is done. When it fails, a person says what comes next: clients are served as before meanwhile, and most of what
 * stands in the way here is corrected in minutes.
 *
 * @param answers what that person may say @default it is tried again, or everything is taken back
 */
export async function untilDone(
  cutover: Cutover,
  phase: InPlacePhase,
  serves: InterveneKnown['serves'],
  work: () => Promise<void>,
  answers: InterveneKnown['answers'] = BEFORE_COMMIT,
): Promise<void> {
  await cutover.run.inPhase(phase, async () => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        // A request to cancel takes everything back, where that can be done still.
        if (!isJudgeable(error) || (isCancellation(error) && answers.give_up !== undefined)) throw error;
        const { code, message } = causeOf(error);
        const answer = await callPerson(cutover, {
          phase,
          serves,
          problem: `Phase \`${phase}\` failed: ${code}: ${message}`,
          answers,
        });
        if (answer.decision === 'give_up') throw error;
        if (answer.decision === 'skip') return;
      }
    }
  });
}
