import {
  type DBInstance,
  type ModifyDBInstanceMessage,
  type RestoreDBInstanceFromDBSnapshotMessage,
} from '@aws-sdk/client-rds';
import { type DatabaseSettings } from '../../domain/ports/database-provider';

/** How RDS names the settings of an instance. Pure. */

export function settingsOf(instance: DBInstance): DatabaseSettings {
  const present = {
    iops: instance.Iops,
    storageThroughput: instance.StorageThroughput,
    maxAllocatedStorageGib: instance.MaxAllocatedStorage,
    dedicatedLogVolume: instance.DedicatedLogVolume,
    // 0 where the endpoint's port is the instance's own.
    port: instance.DbInstancePort || instance.Endpoint?.Port,
    networkType: instance.NetworkType,
    optionGroup: instance.OptionGroupMemberships?.[0]?.OptionGroupName,
    parameterGroup: instance.DBParameterGroups?.[0]?.DBParameterGroupName,
    subnetGroup: instance.DBSubnetGroup?.DBSubnetGroupName,
    backupWindow: instance.PreferredBackupWindow,
    maintenanceWindow: instance.PreferredMaintenanceWindow,
    monitoringRoleArn: instance.MonitoringRoleArn,
    caCertificate: instance.CACertificateIdentifier,
    performanceInsightsRetentionDays: instance.PerformanceInsightsRetentionPeriod,
    performanceInsightsKmsKey: instance.PerformanceInsightsKMSKeyId,
    storageEncrypted: instance.StorageEncrypted,
    kmsKey: instance.KmsKeyId,
  };
  return {
    ...Object.fromEntries(Object.entries(present).filter(([, value]) => value !== undefined)),
    instanceClass: instance.DBInstanceClass ?? '',
    allocatedStorageGib: instance.AllocatedStorage ?? 0,
    storageType: instance.StorageType ?? '',
    multiAz: instance.MultiAZ ?? false,
    publiclyAccessible: instance.PubliclyAccessible ?? false,
    autoMinorVersionUpgrade: instance.AutoMinorVersionUpgrade ?? false,
    securityGroups: (instance.VpcSecurityGroups ?? []).flatMap((group) => group.VpcSecurityGroupId ?? []).sort(),
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
    deletionProtection: instance.DeletionProtection ?? false,
    copyTagsToSnapshot: instance.CopyTagsToSnapshot ?? false,
    monitoringSeconds: instance.MonitoringInterval ?? 0,
    performanceInsights: instance.PerformanceInsightsEnabled ?? false,
    iamAuthentication: instance.IAMDatabaseAuthenticationEnabled ?? false,
    logExports: [...(instance.EnabledCloudwatchLogsExports ?? [])].sort(),
  };
}

/** What hangs on an instance and does not come with a restore of its snapshot. */
export function notCopied(instance: DBInstance): string[] {
  const { ReadReplicaDBInstanceIdentifiers, ReadReplicaDBClusterIdentifiers, AssociatedRoles, DomainMemberships } =
    instance;
  const replicas = [...(ReadReplicaDBInstanceIdentifiers ?? []), ...(ReadReplicaDBClusterIdentifiers ?? [])];
  const streams = instance.ActivityStreamStatus === 'started';
  return [
    ...replicas.map((id) => `read replica ${id}`),
    ...(AssociatedRoles ?? []).map(({ FeatureName, RoleArn }) => `role ${RoleArn ?? ''} for ${FeatureName ?? ''}`),
    ...(DomainMemberships ?? []).map(({ Domain }) => `membership of directory ${Domain ?? ''}`),
    ...(instance.DBInstanceAutomatedBackupsReplications ?? []).map(() => 'replication of backups to another region'),
    ...(streams ? [`activity stream ${instance.ActivityStreamKinesisStreamName ?? ''}`] : []),
    ...(instance.MasterUserSecret === undefined ? [] : ['master password managed in AWS Secrets Manager']),
  ];
}

type SharedParameters = Partial<
  Pick<ModifyDBInstanceMessage, keyof ModifyDBInstanceMessage & keyof RestoreDBInstanceFromDBSnapshotMessage>
>;

/** Settings that a restore takes. */
export function restorableParameters(
  settings: Partial<DatabaseSettings>,
): Partial<RestoreDBInstanceFromDBSnapshotMessage> {
  return {
    ...sharedParameters(settings),
    Port: settings.port,
    EnableCloudwatchLogsExports: settings.logExports === undefined ? undefined : [...settings.logExports],
  };
}

/** Settings that both a restore and a modification take. */
function sharedParameters(settings: Partial<DatabaseSettings>): SharedParameters {
  return {
    DBInstanceClass: settings.instanceClass,
    AllocatedStorage: settings.allocatedStorageGib,
    StorageType: settings.storageType,
    Iops: settings.iops,
    StorageThroughput: settings.storageThroughput,
    MultiAZ: settings.multiAz,
    PubliclyAccessible: settings.publiclyAccessible,
    AutoMinorVersionUpgrade: settings.autoMinorVersionUpgrade,
    DBParameterGroupName: settings.parameterGroup,
    OptionGroupName: settings.optionGroup,
    DBSubnetGroupName: settings.subnetGroup,
    NetworkType: settings.networkType,
    DedicatedLogVolume: settings.dedicatedLogVolume,
    VpcSecurityGroupIds: settings.securityGroups === undefined ? undefined : [...settings.securityGroups],
    BackupRetentionPeriod: settings.backupRetentionDays,
    PreferredBackupWindow: settings.backupWindow,
    DeletionProtection: settings.deletionProtection,
    CopyTagsToSnapshot: settings.copyTagsToSnapshot,
    EnableIAMDatabaseAuthentication: settings.iamAuthentication,
    CACertificateIdentifier: settings.caCertificate,
  };
}

/**
 * Everything a modification takes.
 *
 * @param exported logs that are exported now: a modification names what to begin and what to end
 */
export function modifiableParameters(
  settings: Partial<DatabaseSettings>,
  exported: readonly string[] = [],
): Partial<ModifyDBInstanceMessage> {
  return {
    ...sharedParameters(settings),
    DBPortNumber: settings.port,
    MaxAllocatedStorage: settings.maxAllocatedStorageGib,
    PreferredMaintenanceWindow: settings.maintenanceWindow,
    MonitoringInterval: settings.monitoringSeconds,
    MonitoringRoleArn: settings.monitoringRoleArn,
    EnablePerformanceInsights: settings.performanceInsights,
    PerformanceInsightsRetentionPeriod: settings.performanceInsightsRetentionDays,
    PerformanceInsightsKMSKeyId: settings.performanceInsightsKmsKey,
    CloudwatchLogsExportConfiguration: logChanges(settings.logExports, exported),
  };
}

function logChanges(
  wanted: readonly string[] | undefined,
  exported: readonly string[],
): ModifyDBInstanceMessage['CloudwatchLogsExportConfiguration'] {
  if (wanted === undefined) return undefined;
  const EnableLogTypes = wanted.filter((log) => !exported.includes(log));
  const DisableLogTypes = exported.filter((log) => !wanted.includes(log));
  return EnableLogTypes.length + DisableLogTypes.length === 0 ? undefined : { EnableLogTypes, DisableLogTypes };
}
