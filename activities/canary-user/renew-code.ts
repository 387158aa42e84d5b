import { isCutoverFault } from '../../domain/faults';
import { canaryName } from '../../domain/ports/canary-user';
import { type StepInput } from '../../domain/steps';
import { keepCode, readUser } from '../../hydra/canary-user';
import { withKeeper } from '../support/with-left';
import { type StepContext, type StepDeps } from '../step';

/**
 * Gives the canary user a code that no Hydra has forgotten by the flip: they keep one for minutes, and a run takes hours. A code that
 * cannot be had stops nothing: the one of before stays, and what becomes of it is told.
 *
 * @throws CutoverFault DB_UNREACHABLE
 */
export async function renewCode(deps: StepDeps, { cutoverId }: StepInput, context: StepContext): Promise<void> {
  const { canaryUser } = deps;
  if (canaryUser === undefined) return;
  const user = await withKeeper(deps, context, 'canary user', readUser);
  if (user?.sealed == null) return;
  try {
    const sealed = await canaryUser.renewCode(canaryName(cutoverId), user.sealed);
    await withKeeper(deps, context, 'canary user', (keeper) => keepCode(keeper, sealed));
  } catch (error) {
    if (!isCutoverFault(error) || error.code === 'DB_UNREACHABLE') throw error;
    deps.log.warn({ code: error.code, reason: error.message }, 'the canary user has no new code');
  }
}
