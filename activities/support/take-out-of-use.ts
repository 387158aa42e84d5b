import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type DatabaseInstance } from '../../domain/ports/database-provider';
import { type DatabaseSession } from '../../domain/ports/databases';
import { describeArbiter, takeRightToBegin } from '../../hydra/arbiter';
import { assertKnows, takeRightToOpen, beginningsKnown } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';
import { notedOnEntered } from './not-older';
import { wasNeverClosed } from './instance-mark';
import { instanceIdOf } from './of-side';
import { type Direction } from '../../domain/sides';

/** Which beginnings the left side knows, where it is this cutover's and can commit none any more. `silent`: no arbiter of it, or no answer. */
type WordOfLeft = ReadonlySet<string> | 'silent';

/**
 * Before the copy is stopped or removed: proves that it serves nobody, takes from the left side the right to begin a switchover, and from the
 * copy the right to open. Idempotent.
 *
 * Absence proves nothing. The copy's own arbiter is asked first of all; a copy that has none goes only on the word of its instance that it was
 * restored and never closed; one that does not answer, only when besides that the left side's arbiter does not object. That is believed only
 * if it knows of every switchover that the copy saw begin: one that does not is on an older copy of the left side.
 *
 * @param instance the copy's, as the provider describes it
 * @throws CutoverFault CHECK_FAILED (the writes have moved to the copy, or may have) | CROSSED_CONNECTION (what is reached is not this
 *   cutover's) | LOCK_BUSY (retryable: an attempt is alive on the left side, or a sync is in the copy) | DB_UNREACHABLE (the copy does not answer)
 */
export async function takeOutOfUse(
  deps: StepDeps,
  cutoverId: string,
  instance: DatabaseInstance,
  context: Pick<StepContext, 'signal'>,
): Promise<void> {
  const { direction } = deps;
  const word = await askLeft(deps, cutoverId, (await notedOnEntered(deps, cutoverId, context)) ?? [], context);
  const options = { signal: context.signal, purpose: purposeOf(direction) };
  const right = { cutoverId, direction, knownBySource: word === 'silent' ? null : word, signal: context.signal };
  const take = await deps.databases
    .withSession(direction.to, (copy) => takeRightToOpen(copy, right), options)
    .catch((error: unknown) => {
      if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
      return error;
    });
  if (take === 'taken' || wasNeverClosed(instance)) return;
  throw take === 'none' ? notKnown(direction, cutoverId, instance) : silent(direction, cutoverId, instance, take);
}

const purposeOf = ({ to }: Direction) => `take ${to} out of use`;

/**
 * Takes from the left side the right to begin a switchover, where it is this cutover's.
 *
 * @throws CutoverFault CHECK_FAILED (committed) | LOCK_BUSY (an attempt is alive) | CROSSED_CONNECTION
 */
async function askLeft(
  deps: StepDeps,
  cutoverId: string,
  noted: readonly string[],
  { signal }: Pick<StepContext, 'signal'>,
): Promise<WordOfLeft> {
  const { direction } = deps;
  const ask = async (left: DatabaseSession): Promise<WordOfLeft> => {
    const arbiter = await describeArbiter(left);
    if (arbiter?.cutoverId !== cutoverId) return 'silent';
    if (arbiter.side !== direction.from) throw crossed(direction, cutoverId, arbiter.side);
    if (arbiter.state === 'committed') throw committed(deps, cutoverId, arbiter.epoch);
    assertKnows(await beginningsKnown(left), noted, { cutoverId, direction });
    await takeRightToBegin(left, cutoverId);
    // Once more, because none is noted any more from here on.
    return beginningsKnown(left);
  };
  const options = { signal, purpose: purposeOf(direction) };
  return deps.databases.withSession(direction.from, ask, options).catch((error: unknown) => {
    if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
    return 'silent';
  });
}

function crossed({ from }: Direction, cutoverId: string, side: string): CutoverFault {
  return new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as ${from} is the ${side} side of cutover ${cutoverId}; nothing was changed; check the addresses of both sides`,
    { cutoverId },
  );
}

function committed(deps: StepDeps, cutoverId: string, epoch: number): CutoverFault {
  const { to } = deps.direction;
  return new CutoverFault(
    'CHECK_FAILED',
    `the writes of cutover ${cutoverId} moved to ${to} with epoch ${epoch}; ${to} (instance ${instanceIdOf(deps, to)}) serves and is neither stopped nor deleted`,
    { cutoverId, epoch },
  );
}

function notKnown({ to }: Direction, cutoverId: string, { instanceId }: DatabaseInstance): CutoverFault {
  return new CutoverFault(
    'CROSSED_CONNECTION',
    `instance ${instanceId} had an arbiter of cutover ${cutoverId}, and the database reached as ${to} has none of it: it was finalized ` +
      `and may serve, or ${to}.database leads elsewhere; nothing was changed. Correct ${to}.database; an instance that nobody ` +
      'needs any more is for a person to delete',
    { cutoverId, instanceId },
  );
}

function silent(
  { to }: Direction,
  cutoverId: string,
  { instanceId, status }: DatabaseInstance,
  cause: CutoverFault,
): CutoverFault {
  return new CutoverFault(
    'DB_UNREACHABLE',
    `${to}'s database does not say whether it serves (instance ${instanceId} is ${status}): ${cause.message}; nothing was changed. ` +
      'Make it reachable, then repeat; if it cannot be, see that no gateway or target uses it, and delete it by hand',
    { cutoverId, instanceId, status },
    cause,
  );
}
