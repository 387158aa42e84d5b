import { changeInstance, instanceNamed } from '../model/change-state';
import { requireTransition } from '../model/instance-status';
import { instanceXml } from '../model/instance-xml';
import { type RdsState } from '../model/records';
import { RdsError } from '../protocol/rds-error';
import { checkIdentifier, optionalBoolean } from '../protocol/read-parameters';
import { defineAction } from './action';
import { withNewSnapshot } from './create-db-snapshot';
import { readInstanceId } from './read-instance-id';

interface Input {
  readonly id: string;
  readonly finalSnapshotId: string | undefined;
}

export const deleteDbInstance = defineAction<Input>({
  parse: (parameters) => {
    const skip = optionalBoolean(parameters, 'SkipFinalSnapshot') ?? false;
    const name = parameters.text('FinalDBSnapshotIdentifier');
    // No automated backups are kept here, so there are none to delete.
    optionalBoolean(parameters, 'DeleteAutomatedBackups');
    if (skip && name !== undefined) {
      throw new RdsError(
        'InvalidParameterCombination',
        'FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is true.',
      );
    }
    if (!skip && name === undefined) {
      throw new RdsError(
        'InvalidParameterCombination',
        'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
      );
    }
    return {
      id: readInstanceId(parameters),
      finalSnapshotId: name === undefined ? undefined : checkIdentifier(name, 'FinalDBSnapshotIdentifier', 255),
    };
  },
  run: async (input, { store, operations, region }) => {
    const state = await store.change((current) => beginDeletion(current, input));
    const record = instanceNamed(state, input.id);
    operations.delete(record);
    return { DBInstance: instanceXml(record, region) };
  },
});

function beginDeletion(state: RdsState, { id, finalSnapshotId }: Input): RdsState {
  const record = instanceNamed(state, id);
  if (record.settings.DeletionProtection) {
    throw new RdsError(
      'InvalidParameterCombination',
      'Cannot delete protected DB Instance, please disable deletion protection and try again.',
    );
  }
  const status = requireTransition(id, record.status, 'deleteRequested');
  if (finalSnapshotId === undefined) return changeInstance(state, id, { status });
  if (record.status === 'failed') {
    throw new RdsError(
      'InvalidDBInstanceState',
      `DB instance ${id} is in state failed; delete it with SkipFinalSnapshot.`,
    );
  }
  const withSnapshot = withNewSnapshot(state, record, finalSnapshotId, []);
  return changeInstance(withSnapshot, id, { status, finalSnapshotId });
}
