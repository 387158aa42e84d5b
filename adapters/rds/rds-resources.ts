import { type DBInstance, type DBSnapshot, type Tag } from '@aws-sdk/client-rds';
import { type DatabaseInstance, type DatabaseSnapshot } from '../../domain/ports/database-provider';
import { notCopied, settingsOf } from './rds-settings';

/** RDS's answers in our words. Pure. */

export function toInstance(instance: DBInstance): DatabaseInstance {
  const { Address: host, Port: port } = instance.Endpoint ?? {};
  const parameterStatus = instance.DBParameterGroups?.[0]?.ParameterApplyStatus;
  return {
    instanceId: instance.DBInstanceIdentifier ?? '',
    arn: instance.DBInstanceArn ?? '',
    status: instance.DBInstanceStatus ?? 'unknown',
    engineVersion: instance.EngineVersion ?? '',
    settings: settingsOf(instance),
    tags: fromTags(instance.TagList),
    notCopied: notCopied(instance),
    parameterStatus,
    hasPendingChanges: Object.values(instance.PendingModifiedValues ?? {}).some((value) => value !== undefined),
    ...(host === undefined || port === undefined ? {} : { endpoint: { host, port } }),
  };
}

export function toSnapshot(snapshot: DBSnapshot): DatabaseSnapshot {
  return {
    snapshotId: snapshot.DBSnapshotIdentifier ?? '',
    arn: snapshot.DBSnapshotArn ?? '',
    instanceId: snapshot.DBInstanceIdentifier ?? '',
    status: snapshot.Status ?? 'unknown',
    percent: snapshot.PercentProgress ?? 0,
    tags: fromTags(snapshot.TagList),
    createdAt: snapshot.SnapshotCreateTime?.toISOString(),
  };
}

export function toTags(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function fromTags(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).flatMap((tag) => (tag.Key === undefined ? [] : [[tag.Key, tag.Value ?? '']])));
}
