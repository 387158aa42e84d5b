import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type DatabaseInstance } from '../../domain/ports/database-provider';
import { type DatabaseSession } from '../../domain/ports/databases';
import { describeArbiter, takeRightToBegin } from '../../hydra/arbiter';
import { assertKnows, beginningsOnBlue, takeRightToOpen } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';
import { notedOnGreen } from './not-older';
import { wasNeverClosed } from './instance-mark';

/** Which beginnings blue knows, where it is this cutover's and can commit none any more. `silent`: no arbiter of it, or no answer. */
type WordOfBlue = ReadonlySet<string> | 'silent';

/**
 * Before green is stopped or removed: proves that it serves nobody, takes from blue the right to begin a switchover, and from green
 * the right to open. Idempotent.
 *
 * Absence proves nothing. Green's own arbiter is asked first of all; a green that has none goes only on the word of its instance
 * that it was restored and never closed; one that does not answer, only when besides that blue's arbiter does not object. Blue is
 * believed only if it knows of every switchover that green saw begin: one that does not is an older copy of itself.
 *
 * @param instance green's, as the provider describes it
 * @throws CutoverFault CHECK_FAILED (the writes have moved to green, or may have) | CROSSED_CONNECTION (what is reached is not this
 *   cutover's) | LOCK_BUSY (retryable: an attempt is alive on blue, or a sync is in green) | DB_UNREACHABLE (green does not answer)
 */
export async function takeGreenOutOfUse(
  deps: StepDeps,
  cutoverId: string,
  instance: DatabaseInstance,
  context: Pick<StepContext, 'signal'>,
): Promise<void> {
  const blue = await askBlue(deps, cutoverId, (await notedOnGreen(deps, cutoverId, context)) ?? [], context);
  const options = { signal: context.signal, purpose: 'take green out of use' };
  const take = await deps.databases
    .withSession(
      'green',
      (green) =>
        takeRightToOpen(green, { cutoverId, knownByBlue: blue === 'silent' ? null : blue, signal: context.signal }),
      options,
    )
    .catch((error: unknown) => {
      if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
      return error;
    });
  if (take === 'taken' || wasNeverClosed(instance)) return;
  throw take === 'none' ? notKnown(cutoverId, instance) : silent(cutoverId, instance, take);
}

/**
 * Takes from blue the right to begin a switchover, where it is this cutover's.
 *
 * @throws CutoverFault CHECK_FAILED (committed) | LOCK_BUSY (an attempt is alive) | CROSSED_CONNECTION
 */
async function askBlue(
  deps: StepDeps,
  cutoverId: string,
  noted: readonly string[],
  { signal }: Pick<StepContext, 'signal'>,
): Promise<WordOfBlue> {
  const ask = async (blue: DatabaseSession): Promise<WordOfBlue> => {
    const arbiter = await describeArbiter(blue);
    if (arbiter?.cutoverId !== cutoverId) return 'silent';
    if (arbiter.side !== 'blue') throw crossed(cutoverId, arbiter.side);
    if (arbiter.state === 'committed')
      throw committed(cutoverId, arbiter.epoch, deps.settings.provider.greenInstanceId);
    assertKnows(await beginningsOnBlue(blue), noted, cutoverId);
    await takeRightToBegin(blue, cutoverId);
    // Once more, because none is noted any more from here on.
    return beginningsOnBlue(blue);
  };
  const options = { signal, purpose: 'take green out of use' };
  return deps.databases.withSession('blue', ask, options).catch((error: unknown) => {
    if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
    return 'silent';
  });
}

function crossed(cutoverId: string, side: string): CutoverFault {
  return new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as blue is the ${side} side of cutover ${cutoverId}; nothing was changed; check the addresses of both sides`,
    { cutoverId },
  );
}

function committed(cutoverId: string, epoch: number, instanceId: string): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `the writes of cutover ${cutoverId} moved to green with epoch ${epoch}; green (instance ${instanceId}) serves and is neither stopped nor deleted`,
    { cutoverId, epoch },
  );
}

function notKnown(cutoverId: string, { instanceId }: DatabaseInstance): CutoverFault {
  return new CutoverFault(
    'CROSSED_CONNECTION',
    `instance ${instanceId} had an arbiter of cutover ${cutoverId}, and the database reached as green has none of it: it was finalized ` +
      'and may serve, or green.database leads elsewhere; nothing was changed. Correct green.database; an instance that nobody ' +
      'needs any more is for a person to delete',
    { cutoverId, instanceId },
  );
}

function silent(cutoverId: string, { instanceId, status }: DatabaseInstance, cause: CutoverFault): CutoverFault {
  return new CutoverFault(
    'DB_UNREACHABLE',
    `green's database does not say whether it serves (instance ${instanceId} is ${status}): ${cause.message}; nothing was changed. ` +
      'Make it reachable, then repeat; if it cannot be, see that no gateway or target uses it, and delete it by hand',
    { cutoverId, instanceId, status },
    cause,
  );
}
