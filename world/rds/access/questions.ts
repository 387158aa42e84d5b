import { resourceArn } from '../model/arn';
import { type InstanceRecord, type RdsState, type SnapshotRecord } from '../model/records';
import { type QueryParameters } from '../protocol/query-parameters';
import { existingIdentifier } from '../protocol/read-parameters';
import { readTags, type Tag } from '../protocol/tags';
import { type AccessQuestion } from './policy';

type Kind = 'db' | 'snapshot' | 'pg' | 'og' | 'subgrp';

/**
 * What a request needs to be allowed: its action on each of its resources, tags it gives, and a role it hands over.
 *
 * @param parameters read by nobody else: an action refuses those that it did not read itself
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon RDS".
 */
export function accessQuestions(
  action: string,
  parameters: QueryParameters,
  state: RdsState,
  region: string,
): readonly AccessQuestion[] {
  const requested = contextOf('aws:RequestTag', readTags(parameters));
  const ask = (name: string, arn: string, tags: readonly Tag[] = []): AccessQuestion => ({
    action: name,
    resource: arn,
    context: { ...requested, ...contextOf('aws:ResourceTag', tags) },
  });
  const resources = resourcesOf(action, parameters);
  const main = resources.map(({ kind, id }) => ask(`rds:${action}`, arnOf(region, kind, id), tagsOf(state, kind, id)));
  const made = resources.filter(({ isNew }) => isNew === true && Object.keys(requested).length > 0);
  const tagging = made.map(({ kind, id }) => ask('rds:AddTagsToResource', arnOf(region, kind, id)));
  const role = parameters.text('MonitoringRoleArn');
  const passed =
    role === undefined
      ? []
      : [
          {
            action: 'iam:PassRole',
            resource: role,
            context: { 'iam:PassedToService': 'monitoring.rds.amazonaws.com' },
          },
        ];
  return [...main, ...tagging, ...passed];
}

interface Resource {
  readonly kind: Kind;
  readonly id: string;
  readonly isNew?: boolean;
}

function resourcesOf(action: string, parameters: QueryParameters): readonly Resource[] {
  const named = (name: string, kind: 'db' | 'snapshot') => {
    const given = parameters.text(name);
    return given === undefined ? '*' : existingIdentifier(given, kind);
  };
  const instance: Resource = { kind: 'db', id: named('DBInstanceIdentifier', 'db') };
  const snapshot: Resource = { kind: 'snapshot', id: named('DBSnapshotIdentifier', 'snapshot') };
  const group = (name: string, kind: Kind): readonly Resource[] => {
    const id = parameters.text(name);
    return id === undefined ? [] : [{ kind, id: id.toLowerCase() }];
  };
  const groups = [...group('DBParameterGroupName', 'pg'), ...group('OptionGroupName', 'og')];
  switch (action) {
    case 'DescribeDBSnapshots':
    case 'DeleteDBSnapshot':
      return [snapshot];
    case 'CreateDBSnapshot':
      return [instance, { ...snapshot, isNew: true }];
    case 'CreateDBInstance':
    case 'RestoreDBInstanceFromDBSnapshot':
      return [
        { ...instance, isNew: true },
        ...(action === 'CreateDBInstance' ? [] : [snapshot]),
        ...[...groups, ...group('DBSubnetGroupName', 'subgrp')],
      ];
    case 'AddTagsToResource':
    case 'RemoveTagsFromResource':
    case 'ListTagsForResource':
      return [resourceOfArn(parameters.text('ResourceName') ?? '*')];
    default:
      return [instance, ...groups];
  }
}

function resourceOfArn(arn: string): Resource {
  const [, kind, id] = /:(db|snapshot):([^:]+)$/.exec(arn) ?? [];
  return { kind: kind === 'snapshot' ? 'snapshot' : 'db', id: (id ?? '*').toLowerCase() };
}

function arnOf(region: string, kind: Kind, id: string): string {
  return resourceArn(region, 'db', id).replace(/:db:/, `:${kind}:`);
}

function tagsOf(state: RdsState, kind: Kind, id: string): readonly Tag[] {
  const found: InstanceRecord | SnapshotRecord | undefined =
    kind === 'db' ? state.instances[id] : kind === 'snapshot' ? state.snapshots[id] : undefined;
  return found?.tags ?? [];
}

function contextOf(prefix: string, tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [`${prefix}/${key}`, value]));
}
