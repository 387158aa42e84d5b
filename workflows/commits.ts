import { CancellationScope, log, setHandler } from '@temporalio/workflow';
import { isCommitted } from './asides';
import { causeOf } from './failures';
import { committedSignal } from './messages';
import { type CutoverRun } from './run';

/**
 * Hears of the commit from the step that made it, before that step ends. Anybody may send a Signal, so the word is only a reason to ask
 * blue's arbiter; what is told is its answer. It decides nothing: whether there is a way back, the step's end and the claim say.
 */
export function listenForCommit(run: CutoverRun): void {
  let isSaid = false;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    isAsking = true;
    try {
      // One question at a time, and one more for a word that came meanwhile: the answer may be from before it.
      while (isSaid && !run.committed && run.report === null) {
        isSaid = false;
        const is = await isCommitted(run.stepInput);
        if (is && run.report === null) run.commit();
        else log.warn('word of a commit not borne out', { cutoverId: run.cutoverId, phase: run.phase });
      }
    } catch (error) {
      log.warn('word of a commit not checked', { cutoverId: run.cutoverId, reason: causeOf(error).message });
    } finally {
      isAsking = false;
    }
  };
  setHandler(
    committedSignal,
    (word) => {
      // One that somebody sends by hand, or that an earlier run of this workflow was meant to hear.
      if (run.mode !== 'real' || run.inPlace !== null || word?.cutoverId !== run.cutoverId) {
        log.warn('word of a commit ignored', { cutoverId: run.cutoverId, phase: run.phase });
        return;
      }
      isSaid = true;
      // Shielded: a cancel request takes no news back.
      if (!isAsking) void CancellationScope.nonCancellable(ask);
    },
    { description: 'From the step that moves the writes: they have moved. Nobody else has to send it; blue is asked.' },
  );
}
