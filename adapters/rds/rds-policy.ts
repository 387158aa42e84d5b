import { CUTOVER_TAG } from '../../domain/ports/database-provider';

/** Everything this adapter makes is named so; `activities/support/names.ts` makes the names. */
const SNAPSHOT_NAMES = 'hydra-cutover-*';

type Conditions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One statement of an IAM policy. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Conditions;
}

/** Where resources are. `*` is any. */
export interface ArnScope {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

export interface RdsPolicyOptions extends ArnScope {
  readonly blueInstanceId: string;
  readonly greenInstanceId: string;
  /** Of blue's enhanced monitoring, which green gets too. */
  readonly monitoringRoleArn?: string;
}

/**
 * What the adapter asks of RDS, and nothing else: blue can be looked at and copied, never changed; what is changed or removed has
 * green's name and the tag of a cutover.
 *
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon RDS": a call is allowed only when each
 * of its resources is, groups included; tags given on creation need AddTagsToResource.
 */
export function rdsPolicy(options: RdsPolicyOptions): readonly PolicyStatement[] {
  const arn = (kind: string, name: string) =>
    `arn:${options.partition}:rds:${options.region}:${options.account}:${kind}:${name.toLowerCase()}`;
  const blue = arn('db', options.blueInstanceId);
  const green = arn('db', options.greenInstanceId);
  const snapshots = arn('snapshot', SNAPSHOT_NAMES);
  const groups = [arn('og', '*'), arn('pg', '*')];
  const ours = { Null: { [`aws:ResourceTag/${CUTOVER_TAG}`]: 'false' } };
  const becomesOurs = { Null: { [`aws:RequestTag/${CUTOVER_TAG}`]: 'false' } };
  const allow = (Sid: string, actions: readonly string[], Resource: readonly string[], Condition?: Conditions) => ({
    ...{ Sid, Effect: 'Allow' as const, Action: actions.map((action) => `rds:${action}`), Resource },
    ...(Condition === undefined ? {} : { Condition }),
  });
  return [
    allow('LookAtInstances', ['DescribeDBInstances'], [blue, green]),
    allow('LookAtSnapshots', ['DescribeDBSnapshots'], [snapshots]),
    allow('CopyBlue', ['CreateDBSnapshot'], [blue, snapshots], becomesOurs),
    allow('RestoreGreen', ['RestoreDBInstanceFromDBSnapshot'], [green], becomesOurs),
    allow('RestoreFromOurSnapshots', ['RestoreDBInstanceFromDBSnapshot'], [snapshots]),
    allow('TagWhatIsMade', ['AddTagsToResource'], [green, snapshots], becomesOurs),
    allow('ChangeAndRemoveGreen', ['ModifyDBInstance', 'RebootDBInstance', 'DeleteDBInstance'], [green], ours),
    allow('RemoveOurSnapshots', ['DeleteDBSnapshot'], [snapshots], ours),
    allow('GroupsOfGreen', ['RestoreDBInstanceFromDBSnapshot'], [...groups, arn('subgrp', '*')]),
    allow('ChangedGroupsOfGreen', ['ModifyDBInstance'], groups),
    ...(options.monitoringRoleArn === undefined ? [] : [monitoring(options.monitoringRoleArn)]),
  ];
}

function monitoring(roleArn: string): PolicyStatement {
  return {
    Sid: 'MonitorGreen',
    Effect: 'Allow',
    Action: ['iam:PassRole'],
    Resource: [roleArn],
    Condition: { StringEquals: { 'iam:PassedToService': 'monitoring.rds.amazonaws.com' } },
  };
}
