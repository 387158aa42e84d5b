import {
  INSTANCE_STATUSES,
  type InstanceEvent,
  nextStatus,
  requireTransition,
} from '../../../../../world/rds/model/instance-status';
import { refusal } from '../refusal';

describe('instance statuses', () => {
  it.each([
    ['creating', 'provisioned', 'available'],
    ['creating', 'provisionedWithBackup', 'backing-up'],
    ['creating', 'gaveUp', 'failed'],
    ['creating', 'endpointRestarted', 'failed'],
    ['available', 'backupStarted', 'backing-up'],
    ['backing-up', 'backupEnded', 'available'],
    ['backing-up', 'crashed', 'rebooting'],
    ['available', 'crashed', 'rebooting'],
    ['rebooting', 'recovered', 'available'],
    ['rebooting', 'gaveUp', 'failed'],
    ['available', 'endpointRestarted', 'starting'],
    ['deleting', 'endpointRestarted', 'deleting'],
    ['deleting', 'deleteAbandoned', 'available'],
    ['failed', 'deleteRequested', 'deleting'],
  ] as const)('%s moves on %s to %s', (from, event, to) => {
    expect(nextStatus(from, event)).toBe(to);
  });

  it('has an answer to a restart of the endpoint in every status', () => {
    expect(INSTANCE_STATUSES.filter((status) => nextStatus(status, 'endpointRestarted') === undefined)).toEqual([]);
  });

  it.each([
    ['deleting', 'backupStarted'],
    ['creating', 'deleteRequested'],
    ['backing-up', 'backupStarted'],
    ['rebooting', 'modificationStarted'],
    ['stopped', 'backupStarted'],
  ] as const)('refuses in %s what would be %s', (status, event: InstanceEvent) => {
    expect(() => requireTransition('blue', status, event)).toThrow(refusal('InvalidDBInstanceState'));
  });

  it('ignores the end of a backup that a crash has overtaken', () => {
    expect(nextStatus('rebooting', 'backupEnded')).toBeUndefined();
  });
});
