import { type RdsState } from '../../../../../world/rds/model/records';
import { stateAfterRestart } from '../../../../../world/rds/operations/resume-state';
import { instanceRecord, snapshotRecord } from '../records';

function state(
  instances: Parameters<typeof instanceRecord>[0][],
  snapshots: Parameters<typeof snapshotRecord>[0][],
): RdsState {
  return {
    schemaVersion: 1,
    instances: Object.fromEntries(instances.map(instanceRecord).map((record) => [record.id, record])),
    snapshots: Object.fromEntries(snapshots.map(snapshotRecord).map((record) => [record.id, record])),
  };
}

describe('the state after a restart of the endpoint', () => {
  it.each([
    ['creating', 'failed'],
    ['available', 'starting'],
    ['backing-up', 'starting'],
    ['modifying', 'starting'],
    ['resetting-master-credentials', 'starting'],
    ['rebooting', 'starting'],
    ['deleting', 'deleting'],
    ['stopped', 'stopped'],
    ['failed', 'failed'],
  ] as const)('an instance that was %s is %s', (before, after) => {
    const next = stateAfterRestart(state([{ id: 'blue', status: before }], []));
    expect(next.instances['blue']?.status).toBe(after);
  });

  it('has failed every snapshot that was being taken, and kept the complete ones', () => {
    const next = stateAfterRestart(state([{ id: 'blue' }], [{ id: 'half', status: 'creating' }, { id: 'whole' }]));
    expect(next.snapshots['half']?.status).toBe('failed');
    expect(next.snapshots['whole']?.status).toBe('available');
  });

  it('still owes the final snapshot of an instance that is being deleted', () => {
    const next = stateAfterRestart(
      state([{ id: 'blue', status: 'deleting', finalSnapshotId: 'last' }], [{ id: 'last', status: 'creating' }]),
    );
    expect(next.snapshots['last']?.status).toBe('creating');
  });

  it('keeps what was accepted and not yet done', () => {
    const pending = { masterPassword: 'SCRAM-SHA-256$x', due: { BackupRetentionPeriod: 3 } };
    const next = stateAfterRestart(state([{ id: 'blue', status: 'modifying', pending }], []));
    expect(next.instances['blue']?.pending).toEqual(pending);
  });
});
