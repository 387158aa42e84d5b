import { mkdir } from 'node:fs/promises';
import { type InstanceRecord, type SnapshotRecord } from '../model/records';
import { copyTree } from '../snapshot/copy-tree';
import { provision } from './create-instance';
import { type OperationContext } from './operation-context';

/**
 * Makes an instance from a snapshot: roles, passwords and data are the snapshot's. Ends in `available`, or `failed` with its
 * files removed.
 */
export async function restoreInstance(
  context: OperationContext,
  record: InstanceRecord,
  snapshot: SnapshotRecord,
): Promise<void> {
  await provision(context, record, async (port) => {
    const installation = await context.installation(record.identity.major);
    await mkdir(context.layout.instanceDir(record.resourceId), { recursive: true });
    await copyTree({
      source: context.layout.snapshotDir(snapshot.resourceId),
      target: context.layout.dataDir(record.resourceId),
      signal: context.signal,
      ...(installation.runAs === undefined ? {} : { owner: installation.runAs }),
    });
    await context.clusters.start(record, port, { signal: context.signal });
  });
}
