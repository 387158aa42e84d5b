import { CutoverFault } from '../domain/faults';
import { CUTOVER_TAG, type DatabaseInstance, type WaitOptions } from '../domain/ports/database-provider';
import { type RestoreReceipt, type SnapshotReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { RESTORED_TAGS } from './support/instance-mark';
import { snapshotIdOf } from './support/names';
import { planCopyInstance, shapeInstance } from './support/shape-instance';
import { takeOutOfUse } from './support/take-out-of-use';
import { type Step, type StepContext, type StepDeps } from './step';
import { instanceIdOf, instanceOverridesOf } from './support/of-side';

/**
 * Takes a snapshot of the left side and waits until it can be restored. Idempotent: the one of this cutover is found by its name and tag.
 *
 * @throws CutoverFault CHECK_FAILED | RDS_FAILED | RDS_BUSY (deadline) | RDS_UNREACHABLE
 */
export const takeSnapshot: Step<StepInput, SnapshotReceipt> = async (deps, { cutoverId }, context) => {
  const instanceId = instanceIdOf(deps, deps.direction.from);
  const snapshotId = snapshotIdOf(cutoverId);
  await deps.provider.createOrAdoptSnapshot({ cutoverId, instanceId, snapshotId });
  await deps.provider.waitUntilSnapshotAvailable(snapshotId, waiting(deps, context));
  return { snapshotId };
};

/**
 * Removes this cutover's snapshot, unless the copy that was made of it is there and may serve. Idempotent; an absent one is no error, another's is
 * refused.
 *
 * @throws CutoverFault as {@link deleteGreen}
 */
export const deleteSnapshot: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  const snapshot = await deps.provider.describeSnapshot(snapshotIdOf(cutoverId));
  if (snapshot === undefined) return;
  const copy = await ourInstance(deps, cutoverId);
  if (copy !== undefined) await takeOutOfUse(deps, cutoverId, copy, context);
  await removeSnapshot(deps, cutoverId, context);
};

/** For a copy that serves, and needs it no more. Idempotent. @throws CutoverFault of the provider */
export async function removeSnapshot(deps: StepDeps, cutoverId: string, context: StepContext): Promise<void> {
  await deps.provider.deleteSnapshot({ cutoverId, snapshotId: snapshotIdOf(cutoverId) }, waiting(deps, context));
}

/**
 * Makes the copy's instance of the snapshot, with the settings that the left one has or the config names, waits until it serves and
 * compares it with them. Idempotent: finds what an earlier try made, in whatever state, and goes on.
 *
 * @throws CutoverFault CHECK_FAILED (or the snapshot is too old) | INSTANCE_DIFFERS | RDS_FAILED | RDS_BUSY | RDS_UNREACHABLE
 */
export const restoreGreen: Step<StepInput, RestoreReceipt> = async (deps, { cutoverId }, context) => {
  const { from, to } = deps.direction;
  const instanceId = instanceIdOf(deps, to);
  if (instanceIdOf(deps, from) === instanceId) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `${from} and ${to} are the same instance (${instanceId}); name another for ${to}`,
    );
  }
  await assertNotTooOld(deps, cutoverId);
  const plan = await planCopyInstance(deps);
  const { restore: settings } = plan;
  const tags = { ...plan.tags, ...RESTORED_TAGS };
  const wait = waiting(deps, context);
  await deps.provider.restoreOrAdopt({ cutoverId, instanceId, snapshotId: snapshotIdOf(cutoverId), settings, tags });
  const copy = await deps.provider.waitUntilInstanceAvailable(instanceId, wait);
  await shapeInstance(deps, { cutoverId, instanceId }, plan, copy, wait);
  return { instanceId };
};

