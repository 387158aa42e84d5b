import { type XmlObject } from '../protocol/xml';
import { tagListXml } from '../protocol/tags';
import { resourceArn } from './arn';
import { type SnapshotRecord } from './records';

/** A snapshot as DescribeDBSnapshots shows it. Source: Amazon RDS API Reference, DBSnapshot. */
export function snapshotXml(record: SnapshotRecord, region: string, percent: number): XmlObject {
  const { identity, settings } = record;
  return {
    DBSnapshotIdentifier: record.id,
    DBSnapshotArn: resourceArn(region, 'snapshot', record.id),
    DBInstanceIdentifier: record.instanceId,
    DbiResourceId: record.instanceResourceId,
    Status: record.status,
    PercentProgress: record.status === 'available' ? 100 : percent,
    SnapshotType: 'manual',
    SnapshotCreateTime: record.databaseTime ?? record.startedAt,
    OriginalSnapshotCreateTime: record.databaseTime ?? record.startedAt,
    SnapshotDatabaseTime: record.databaseTime,
    InstanceCreateTime: record.instanceCreatedAt,
    Engine: 'postgres',
    EngineVersion: identity.engineVersion,
    LicenseModel: 'postgresql-license',
    MasterUsername: identity.masterUsername,
    Port: record.instancePort,
    AvailabilityZone: `${region}a`,
    AllocatedStorage: settings.AllocatedStorage,
    StorageType: settings.StorageType,
    Iops: settings.Iops,
    StorageThroughput: settings.StorageThroughput,
    Encrypted: settings.StorageEncrypted,
    KmsKeyId: settings.KmsKeyId,
    IAMDatabaseAuthenticationEnabled: settings.EnableIAMDatabaseAuthentication,
    SnapshotTarget: 'region',
    TagList: tagListXml(record.tags),
  };
}
