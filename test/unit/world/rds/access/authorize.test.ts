import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { iamPolicyOf } from '../../../../../cli/privileges/privileges-of';
import { CUTOVER_TAG } from '../../../../../domain/ports/database-provider';
import { authorize } from '../../../../../world/rds/access/authorize';
import { EMPTY_STATE, type RdsState } from '../../../../../world/rds/model/records';
import { minimalConfig, useConfigFolder } from '../../../config/config-files';

const files = useConfigFolder();
const REGION = 'eu-local-1';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'policy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Tags of what exists. */
function state(tags: Readonly<Record<string, Readonly<Record<string, string>>>>): RdsState {
  const tagged = (name: string) =>
    Object.fromEntries(
      Object.entries(tags)
        .filter(([id]) => id.startsWith(name))
        .map(([id, own]) => [id, { tags: Object.entries(own).map(([key, value]) => ({ key, value })) }]),
    );
  return { ...EMPTY_STATE, instances: tagged('db-'), snapshots: tagged('hydra-cutover-') } as unknown as RdsState;
}

/** @returns undefined when the policy of the config allows it, else the action and resource that it does not */
function refused(parameters: Readonly<Record<string, string>>, existing: RdsState = EMPTY_STATE): string | undefined {
  const { environment, blue, green } = minimalConfig();
  const config = files.load({
    environment,
    blue: { ...blue, rdsInstanceId: 'db-blue' },
    green: { ...green, rdsInstanceId: 'db-green' },
  });
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(iamPolicyOf(config, { region: REGION, account: '000000000000' })));
  const principal = { credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, name: 'tool', policyFile };
  const body = new URLSearchParams(parameters).toString();
  try {
    authorize(principal, { action: parameters['Action'] ?? '', body, state: existing, region: REGION });
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'AccessDenied', status: 403 });
    return /perform: (\S+) on resource: (?:arn:aws:rds:eu-local-1:000000000000:)?(\S+)/
      .exec((error as Error).message)
      ?.slice(1)
      .join(' ');
  }
}

const OURS = { 'Tags.Tag.1.Key': CUTOVER_TAG, 'Tags.Tag.1.Value': 'one' };
const green = { DBInstanceIdentifier: 'db-green' };
const snapshot = { DBSnapshotIdentifier: 'hydra-cutover-one' };

