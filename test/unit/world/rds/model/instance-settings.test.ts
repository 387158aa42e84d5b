import { mergePending } from '../../../../../world/rds/actions/modify-db-instance';
import {
  givenForModify,
  givenForRestore,
  settingsForCreate,
  settingsForModify,
  settingsForRestore,
} from '../../../../../world/rds/model/instance-settings';
import { parseQuery } from '../../../../../world/rds/protocol/query-parameters';
import { refusal } from '../refusal';

const original = settingsForCreate(
  parseQuery(
    'DBInstanceClass=db.r6g.large&AllocatedStorage=100&MultiAZ=true&DeletionProtection=true&DBParameterGroupName=tuned&BackupRetentionPeriod=7&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&CopyTagsToSnapshot=true',
  ),
  15,
);

describe('settings of an instance', () => {
  it('takes class, storage and backups of a restored one from the snapshot, and resets the rest as AWS does', () => {
    expect(settingsForRestore(original, {}, 15)).toMatchObject({
      DBInstanceClass: 'db.r6g.large',
      AllocatedStorage: 100,
      BackupRetentionPeriod: 7,
      MultiAZ: false,
      DeletionProtection: false,
      CopyTagsToSnapshot: false,
      DBParameterGroupName: 'default.postgres15',
      VpcSecurityGroupIds: ['sg-default'],
    });
  });

  it('prefers what a restore is given', () => {
    const given = givenForRestore(parseQuery('DBParameterGroupName=tuned&MultiAZ=true&DBInstanceClass=db.r6g.xlarge'));
    expect(settingsForRestore(original, given, 15)).toMatchObject({
      DBInstanceClass: 'db.r6g.xlarge',
      MultiAZ: true,
      DBParameterGroupName: 'tuned',
    });
  });

  it('leaves parameters that the API does not have unread, so that they are refused', () => {
    const restore = parseQuery('MonitoringInterval=60');
    givenForRestore(restore);
    expect(restore.unread()).toEqual(['MonitoringInterval']);
    const modify = parseQuery('StorageEncrypted=true');
    givenForModify(modify);
    expect(modify.unread()).toEqual(['StorageEncrypted']);
  });

  it('tells changes that are made at once, soon, and in the window; what stays the same is no change', () => {
    const given = givenForModify(
      parseQuery('DBInstanceClass=db.r6g.xlarge&BackupRetentionPeriod=3&DeletionProtection=false&MultiAZ=true'),
    );
    expect(settingsForModify(original, given)).toEqual({
      atOnce: { DeletionProtection: false },
      soon: { BackupRetentionPeriod: 3 },
      window: { DBInstanceClass: 'db.r6g.xlarge' },
    });
  });

  it('lets a change wait without ApplyImmediately, and releases it with the next call that has it', () => {
    const change = { atOnce: {}, soon: {}, window: { DBInstanceClass: 'db.r6g.xlarge' } };
    const waiting = mergePending(undefined, change, false, undefined);
    expect(waiting).toEqual({ waiting: { DBInstanceClass: 'db.r6g.xlarge' } });
    const nothing = { atOnce: {}, soon: {}, window: {} };
    expect(mergePending(waiting, nothing, true, undefined)).toEqual({ due: { DBInstanceClass: 'db.r6g.xlarge' } });
    expect(mergePending(undefined, nothing, true, undefined)).toBeUndefined();
  });

  it.each([
    ['DBInstanceClass=big', 'InvalidParameterValue'],
    ['AllocatedStorage=1', 'InvalidParameterValue'],
    ['AllocatedStorage=1e3', 'InvalidParameterValue'],
    ['MultiAZ=yes', 'InvalidParameterValue'],
    ['StorageType=floppy', 'InvalidParameterValue'],
    ['StorageType=io1', 'InvalidParameterCombination'],
    ['StorageType=gp3&AllocatedStorage=100&Iops=3000', 'InvalidParameterCombination'],
    ['StorageType=gp3&AllocatedStorage=100&StorageThroughput=125', 'InvalidParameterCombination'],
    ['MonitoringInterval=60', 'InvalidParameterCombination'],
    ['MonitoringInterval=7&MonitoringRoleArn=arn:aws:iam::123456789012:role/m', 'InvalidParameterValue'],
    ['BackupRetentionPeriod=36', 'InvalidParameterValue'],
    ['PreferredBackupWindow=25:00-26:00', 'InvalidParameterValue'],
    ['PerformanceInsightsRetentionPeriod=7', 'InvalidParameterCombination'],
    ['VpcSecurityGroupIds.VpcSecurityGroupId.1=nope', 'InvalidParameterValue'],
  ])('refuses %s as %s', (body, code) => {
    expect(() => settingsForCreate(parseQuery(body), 15)).toThrow(refusal(code));
  });
});
