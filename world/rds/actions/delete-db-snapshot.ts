import { removeSnapshot, snapshotNamed } from '../model/change-state';
import { snapshotXml } from '../model/snapshot-xml';
import { RdsError } from '../protocol/rds-error';
import { defineAction } from './action';
import { readSnapshotId } from './read-instance-id';

export const deleteDbSnapshot = defineAction({
  parse: (parameters) => ({ id: readSnapshotId(parameters) }),
  run: async (input, { store, operations, region }) => {
    let removed = snapshotNamed(store.current, input.id);
    await store.change((state) => {
      removed = snapshotNamed(state, input.id);
      if (removed.status === 'creating') {
        throw new RdsError(
          'InvalidDBSnapshotState',
          `DB snapshot ${input.id} is in state creating; wait until it is available or failed.`,
        );
      }
      const reader = Object.values(state.instances).find(
        (record) => record.status === 'creating' && record.restoredFrom === input.id,
      );
      if (reader !== undefined) {
        throw new RdsError('InvalidDBSnapshotState', `DB snapshot ${input.id} is being restored to ${reader.id}.`);
      }
      return removeSnapshot(state, input.id);
    });
    operations.removeSnapshotFiles(removed);
    return { DBSnapshot: { ...snapshotXml(removed, region, 100), Status: 'deleted' } };
  },
});
