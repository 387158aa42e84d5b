import { type StepInput } from '../domain/steps';
import { describeArbiter, removeArbiter, takeRightToBegin } from '../hydra/arbiter';
import { removeCapture } from '../hydra/capture';
import { type Step } from './step';

/**
 * Takes the right to begin a switchover away, then capture, guards and arbiter off blue. Tolerates that they never came, or are half gone already; leaves another cutover's
 * alone.
 *
 * @throws CutoverFault CHECK_FAILED (writes have moved: the guard stays) | LOCK_BUSY (retryable: an attempt is alive, or a table
 *   stays locked) | DB_UNREACHABLE
 */
export const disableCapture: Step<StepInput, void> = (deps, { cutoverId }, context) =>
  deps.databases.withSession(
    'blue',
    async (blue) => {
      const found = await describeArbiter(blue);
      if (found !== undefined && found.cutoverId !== cutoverId) return;
      // Not a look at the state: an attempt could begin after it, and commit with half of the capture gone.
      await takeRightToBegin(blue, cutoverId);
      const { signal } = context;
      const onTable = (table: string): void => context.heartbeat({ step: 'removing', table });
      await removeCapture(blue, { cutoverId, signal, onTable });
      await removeArbiter(blue, { cutoverId, signal, onTable });
    },
    { signal: context.signal, purpose: 'disable capture' },
  );