/** What is older than the config allows is not restored any more: nobody meant to keep people's data for so long. */
async function assertNotTooOld(deps: StepDeps, cutoverId: string): Promise<void> {
  const { provider } = deps;
  const { to } = deps.direction;
  const { snapshotAgeMsMax } = deps.settings.provider;
  if (snapshotAgeMsMax === undefined) return;
  if ((await provider.describeInstance(instanceIdOf(deps, to))) !== undefined) return;
  const snapshotId = snapshotIdOf(cutoverId);
  const createdAt = (await provider.describeSnapshot(snapshotId))?.createdAt;
  // Where there is none, the restore says so.
  if (createdAt === undefined) return;
  const ageMs = Date.now() - Date.parse(createdAt);
  if (ageMs <= snapshotAgeMsMax) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `snapshot ${snapshotId} was made at ${createdAt}, ${Math.round(ageMs / 3_600_000)} hours ago (allowed: ${Math.round(snapshotAgeMsMax / 3_600_000)}, ` +
      `retention.snapshotAgeMsMax), and no ${to} is made of it any more; cancel this run, which removes the snapshot, and begin a new one`,
    { snapshotId, ageMs, snapshotAgeMsMax },
  );
}

/**
 * Removes the copy's instance if it is this cutover's and proven to serve nobody. Idempotent; an absent one is no error, and of one that
 * is not this cutover's nothing is touched. Deletion protection is never lifted: the copy gets it when it serves for good, so whoever
 * set it meant it.
 *
 * @throws CutoverFault CHECK_FAILED (the writes have moved to it, or may have; protected from deletion) | CROSSED_CONNECTION |
 *   DB_UNREACHABLE (the copy does not tell) | LOCK_BUSY (retryable) | RDS_FAILED | RDS_BUSY | RDS_UNREACHABLE
 */
export const deleteGreen: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  const copy = await ourInstance(deps, cutoverId);
  if (copy === undefined) return;
  const { instanceId } = copy;
  await takeOutOfUse(deps, cutoverId, copy, context);
  if (copy.settings.deletionProtection) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `instance ${instanceId} is protected from deletion, which ${deps.direction.to} is only once it serves for good, or because a person wanted it; nothing was deleted. If nobody needs it, take the protection off in RDS and repeat`,
      { cutoverId, instanceId },
    );
  }
  await deps.provider.deleteInstance({ cutoverId, instanceId }, waiting(deps, context));
};

/** @returns undefined where there is none, or it carries another cutover's tag or none: then there is nothing of ours to remove */
async function ourInstance(deps: StepDeps, cutoverId: string): Promise<DatabaseInstance | undefined> {
  const instanceId = instanceIdOf(deps, deps.direction.to);
  if (instanceIdOf(deps, deps.direction.from) === instanceId) return undefined;
  const found = await deps.provider.describeInstance(instanceId);
  return found?.tags[CUTOVER_TAG] === cutoverId ? found : undefined;
}

function waiting(deps: StepDeps, context: StepContext): WaitOptions {
  const { waitDeadlineMs: deadlineMs, pollMs } = deps.settings.provider;
  const onProgress: WaitOptions['onProgress'] = ({ status, percent }) =>
    context.heartbeat(percent === undefined ? { status } : { status, percent });
  return { deadlineMs, pollMs, signal: context.signal, onProgress };
}

/**
 * The entered side serves: it is protected from deletion as the left one is, or as the config says. Its other settings it has since the restore.
 *
 * @throws CutoverFault CHECK_FAILED (not ours) | RDS_FAILED | RDS_BUSY | RDS_UNREACHABLE
 */
export async function protectEntered(deps: StepDeps, cutoverId: string, context: StepContext): Promise<void> {
  const { from, to } = deps.direction;

  const instanceId = instanceIdOf(deps, to);
  const entered = await deps.provider.describeInstance(instanceId);
  if (entered === undefined) {
    throw new CutoverFault('RDS_FAILED', `instance ${instanceId} does not exist (any more), and ${to} serves from it`);
  }
  const left = await deps.provider.describeInstance(instanceIdOf(deps, from));
  // Where the left side's instance is gone already nobody can say; then it is protected.
  const asked = instanceOverridesOf(deps, to)?.settings?.deletionProtection;
  const wanted = asked ?? left?.settings.deletionProtection ?? true;
  if (!wanted || entered.settings.deletionProtection) return;
  const settings = { deletionProtection: true };
  await deps.provider.applySettings({ cutoverId, instanceId, settings }, waiting(deps, context));
}