describe('the IAM policy of the verb privileges', () => {
  it('allows every call of an upgrade on its own resources', () => {
    const made = state({ 'db-green': { [CUTOVER_TAG]: 'one' }, 'hydra-cutover-one': { [CUTOVER_TAG]: 'one' } });
    const groups = { DBParameterGroupName: 'own', DBSubnetGroupName: 'own' };
    for (const [call, existing] of [
      [{ Action: 'DescribeDBInstances', DBInstanceIdentifier: 'db-blue' }],
      [{ Action: 'DescribeDBInstances', ...green }],
      [{ Action: 'DescribeDBSnapshots', ...snapshot }],
      [{ Action: 'CreateDBSnapshot', DBInstanceIdentifier: 'db-blue', ...snapshot, ...OURS }],
      [{ Action: 'RestoreDBInstanceFromDBSnapshot', ...green, ...snapshot, ...groups, ...OURS }, made],
      [{ Action: 'ModifyDBInstance', ...green, DBParameterGroupName: 'own' }, made],
      [{ Action: 'DeleteDBInstance', ...green }, made],
      [{ Action: 'DeleteDBSnapshot', ...snapshot }, made],
    ] as const) {
      expect([call.Action, refused(call, existing)]).toEqual([call.Action, undefined]);
    }
  });

  it('refuses to change blue, and anything that no cutover made', () => {
    const foreign = state({
      'db-green': { owner: 'somebody' },
      'hydra-cutover-one': {},
      'db-blue': { [CUTOVER_TAG]: 'x' },
    });
    const calls: [Record<string, string>, string][] = [
      [{ Action: 'ModifyDBInstance', DBInstanceIdentifier: 'db-blue' }, 'rds:ModifyDBInstance db:db-blue'],
      [{ Action: 'DeleteDBInstance', DBInstanceIdentifier: 'db-blue' }, 'rds:DeleteDBInstance db:db-blue'],
      [{ Action: 'DeleteDBInstance', ...green }, 'rds:DeleteDBInstance db:db-green'],
      [{ Action: 'ModifyDBInstance', ...green }, 'rds:ModifyDBInstance db:db-green'],
      [{ Action: 'DeleteDBSnapshot', ...snapshot }, 'rds:DeleteDBSnapshot snapshot:hydra-cutover-one'],
      [{ Action: 'DescribeDBInstances', DBInstanceIdentifier: 'db-other' }, 'rds:DescribeDBInstances db:db-other'],
      [{ Action: 'DescribeDBInstances' }, 'rds:DescribeDBInstances db:*'],
      [
        { Action: 'CreateDBSnapshot', DBInstanceIdentifier: 'db-blue', DBSnapshotIdentifier: 'other', ...OURS },
        'rds:CreateDBSnapshot snapshot:other',
      ],
      [{ Action: 'CreateDBSnapshot', DBInstanceIdentifier: 'db-blue', ...snapshot }, 'rds:CreateDBSnapshot db:db-blue'],
      [
        { Action: 'RestoreDBInstanceFromDBSnapshot', DBInstanceIdentifier: 'db-other', ...snapshot, ...OURS },
        'rds:RestoreDBInstanceFromDBSnapshot db:db-other',
      ],
      [{ Action: 'RebootDBInstance', ...green }, 'rds:RebootDBInstance db:db-green'],
      [{ Action: 'CreateDBInstance', ...green }, 'rds:CreateDBInstance db:db-green'],
    ];
    for (const [call, expected] of calls) expect(refused(call, foreign)).toBe(expected);
  });

  it('hands over no role that was not named', () => {
    const made = state({ 'db-green': { [CUTOVER_TAG]: 'one' } });
    const call = {
      Action: 'ModifyDBInstance',
      ...green,
      MonitoringRoleArn: 'arn:aws:iam::000000000000:role/monitoring',
    };
    expect(refused(call, made)).toBe(`iam:PassRole ${call.MonitoringRoleArn}`);
    const { environment, blue, green: own } = minimalConfig();
    const config = files.load({
      environment,
      blue: { ...blue, rdsInstanceId: 'db-blue' },
      green: { ...own, rdsInstanceId: 'db-green' },
    });
    const passes = (monitoringRoleArn?: string) =>
      iamPolicyOf(config, monitoringRoleArn === undefined ? {} : { monitoringRoleArn }).Statement.filter(({ Action }) =>
        Action.includes('iam:PassRole'),
      );
    expect(passes()).toEqual([]);
    expect(passes(call.MonitoringRoleArn)).toEqual([expect.objectContaining({ Resource: [call.MonitoringRoleArn] })]);
  });

  it('reads the secrets that the config refers to, and no others', () => {
    const { environment, blue, green: own } = minimalConfig();
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf';
    const config = files.load(
      {
        environment,
        rds: { region: 'cn-north-1' },
        blue: { ...blue, database: { ...blue.database, password: '${secretsmanager:prod/db#password}' } },
        green: { ...own, database: { ...own.database, password: '${secretsmanager:prod/db#password}' } },
        gateways: [{ name: 'one', controlUrl: 'https://one.test', token: `\${secretsmanager:${arn}}` }],
      },
      { unreadSecrets: true },
    );
    expect(iamPolicyOf(config).Statement).toEqual([
      {
        Sid: 'ReadSecrets',
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue'],
        Resource: [arn, 'arn:aws-cn:secretsmanager:cn-north-1:*:secret:prod/db-??????'],
      },
    ]);
  });
});

describe('a principal with a policy', () => {
  it('may do nothing while there is none, and everything without one', () => {
    const request = { action: 'DescribeDBInstances', body: '', state: EMPTY_STATE, region: REGION };
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const missing = { credentials, name: 'tool', policyFile: join(folder, 'absent.json') };
    expect(() => authorize(missing, request)).toThrow(/is not authorized to perform: rds:DescribeDBInstances/);
    expect(() => authorize({ credentials, name: 'operator' }, request)).not.toThrow();
  });
});
