import { asCutoverFault, isCutoverFault } from '../../domain/faults';
import { canaryName } from '../../domain/ports/canary-user';
import { type StepInput } from '../../domain/steps';
import { type KeptUser, keepFailure, keepLogin, noteUser, readUser, removeUserRows } from '../../hydra/canary-user';
import { snapshotIdOf } from '../support/names';
import { withLeft, withKeeper } from '../support/with-left';
import { type StepContext, type StepDeps } from '../step';
import { type Direction } from '../../domain/sides';

/** Why nobody is followed; a sentence for the gate. */
export const noCanary = ({ from }: Direction): string =>
  `there is no \`canary\` in the config, so that no user of ${from} is followed`;

export interface UserBegun {
  readonly user: KeptUser | undefined;
  /** Why there is none. */
  readonly why: string | null;
}

/**
 * Has the canary user logged in on the left side, through the gateway. Idempotent: one who is in stays; what a try that was cut off left is removed
 * first. A login that does not work stops nothing: why is kept, and told at the gate.
 *
 * @throws CutoverFault DB_UNREACHABLE
 */
export async function beginUser(deps: StepDeps, input: StepInput, context: StepContext): Promise<UserBegun> {
  const { canaryUser } = deps;
  if (canaryUser === undefined) return { user: undefined, why: noCanary(deps.direction) };
  const name = canaryName(input.cutoverId);
  const known = await withKeeper(deps, context, 'canary user', readUser);
  if (known?.sealed != null) return { user: known, why: null };
  // From here on an undo looks for him.
  await withKeeper(deps, context, 'canary user', noteUser);
  const place = { schema: deps.settings.hydraSchema, side: deps.direction.from };
  await withLeft(deps, context, 'canary user', (left) => removeUserRows(left, name, place));
  // Before he is in: one that begins afterwards has all of him.
  const isBefore = (await deps.provider.describeSnapshot(snapshotIdOf(input.cutoverId))) === undefined;
  context.signal.throwIfAborted();
  context.heartbeat({ step: 'logging the canary user in' });
  try {
    const sealed = await canaryUser.logIn(name);
    const isKept = await withKeeper(deps, context, 'canary user', (keeper) => keepLogin(keeper, sealed, isBefore));
    if (!isKept) throw new Error('the capture was removed meanwhile');
  } catch (error) {
    const cleanUp = { signal: AbortSignal.timeout(CLEAN_UP_MS) };
    await withLeft(deps, cleanUp, 'canary user', (left) => removeUserRows(left, name, place));
    await withKeeper(deps, cleanUp, 'canary user', (keeper) => keepFailure(keeper, asCutoverFault(error).message));
    if (!isCutoverFault(error) || error.code === 'DB_UNREACHABLE') throw error;
    deps.log.warn({ code: error.code, reason: error.message }, 'the canary user did not get in');
    return { user: undefined, why: `he did not get in: ${error.message}` };
  }
  return { user: await withKeeper(deps, context, 'canary user', readUser), why: null };
}

/** Also when the step was told to stop. */
const CLEAN_UP_MS = 10_000;
