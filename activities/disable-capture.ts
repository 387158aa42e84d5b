import { type Target } from '../domain/ports/targets';
import { type StepInput } from '../domain/steps';
import { describeArbiter, removeArbiter, takeRightToBegin } from '../hydra/arbiter';
import { removeCapture } from '../hydra/capture';
import { canaryName } from '../domain/ports/canary-user';
import { forgetUser, readUser, removeUserRows } from '../hydra/canary-user';
import { leftBehind } from './canary-user/follow-user';
import { assertNotOlder, notedOnEntered } from './support/not-older';
import { withLeft } from './support/with-left';
import { type Step } from './step';

/**
 * Takes the right to begin a switchover away, then the canary user, capture, guards and arbiter off the left side. Tolerates that they never came, or are half
 * gone already; leaves another cutover's alone.
 *
 * @throws CutoverFault CHECK_FAILED (writes have moved: the guard stays; or rows of the canary user are left) | CROSSED_CONNECTION (it is an older copy of itself) |
 *   LOCK_BUSY (retryable: an attempt is alive, or a table stays locked) | DB_UNREACHABLE
 */
export const disableCapture: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  const noted = await notedOnEntered(deps, cutoverId, context);
  const { from } = deps.direction;
  await deps.databases.withSession(
    from,
    async (left) => {
      const found = await describeArbiter(left);
      if (found !== undefined && found.cutoverId !== cutoverId) return;
      // The entered side is gone by now as a rule, and a party that is away must not keep the capture on the one that serves.
      const readIfThere = (party: Target) => party.read().catch(() => undefined);
      if (found !== undefined && found.state !== 'committed')
        await assertNotOlder(deps, left, found, noted, readIfThere);
      // Not a look at the state: an attempt could begin after it, and commit with half of the capture gone.
      await takeRightToBegin(left, cutoverId);
      // While our schema still says that he was there, so that a repeat looks for him again.
      if ((await readUser(left)) !== undefined) {
        const place = { schema: deps.settings.hydraSchema, side: from };
        const remaining = await withLeft(deps, context, 'disable capture', (rows) =>
          removeUserRows(rows, canaryName(cutoverId), place),
        );
        if (remaining > 0) throw leftBehind(from, cutoverId, remaining);
        await forgetUser(left);
      }
      const { signal } = context;
      const onTable = (table: string): void => context.heartbeat({ step: 'removing', table });
      await removeCapture(left, { cutoverId, signal, onTable });
      await removeArbiter(left, { cutoverId, signal, onTable });
    },
    { signal: context.signal, purpose: 'disable capture' },
  );
};
