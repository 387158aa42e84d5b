import { SCHEMA_VERSION } from '../../../hydra/arbiter/schema-version';
import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { RESTORED_TAGS } from '../../../activities/support/instance-mark';
import { deleteSnapshot, deleteGreen, protectEntered, restoreGreen, takeSnapshot } from '../../../activities/snapshot';
import { type StepDeps } from '../../../activities/step';
import { RdsDatabaseProvider } from '../../../adapters/rds/rds-database-provider';
import { type InstanceOverrides } from '../../../domain/instance-plan';
import { CUTOVER_TAG, SNAPSHOT_TAG } from '../../../domain/ports/database-provider';
import { SETTINGS, stepContext } from '../../integration/activities/green-fixture';
import { EndpointProcess, testClient } from '../../integration/world/rds/endpoint-fixture';
import { until } from '../../support/until';
import { endAll } from '../../support/end-all';
import { FORWARD } from '../../../domain/sides';

const ROLE = 'arn:aws:iam::123456789012:role/monitoring';
const INPUT = { cutoverId: 'c-1', environment: 'test' };
const SNAPSHOT = 'hydra-cutover-c-1';

let rds: EndpointProcess;
let client: RDSClient;
let provider: RdsDatabaseProvider;
/** What blue's arbiter says. */
let arbiter: { cutoverId: string; side: string; state: string; epoch: number; schemaVersion: number } | undefined;

beforeAll(async () => {
  rds = await EndpointProcess.start();
  client = testClient(rds.endpoint);
  provider = new RdsDatabaseProvider(client);
  await rds.createInstance('blue', {
    AllocatedStorage: 30,
    MultiAZ: true,
    Port: 6_432,
    DBParameterGroupName: 'tuned',
    OptionGroupName: 'options',
    DBSubnetGroupName: 'private',
    VpcSecurityGroupIds: ['sg-1', 'sg-2'],
    BackupRetentionPeriod: 3,
    PreferredBackupWindow: '01:00-01:30',
    PreferredMaintenanceWindow: 'tue:02:00-tue:02:30',
    DeletionProtection: true,
    CopyTagsToSnapshot: true,
    AutoMinorVersionUpgrade: false,
    MonitoringInterval: 30,
    MonitoringRoleArn: ROLE,
    EnablePerformanceInsights: true,
    PerformanceInsightsRetentionPeriod: 31,
    EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
    EnableIAMDatabaseAuthentication: true,
    CACertificateIdentifier: 'rds-ca-ecc384-g1',
    StorageEncrypted: true,
    KmsKeyId: 'key-1',
    MaxAllocatedStorage: 100,
    Tags: [
      { Key: 'team', Value: 'login' },
      { Key: CUTOVER_TAG, Value: 'an-earlier-one' },
    ],
  });
});
afterAll(() =>
  endAll(
    () => client.destroy(),
    () => rds.dispose(),
  ),
);
afterEach(async () => {
  arbiter = undefined;
  await rds.faults({});
});

function deps(greenInstance: InstanceOverrides = {}): StepDeps {
  const isThere = () => arbiter !== undefined;
  const rows = (sql: string) =>
    // Whether schemas of ours belong to somebody else.
    sql.includes('pg_namespace')
      ? []
      : [{ found: isThere(), there: isThere(), description: arbiter, schemaVersion: SCHEMA_VERSION, ...arbiter }];
  const session = { query: (sql: string) => Promise.resolve({ rows: rows(sql), rowCount: 1 }) };
  return {
    settings: { ...SETTINGS, provider: { ...SETTINGS.provider, greenInstance } },
    direction: FORWARD,
    provider,
    databases: { withSession: (_side: string, work: (client: typeof session) => unknown) => work(session) },
  } as unknown as StepDeps;
}

async function removeGreen(): Promise<void> {
  await deleteGreen(deps(), INPUT, stepContext());
}

