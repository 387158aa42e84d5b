import { type Target } from '../domain/ports/targets';
import { type StepInput } from '../domain/steps';
import { describeArbiter, removeArbiter, takeRightToBegin } from '../hydra/arbiter';
import { removeCapture } from '../hydra/capture';
import { canaryName } from '../domain/ports/canary-user';
import { forgetUser, readUser, removeUserRows } from '../hydra/canary-user';
import { leftBehind } from './canary-user/follow-user';
import { assertNotOlder, notedOnGreen } from './green/not-older';
import { withBlue } from './green/with-blue';
import { type Step } from './step';

/**
 * Takes the right to begin a switchover away, then the canary user, capture, guards and arbiter off blue. Tolerates that they never came, or are half
 * gone already; leaves another cutover's alone.
 *
 * @throws CutoverFault CHECK_FAILED (writes have moved: the guard stays; or rows of the canary user are left) | CROSSED_CONNECTION (blue is an older copy of itself) |
 *   LOCK_BUSY (retryable: an attempt is alive, or a table stays locked) | DB_UNREACHABLE
 */
export const disableCapture: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  const noted = await notedOnGreen(deps, cutoverId, context);
  await deps.databases.withSession(
    'blue',
    async (blue) => {
      const found = await describeArbiter(blue);
      if (found !== undefined && found.cutoverId !== cutoverId) return;
      // Green is gone by now as a rule, and a party that is away must not keep the capture on a blue that serves.
      const readIfThere = (party: Target) => party.read().catch(() => undefined);
      if (found !== undefined && found.state !== 'committed')
        await assertNotOlder(deps, blue, found, noted, readIfThere);
      // Not a look at the state: an attempt could begin after it, and commit with half of the capture gone.
      await takeRightToBegin(blue, cutoverId);
      // While our schema still says that he was there, so that a repeat looks for him again.
      if ((await readUser(blue)) !== undefined) {
        const onBlue = { schema: deps.settings.hydraSchema, side: 'blue' } as const;
        const left = await withBlue(deps, context, 'disable capture', (rows) =>
          removeUserRows(rows, canaryName(cutoverId), onBlue),
        );
        if (left > 0) throw leftBehind('blue', cutoverId, left);
        await forgetUser(blue);
      }
      const { signal } = context;
      const onTable = (table: string): void => context.heartbeat({ step: 'removing', table });
      await removeCapture(blue, { cutoverId, signal, onTable });
      await removeArbiter(blue, { cutoverId, signal, onTable });
    },
    { signal: context.signal, purpose: 'disable capture' },
  );
};
