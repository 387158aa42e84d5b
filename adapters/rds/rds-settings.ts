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
    parameterGroup: instance.DBParameterGroups?.[0]?.DBParameterGroupName,
    subnetGroup: instance.DBSubnetGroup?.DBSubnetGroupName,
    backupWindow: instance.PreferredBackupWindow,
    maintenanceWindow: instance.PreferredMaintenanceWindow,
    monitoringRoleArn: instance.MonitoringRoleArn,
    caCertificate: instance.CACertificateIdentifier,
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
    monitoringIntervalSeconds: instance.MonitoringInterval ?? 0,
    performanceInsights: instance.PerformanceInsightsEnabled ?? false,
    iamAuthentication: instance.IAMDatabaseAuthenticationEnabled ?? false,
  };
}

type SharedParameters = Partial<
  Pick<ModifyDBInstanceMessage, keyof ModifyDBInstanceMessage & keyof RestoreDBInstanceFromDBSnapshotMessage>
>;

/** Settings that both a restore and a modification take. */
export function restorableParameters(settings: Partial<DatabaseSettings>): SharedParameters {
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
    DBSubnetGroupName: settings.subnetGroup,
    VpcSecurityGroupIds: settings.securityGroups === undefined ? undefined : [...settings.securityGroups],
    BackupRetentionPeriod: settings.backupRetentionDays,
    PreferredBackupWindow: settings.backupWindow,
    DeletionProtection: settings.deletionProtection,
    CopyTagsToSnapshot: settings.copyTagsToSnapshot,
    EnableIAMDatabaseAuthentication: settings.iamAuthentication,
    CACertificateIdentifier: settings.caCertificate,
  };
}

/** Everything a modification takes. */
export function modifiableParameters(settings: Partial<DatabaseSettings>): Partial<ModifyDBInstanceMessage> {
  return {
    ...restorableParameters(settings),
    PreferredMaintenanceWindow: settings.maintenanceWindow,
    MonitoringInterval: settings.monitoringIntervalSeconds,
    MonitoringRoleArn: settings.monitoringRoleArn,
    EnablePerformanceInsights: settings.performanceInsights,
  };
}