describe("green's instance", () => {
  it("has everything of blue's after the restore but its protection, which comes at finalize", async () => {
    await takeSnapshot(deps(), INPUT, stepContext());
    await restoreGreen(deps(), INPUT, stepContext());
    const blue = await provider.describeInstance('blue');
    const green = await provider.describeInstance('green');
    expect(green?.settings).toEqual({ ...blue?.settings, deletionProtection: false });
    expect(green?.settings).toMatchObject({
      ...{ multiAz: true, port: 6_432, parameterGroup: 'tuned', optionGroup: 'options', kmsKey: 'key-1' },
      ...{ monitoringSeconds: 30, monitoringRoleArn: ROLE, performanceInsightsRetentionDays: 31 },
      ...{
        logExports: ['postgresql', 'upgrade'],
        maintenanceWindow: 'tue:02:00-tue:02:30',
        maxAllocatedStorageGib: 100,
      },
    });
    expect(green?.tags).toEqual({ team: 'login', [CUTOVER_TAG]: 'c-1', [SNAPSHOT_TAG]: SNAPSHOT, ...RESTORED_TAGS });
    expect(green).toMatchObject({ parameterStatus: 'in-sync', hasPendingChanges: false });
    await protectEntered(deps(), 'c-1', stepContext());
    await protectEntered(deps(), 'c-1', stepContext());
    expect((await provider.describeInstance('green'))?.settings).toEqual(blue?.settings);
  });

  it('is brought into line when a second try finds it, restarted for its parameters, with what the config says', async () => {
    const command = { DBInstanceIdentifier: 'green', ApplyImmediately: true };
    await client.send(
      new ModifyDBInstanceCommand({
        ...command,
        DBParameterGroupName: 'by-hand',
        BackupRetentionPeriod: 9,
        CloudwatchLogsExportConfiguration: { DisableLogTypes: ['upgrade'] },
      }),
    );
    const status = async () => (await provider.describeInstance('green'))?.parameterStatus;
    await until('a reboot is pending', async () => (await status()) === 'pending-reboot');
    const overrides = { settings: { instanceClass: 'db.r6g.large' }, tags: { purpose: 'next' } };
    await restoreGreen(deps(overrides), INPUT, stepContext());
    const blue = await provider.describeInstance('blue');
    expect(await provider.describeInstance('green')).toMatchObject({
      settings: { ...blue?.settings, instanceClass: 'db.r6g.large', deletionProtection: false },
      tags: { team: 'login', purpose: 'next' },
      parameterStatus: 'in-sync',
    });
  });

  it('is refused with all differences at once when it does not become what was planned', async () => {
    const stubborn = new Proxy(provider, {
      get: (target, key) => {
        if (key === 'applySettings') return () => target.describeInstance('green');
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const overrides = { settings: { backupRetentionDays: 14, autoMinorVersionUpgrade: true } };
    await expect(restoreGreen({ ...deps(overrides), provider: stubborn }, INPUT, stepContext())).rejects.toMatchObject({
      code: 'INSTANCE_DIFFERS',
      details: {
        differences: [
          'instanceClass is db.r6g.large, not db.t4g.medium',
          'autoMinorVersionUpgrade is false, not true',
          'backupRetentionDays is 3, not 14',
        ],
      },
    });
  });

  it('is not begun with settings that RDS would refuse', async () => {
    await expect(
      restoreGreen(deps({ settings: { allocatedStorageGib: 20, iops: 4_000 } }), INPUT, stepContext()),
    ).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/never makes storage smaller.*iops cannot be set for gp3/) as string,
    });
  });

  it('is never deleted once the writes have moved to it, whatever workflow asks', async () => {
    arbiter = { cutoverId: 'c-1', side: 'blue', state: 'committed', epoch: 4, schemaVersion: SCHEMA_VERSION };
    await expect(deleteGreen(deps(), INPUT, stepContext())).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringContaining('moved to green with epoch 4') as string,
    });
    expect((await provider.describeInstance('green'))?.status).toBe('available');
  });

  it('is found by a second try while it is still being made, and while it is removed', async () => {
    await rds.holdIn('deleting');
    await client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'green', SkipFinalSnapshot: true }));
    await expect(restoreGreen(deps(), INPUT, stepContext())).rejects.toMatchObject({ code: 'RDS_BUSY' });
    await rds.letGo();
    await removeGreen();
    await rds.faults({ delaysMs: { creating: 400, modifying: 300 } });
    const both = [restoreGreen(deps(), INPUT, stepContext()), restoreGreen(deps(), INPUT, stepContext())];
    expect(await Promise.all(both)).toEqual([{ instanceId: 'green' }, { instanceId: 'green' }]);
    await removeGreen();
  });

  it('is refused when somebody else has an instance or a snapshot of the very same name, and theirs is left alone', async () => {
    const theirs = { code: 'CHECK_FAILED', message: expect.stringContaining('it was not touched') as string };
    const restore = { DBInstanceIdentifier: 'green', DBSnapshotIdentifier: SNAPSHOT };
    await client.send(new RestoreDBInstanceFromDBSnapshotCommand(restore));
    await rds.instance('green', 'available');
    const before = await provider.describeInstance('green');
    await expect(restoreGreen(deps(), INPUT, stepContext())).rejects.toMatchObject(theirs);
    // Nothing of this cutover's is there to be removed.
    await removeGreen();
    await expect(protectEntered(deps(), 'c-1', stepContext())).rejects.toMatchObject(theirs);
    await expect(provider.rebootInstance({ cutoverId: 'c-1', instanceId: 'green' }, WAIT)).rejects.toMatchObject(
      theirs,
    );
    await expect(
      provider.tagInstance({ cutoverId: 'c-1', instanceId: 'green', tags: { a: 'b' } }),
    ).rejects.toMatchObject(theirs);
    expect(await provider.describeInstance('green')).toEqual(before);
    const other = { cutoverId: 'c-9', environment: 'test' };
    await client.send(
      new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'blue', DBSnapshotIdentifier: 'hydra-cutover-c-9' }),
    );
    const snapshot = await rds.snapshot('hydra-cutover-c-9', 'available');
    await expect(takeSnapshot(deps(), other, stepContext())).rejects.toMatchObject(theirs);
    await expect(deleteSnapshot(deps(), other, stepContext())).rejects.toMatchObject(theirs);
    expect(await rds.snapshot('hydra-cutover-c-9', 'available')).toEqual(snapshot);
    await client.send(
      new AddTagsToResourceCommand({
        ResourceName: before?.arn,
        Tags: [
          { Key: CUTOVER_TAG, Value: 'c-1' },
          { Key: SNAPSHOT_TAG, Value: SNAPSHOT },
          ...Object.entries(RESTORED_TAGS).map(([Key, Value]) => ({ Key, Value })),
        ],
      }),
    );
    await removeGreen();
  });

  it.each([
    ['RestoreDBInstanceFromDBSnapshot', 'InstanceQuotaExceeded', 'RDS_FAILED', false, 'higher quota of DB instances'],
    ['RestoreDBInstanceFromDBSnapshot', 'StorageQuotaExceeded', 'RDS_FAILED', false, 'higher quota of storage'],
    ['RestoreDBInstanceFromDBSnapshot', 'InsufficientDBInstanceCapacity', 'RDS_BUSY', true, 'no such machine'],
    [
      'RestoreDBInstanceFromDBSnapshot',
      'DBSubnetGroupNotFoundFault',
      'RDS_FAILED',
      false,
      'green.instance.subnetGroup',
    ],
  ] as const)('is told why it cannot be had: %s answers %s', async (action, code, fault, retryable, text) => {
    await rds.faults({ failNext: { action, code } });
    await expect(restoreGreen(deps(), INPUT, stepContext())).rejects.toMatchObject({
      code: fault,
      retryable,
      message: expect.stringContaining(text) as string,
    });
  });

  it('is told when its snapshot vanished', async () => {
    await deleteSnapshot(deps(), INPUT, stepContext());
    await expect(restoreGreen(deps(), INPUT, stepContext())).rejects.toMatchObject({
      code: 'RDS_FAILED',
      retryable: false,
      message: expect.stringContaining('somebody removed the snapshot') as string,
    });
    await expect(provider.waitUntilSnapshotAvailable(SNAPSHOT, WAIT)).rejects.toMatchObject({
      message: expect.stringContaining('does not exist (any more)') as string,
    });
  });
});

const WAIT = { deadlineMs: 120_000, pollMs: 50 };
