import { type XmlObject, xmlList } from '../protocol/xml';
import { tagListXml } from '../protocol/tags';
import { resourceArn } from './arn';
import { shownStorage } from './instance-settings';
import { type InstanceRecord } from './records';

/** An instance as DescribeDBInstances shows it. Source: Amazon RDS API Reference, DBInstance. */
export function instanceXml(record: InstanceRecord, region: string): XmlObject {
  const { identity, settings } = record;
  return {
    DBInstanceIdentifier: record.id,
    DBInstanceStatus: record.status,
    DBInstanceArn: resourceArn(region, 'db', record.id),
    DbiResourceId: record.resourceId,
    InstanceCreateTime: record.createdAt,
    Engine: 'postgres',
    EngineVersion: identity.engineVersion,
    LicenseModel: 'postgresql-license',
    MasterUsername: identity.masterUsername,
    DBName: identity.databaseName,
    DbInstancePort: settings.Port,
    ...(record.port === undefined || record.status === 'creating'
      ? {}
      : { Endpoint: { Address: '127.0.0.1', Port: record.port, HostedZoneId: 'LOOPBACK' } }),
    AvailabilityZone: `${region}a`,
    DBInstanceClass: settings.DBInstanceClass,
    AllocatedStorage: settings.AllocatedStorage,
    StorageType: settings.StorageType,
    ...shownStorage(settings),
    MaxAllocatedStorage: settings.MaxAllocatedStorage,
    StorageEncrypted: settings.StorageEncrypted,
    KmsKeyId: settings.KmsKeyId,
    MultiAZ: settings.MultiAZ,
    PubliclyAccessible: settings.PubliclyAccessible,
    AutoMinorVersionUpgrade: settings.AutoMinorVersionUpgrade,
    BackupRetentionPeriod: settings.BackupRetentionPeriod,
    PreferredBackupWindow: settings.PreferredBackupWindow,
    PreferredMaintenanceWindow: settings.PreferredMaintenanceWindow,
    DeletionProtection: settings.DeletionProtection,
    CopyTagsToSnapshot: settings.CopyTagsToSnapshot,
    MonitoringInterval: settings.MonitoringInterval,
    MonitoringRoleArn: settings.MonitoringRoleArn,
    PerformanceInsightsEnabled: settings.EnablePerformanceInsights,
    PerformanceInsightsRetentionPeriod: settings.PerformanceInsightsRetentionPeriod,
    PerformanceInsightsKMSKeyId: settings.PerformanceInsightsKMSKeyId,
    EnabledCloudwatchLogsExports: xmlList('member', settings.EnableCloudwatchLogsExports),
    OptionGroupMemberships: {
      OptionGroupMembership: { OptionGroupName: settings.OptionGroupName, Status: 'in-sync' },
    },
    IAMDatabaseAuthenticationEnabled: settings.EnableIAMDatabaseAuthentication,
    CACertificateIdentifier: settings.CACertificateIdentifier,
    DBParameterGroups: {
      DBParameterGroup: {
        DBParameterGroupName: settings.DBParameterGroupName,
        ParameterApplyStatus: record.parametersWait === true ? 'pending-reboot' : 'in-sync',
      },
    },
    DBSubnetGroup: { DBSubnetGroupName: settings.DBSubnetGroupName, SubnetGroupStatus: 'Complete' },
    VpcSecurityGroups: xmlList(
      'VpcSecurityGroupMembership',
      settings.VpcSecurityGroupIds.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
    ),
    PendingModifiedValues: pendingXml(record),
    TagList: tagListXml(record.tags),
  };
}

function pendingXml(record: InstanceRecord): XmlObject {
  const { due, waiting, masterPassword } = record.pending ?? {};
  const settings = { ...waiting, ...due };
  const { DBInstanceClass, AllocatedStorage, StorageType, Iops, StorageThroughput, BackupRetentionPeriod } = settings;
  return {
    DBInstanceClass,
    AllocatedStorage,
    StorageType,
    Iops,
    StorageThroughput,
    BackupRetentionPeriod,
    MultiAZ: settings.MultiAZ,
    CACertificateIdentifier: settings.CACertificateIdentifier,
    ...(masterPassword === undefined ? {} : { MasterUserPassword: '****' }),
  };
}
