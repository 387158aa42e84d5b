import { CutoverFault } from '../domain/faults';
import { type StepInput } from '../domain/steps';
import { describeArbiter, removeArbiter } from '../hydra/arbiter';
import { removeCapture } from '../hydra/capture';
import { type Step } from './step';

/**
 * Takes capture, guards and arbiter off blue. Tolerates that they never came, or are half gone already; leaves another cutover's
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
      if (found?.state === 'committed') {
        throw new CutoverFault(
          'CHECK_FAILED',
          `the writes of cutover ${cutoverId} moved to green with epoch ${found.epoch}; blue's guards and capture stay`,
          { cutoverId, epoch: found.epoch },
        );
      }
      const { signal } = context;
      const onTable = (table: string): void => context.heartbeat({ step: 'removing', table });
      await removeCapture(blue, { signal, onTable });
      await removeArbiter(blue, { signal, onTable });
    },
    { signal: context.signal, purpose: 'disable capture' },
  );
