import { CutoverFault } from '../domain/faults';
import { type DatabaseSettings, type WaitOptions } from '../domain/ports/database-provider';
import { type RestoreReceipt, type SnapshotReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { snapshotIdOf } from './green/names';
import { type Step, type StepContext, type StepDeps } from './step';

/**
 * Takes a snapshot of blue and waits until it can be restored. Idempotent: the one of this cutover is found by its name and tag.
 *
 * @throws CutoverFault CHECK_FAILED | RDS_FAILED | RDS_BUSY (deadline) | RDS_UNREACHABLE
 */
export const takeSnapshot: Step<StepInput, SnapshotReceipt> = async (deps, { cutoverId }, context) => {
  const { blueInstanceId } = deps.settings.provider;
  const snapshotId = snapshotIdOf(cutoverId);
  await deps.provider.createOrAdoptSnapshot({ cutoverId, instanceId: blueInstanceId, snapshotId });
  await deps.provider.waitUntilSnapshotAvailable(snapshotId, waiting(deps, context));
  return { snapshotId };
};

/** Removes this cutover's snapshot. Idempotent; an absent one is no error, another's is refused. */
export const deleteSnapshot: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  await deps.provider.deleteSnapshot({ cutoverId, snapshotId: snapshotIdOf(cutoverId) }, waiting(deps, context));
};

/**
 * Makes green's instance of the snapshot, with the settings that blue's has, and waits until it serves. Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED | RDS_FAILED | RDS_BUSY | RDS_UNREACHABLE
 */
export const restoreGreen: Step<StepInput, RestoreReceipt> = async (deps, { cutoverId }, context) => {
  const { blueInstanceId, greenInstanceId: instanceId } = deps.settings.provider;
  if (blueInstanceId === instanceId) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `blue and green are the same instance (${instanceId}); name another for green`,
    );
  }
  const blue = await deps.provider.describeInstance(blueInstanceId);
  if (blue === undefined) {
    throw new CutoverFault('RDS_FAILED', `blue's instance ${blueInstanceId} does not exist; correct the config`);
  }
  const settings = forGreen(blue.settings);
  const request = { cutoverId, instanceId, snapshotId: snapshotIdOf(cutoverId), settings };
  await deps.provider.restoreOrAdopt(request);
  await deps.provider.waitUntilInstanceAvailable(instanceId, waiting(deps, context));
  // A restore cannot be given all of them.
  await deps.provider.applySettings({ cutoverId, instanceId, settings }, waiting(deps, context));
  return { instanceId };
};

/** Removes green's instance if it is this cutover's. Idempotent; an absent one is no error. */
export const deleteGreen: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  const { blueInstanceId, greenInstanceId: instanceId } = deps.settings.provider;
  if (blueInstanceId === instanceId) return;
  const present = await deps.provider.describeInstance(instanceId);
  if (present === undefined) return;
  if (present.settings.deletionProtection && present.status === 'available') {
    const settings = { deletionProtection: false };
    await deps.provider.applySettings({ cutoverId, instanceId, settings }, waiting(deps, context));
  }
  await deps.provider.deleteInstance({ cutoverId, instanceId }, waiting(deps, context));
};

/** Green is what serves afterwards, so it gets what blue has; but an undo must be able to remove it. */
function forGreen(blue: DatabaseSettings): Partial<DatabaseSettings> {
  return { ...blue, deletionProtection: false };
}

function waiting(deps: StepDeps, context: StepContext): WaitOptions {
  const { waitDeadlineMs: deadlineMs, pollMs } = deps.settings.provider;
  const onProgress: WaitOptions['onProgress'] = ({ status, percent }) =>
    context.heartbeat(percent === undefined ? { status } : { status, percent });
  return { deadlineMs, pollMs, signal: context.signal, onProgress };
}
