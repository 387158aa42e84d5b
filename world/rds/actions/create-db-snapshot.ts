import { addSnapshot, changeInstance, instanceNamed, snapshotNamed } from '../model/change-state';
import { requireTransition } from '../model/instance-status';
import { type InstanceRecord, type RdsState, type SnapshotRecord } from '../model/records';
import { newResourceId } from '../model/resource-id';
import { snapshotXml } from '../model/snapshot-xml';
import { newIdentifier } from '../protocol/read-parameters';
import { mergeTags, readTags, type Tag } from '../protocol/tags';
import { defineAction } from './action';
import { readInstanceId } from './read-instance-id';

export const createDbSnapshot = defineAction({
  parse: (parameters) => ({
    id: newIdentifier(parameters, 'DBSnapshotIdentifier', 255),
    instanceId: readInstanceId(parameters),
    tags: readTags(parameters),
  }),
  run: async (input, { store, operations, region }) => {
    const state = await store.change((current) => {
      const instance = instanceNamed(current, input.instanceId);
      const status = requireTransition(instance.id, instance.status, 'backupStarted');
      return changeInstance(withNewSnapshot(current, instance, input.id, input.tags), instance.id, { status });
    });
    const snapshot = snapshotNamed(state, input.id);
    operations.snapshot(instanceNamed(state, input.instanceId), snapshot);
    return { DBSnapshot: snapshotXml(snapshot, region, 0) };
  },
});

/** Adds a snapshot that is `creating`. @throws RdsError DBSnapshotAlreadyExists */
export function withNewSnapshot(state: RdsState, instance: InstanceRecord, id: string, tags: readonly Tag[]): RdsState {
  const record: SnapshotRecord = {
    id,
    resourceId: newResourceId('snap'),
    status: 'creating',
    startedAt: new Date().toISOString(),
    instanceId: instance.id,
    instanceResourceId: instance.resourceId,
    instanceCreatedAt: instance.createdAt,
    instancePort: instance.port ?? 0,
    identity: instance.identity,
    settings: instance.settings,
    tags: instance.settings.CopyTagsToSnapshot ? mergeTags(instance.tags, tags) : tags,
  };
  return addSnapshot(state, record);
}
