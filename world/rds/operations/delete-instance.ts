import { removeInstance } from '../model/change-state';
import { type InstanceRecord } from '../model/records';
import { type CrashHistory } from './bring-up';
import { copyInstance } from './create-snapshot';
import { discardInstance } from './discard-instance';
import { checkStillRunning, dwell, moveInstance, type OperationContext } from './operation-context';

/**
 * The work behind DeleteDBInstance, from `deleting` on; a repeat goes on where the first was interrupted. The instance goes
 * only when its final snapshot is complete; if that fails, it is `available` again.
 */
export async function deleteInstance(
  context: OperationContext,
  record: InstanceRecord,
  history: CrashHistory,
): Promise<void> {
  await dwell(context, 'deleting');
  const snapshot =
    record.finalSnapshotId === undefined ? undefined : context.store.current.snapshots[record.finalSnapshotId];
  if (snapshot !== undefined && snapshot.status !== 'available') {
    try {
      await copyInstance(context, record, snapshot, async () => {
        if (context.clusters.isRunning(record) || context.clusters.adopt(record)) return;
        await context.clusters.start(record, record.port ?? 0, { signal: context.signal });
      });
    } catch (error) {
      if (context.signal.aborted) return;
      await moveInstance(context, record, 'deleteAbandoned', () => ({ finalSnapshotId: undefined }));
      checkStillRunning(context, record);
      throw error;
    }
  }
  await discardInstance(context, record);
  await context.store.change((state) =>
    state.instances[record.id]?.resourceId === record.resourceId ? removeInstance(state, record.id) : state,
  );
  history.delete(record.resourceId);
  context.logger.info({ instance: record.id }, 'instance deleted');
}
