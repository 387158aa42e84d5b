import { addInstance, snapshotNamed } from '../model/change-state';
import { givenForRestore, settingsForRestore } from '../model/instance-settings';
import { instanceXml } from '../model/instance-xml';
import { type InstanceRecord, type SnapshotRecord } from '../model/records';
import { newResourceId } from '../model/resource-id';
import { RdsError } from '../protocol/rds-error';
import { invalid, newIdentifier } from '../protocol/read-parameters';
import { readTags } from '../protocol/tags';
import { defineAction } from './action';
import { readSnapshotId } from './read-instance-id';

export const restoreDbInstanceFromDbSnapshot = defineAction({
  parse: (parameters) => {
    const id = newIdentifier(parameters, 'DBInstanceIdentifier', 63);
    const snapshotId = readSnapshotId(parameters);
    if ((parameters.text('Engine') ?? 'postgres') !== 'postgres')
      throw invalid('The engine must be that of the snapshot.');
    return { id, snapshotId, given: givenForRestore(parameters), tags: readTags(parameters) };
  },
  run: async (input, { store, operations, region }) => {
    let found: SnapshotRecord | undefined;
    const state = await store.change((current) => {
      const snapshot = snapshotNamed(current, input.snapshotId);
      if (snapshot.status !== 'available') {
        throw new RdsError(
          'InvalidDBSnapshotState',
          `DB snapshot ${snapshot.id} is in state ${snapshot.status}; it must be available.`,
        );
      }
      found = snapshot;
      return addInstance(current, restoredRecord(snapshot, input));
    });
    const record = state.instances[input.id];
    if (record === undefined || found === undefined)
      throw new RdsError('InternalFailure', 'The instance was not stored.');
    operations.restore(record, found);
    return { DBInstance: instanceXml(record, region) };
  },
});

function restoredRecord(
  snapshot: SnapshotRecord,
  input: { id: string; given: ReturnType<typeof givenForRestore>; tags: InstanceRecord['tags'] },
): InstanceRecord {
  const { given } = input;
  if (given.AllocatedStorage !== undefined && given.AllocatedStorage < snapshot.settings.AllocatedStorage) {
    throw new RdsError(
      'InvalidParameterCombination',
      `AllocatedStorage must be at least the snapshot's ${snapshot.settings.AllocatedStorage} GiB.`,
    );
  }
  return {
    id: input.id,
    resourceId: newResourceId('db'),
    createdAt: new Date().toISOString(),
    status: 'creating',
    identity: snapshot.identity,
    settings: settingsForRestore(snapshot.settings, given, snapshot.identity.major),
    tags: input.tags,
    restoredFrom: snapshot.id,
  };
}
