import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { changeInstance, changeSnapshot } from '../model/change-state';
import { nextStatus } from '../model/instance-status';
import { type InstanceRecord, type SnapshotRecord } from '../model/records';
import { nextSnapshotStatus } from '../model/snapshot-status';
import { takeSnapshot } from '../snapshot/take-snapshot';
import { currentRecord, dwell, moveInstance, type OperationContext } from './operation-context';

const MARK_TRIES = 5;
const MARK_WAIT_MS = 300;

/** The work behind CreateDBSnapshot: instance `backing-up`, snapshot `creating`; both are done in one step. */
export async function createSnapshot(
  context: OperationContext,
  instance: InstanceRecord,
  snapshot: SnapshotRecord,
): Promise<void> {
  try {
    await copyInstance(context, instance, snapshot, async () => {
      await dwell(context, 'backing-up');
      // A server that was killed meanwhile may be up again already, but it is not the one that was to be copied.
      const status = currentRecord(context, instance)?.status;
      if (status !== 'backing-up') throw new Error(`the instance became ${status ?? 'absent'} before its copy began`);
    });
  } finally {
    // After a crash of the server the status is another one and this changes nothing.
    await moveInstance(context, instance, 'backupEnded');
  }
}

/**
 * Fills a snapshot that is `creating`. Ends in `available`, or in `failed` with its files removed, and then throws.
 * @param prepare a failure of it fails the snapshot too
 */
export async function copyInstance(
  context: OperationContext,
  instance: InstanceRecord,
  snapshot: SnapshotRecord,
  prepare: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { layout, progress } = context;
  const targetDir = layout.snapshotDir(snapshot.resourceId);
  try {
    await prepare();
    const { databaseTime, ...measured } = await takeSnapshot({
      port: instance.port ?? snapshot.instancePort,
      superuserPassword: instance.identity.superuserPassword,
      dataDir: layout.dataDir(instance.resourceId),
      targetDir,
      signal: context.signal,
      onProgress: (percent) => void progress.set(snapshot.resourceId, percent),
    });
    await context.store.change((state) => {
      const completed = changeSnapshot(state, snapshot.id, {
        status: nextSnapshotStatus('creating', 'completed') ?? 'available',
        databaseTime,
      });
      const record = completed.instances[instance.id];
      const status = record?.resourceId === instance.resourceId ? nextStatus(record.status, 'backupEnded') : undefined;
      return status === undefined ? completed : changeInstance(completed, instance.id, { status });
    });
    context.logger.info({ snapshot: snapshot.id, databaseTime, ...measured }, 'snapshot completed');
  } catch (error) {
    await rm(targetDir, { recursive: true, force: true, maxRetries: 3 });
    await markFailed(context, snapshot);
    throw error;
  } finally {
    progress.delete(snapshot.resourceId);
  }
}

/** On a disk that was just full the first try to write this down may fail too. */
async function markFailed(context: OperationContext, snapshot: SnapshotRecord): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await context.store.change((state) =>
        changeSnapshot(state, snapshot.id, { status: nextSnapshotStatus('creating', 'broke') ?? 'failed' }),
      );
      return;
    } catch (error) {
      if (attempt === MARK_TRIES) throw error;
      await sleep(MARK_WAIT_MS);
    }
  }
}
