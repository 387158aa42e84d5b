import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  type RDSClient,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-rds';
import { RdsDatabaseProvider } from '../../../adapters/rds/rds-database-provider';
import { CUTOVER_TAG, SNAPSHOT_TAG } from '../../../domain/ports/database-provider';
import { EndpointProcess, onInstance, testClient } from '../../integration/world/rds/endpoint-fixture';
import { serveHttp } from '../../support/http-server';

/** Nothing is measured by it. */
const WAIT = { deadlineMs: 120_000, pollMs: 50 };
const MINE = { cutoverId: 'c-1' };
const SNAPSHOT = { ...MINE, instanceId: 'blue', snapshotId: 'c-1-snapshot' };
const RESTORE = { ...MINE, snapshotId: 'c-1-snapshot', instanceId: 'c-1-green' };
const OTHER = { cutoverId: 'c-2' };

let rds: EndpointProcess;
let client: RDSClient;
let provider: RdsDatabaseProvider;

beforeAll(async () => {
  rds = await EndpointProcess.start();
  client = testClient(rds.endpoint);
  provider = new RdsDatabaseProvider(client);
  await rds.createInstance('blue', { DBInstanceClass: 'db.r6g.large', AllocatedStorage: 30 });
});
afterAll(() => rds.dispose());
afterEach(() => rds.faults({}));

describe('RdsDatabaseProvider', () => {
  it('describes an instance in our words, and an absent one as absent', async () => {
    expect(await provider.describeInstance('nobody')).toBeUndefined();
    expect(await provider.describeSnapshot('nothing')).toBeUndefined();
    const blue = await provider.describeInstance('blue');
    expect(blue).toMatchObject({
      status: 'available',
      endpoint: { host: '127.0.0.1', port: expect.any(Number) as number },
      settings: {
        instanceClass: 'db.r6g.large',
        allocatedStorageGib: 30,
        multiAz: false,
        securityGroups: ['sg-default'],
      },
      hasPendingChanges: false,
    });
  });

  it('takes a snapshot once: a second call adopts it, however far it is, and waiting shows its progress', async () => {
    await rds.holdIn('backing-up');
    const [first, second] = await Promise.all([
      provider.createOrAdoptSnapshot({ ...SNAPSHOT, tags: { team: 'login' } }),
      provider.createOrAdoptSnapshot({ ...SNAPSHOT, tags: { team: 'login' } }),
    ]);
    expect(second.arn).toBe(first.arn);
    const seen: string[] = [];
    let release: Promise<void> | undefined;
    const done = await provider.waitUntilSnapshotAvailable(SNAPSHOT.snapshotId, {
      ...WAIT,
      onProgress: ({ status }) => {
        seen.push(status);
        release ??= rds.letGo();
      },
    });
    await release;
    expect(seen[0]).toBe('creating');
    expect(done).toMatchObject({ status: 'available', percent: 100, tags: { team: 'login', [CUTOVER_TAG]: 'c-1' } });
    expect(await provider.createOrAdoptSnapshot(SNAPSHOT)).toMatchObject({ arn: first.arn, status: 'available' });
  });

  it('refuses a snapshot of that name that is of another cutover or another instance', async () => {
    await expect(provider.createOrAdoptSnapshot({ ...SNAPSHOT, ...OTHER })).rejects.toMatchObject({
      code: 'CHECK_FAILED',
    });
    await expect(provider.createOrAdoptSnapshot({ ...SNAPSHOT, instanceId: 'elsewhere' })).rejects.toMatchObject({
      code: 'CHECK_FAILED',
    });
  });

  it('restores once, with the settings it is given; a second call adopts it', async () => {
    const settings = { multiAz: true, parameterGroup: 'tuned', securityGroups: ['sg-1', 'sg-2'] };
    const [first, second] = await Promise.all([
      provider.restoreOrAdopt({ ...RESTORE, settings }),
      provider.restoreOrAdopt({ ...RESTORE, settings }),
    ]);
    expect(second.arn).toBe(first.arn);
    const green = await provider.waitUntilInstanceAvailable(RESTORE.instanceId, WAIT);
    expect(green).toMatchObject({
      settings: { ...settings, instanceClass: 'db.r6g.large', allocatedStorageGib: 30 },
      tags: { [CUTOVER_TAG]: 'c-1', [SNAPSHOT_TAG]: 'c-1-snapshot' },
    });
  });

  it('refuses to restore onto a name that is not ours, and touches nothing', async () => {
    const before = await provider.describeInstance('blue');
    await expect(provider.restoreOrAdopt({ ...RESTORE, instanceId: 'blue' })).rejects.toMatchObject({
      code: 'CHECK_FAILED',
    });
    await expect(provider.restoreOrAdopt({ ...RESTORE, ...OTHER })).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await expect(provider.restoreOrAdopt({ ...RESTORE, snapshotId: 'c-1-other' })).rejects.toMatchObject({
      code: 'CHECK_FAILED',
    });
    expect(await provider.describeInstance('blue')).toEqual(before);
  });

  it('gives green a new master password and waits until it is in force', async () => {
    const password = 'green-password-1';
    await rds.faults({ delaysMs: { 'resetting-master-credentials': 200 } });
    await provider.modifyMasterPassword({ ...MINE, instanceId: RESTORE.instanceId, password }, WAIT);
    const { DBInstances } = await client.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: RESTORE.instanceId }),
    );
    const [green] = DBInstances ?? [];
    if (green === undefined) throw new Error('no green');
    await onInstance(green, (session) => session.query('SELECT 1'), { password });
  });

  it('applies the settings that a restore cannot be given', async () => {
    const settings = { maintenanceWindow: 'mon:02:00-mon:02:30', backupRetentionDays: 5, performanceInsights: true };
    const green = await provider.applySettings({ ...MINE, instanceId: RESTORE.instanceId, settings }, WAIT);
    expect(green.settings).toMatchObject(settings);
  });

  it('changes and deletes nothing that is not ours', async () => {
    const refused = { code: 'CHECK_FAILED' };
    const blue = { ...MINE, instanceId: 'blue' };
    await expect(provider.deleteInstance(blue, WAIT)).rejects.toMatchObject(refused);
    await expect(provider.modifyMasterPassword({ ...blue, password: 'not-for-blue-1' }, WAIT)).rejects.toMatchObject(
      refused,
    );
    await expect(provider.applySettings({ ...blue, settings: {} }, WAIT)).rejects.toMatchObject(refused);
    await expect(provider.deleteSnapshot({ ...SNAPSHOT, ...OTHER }, WAIT)).rejects.toMatchObject(refused);
    await expect(provider.deleteInstance({ ...RESTORE, ...OTHER }, WAIT)).rejects.toMatchObject(refused);
    expect((await provider.describeInstance('blue'))?.status).toBe('available');
  });

  it('waits through throttling, and says RDS_UNREACHABLE when a single call meets too much of it', async () => {
    await rds.faults({ throttle: { action: 'DescribeDBInstances', count: 4 } });
    await provider.waitUntilInstanceAvailable('blue', WAIT);
    await rds.faults({ throttle: { action: 'DescribeDBInstances', count: 3 } });
    await expect(provider.describeInstance('blue')).rejects.toMatchObject({ code: 'RDS_UNREACHABLE', retryable: true });
  });

  it('says the reason when it is told to stop', async () => {
    await expect(
      provider.waitUntilInstanceAvailable('blue', { ...WAIT, signal: AbortSignal.abort(new Error('cancelled')) }),
    ).rejects.toThrow('cancelled');
  });

  it('says RDS_BUSY when the deadline passes, finds what is being removed busy, and is done when it is gone', async () => {
    await rds.holdIn('deleting');
    await expect(provider.deleteInstance(RESTORE, { deadlineMs: 100, pollMs: 20 })).rejects.toMatchObject({
      code: 'RDS_BUSY',
    });
    await expect(provider.restoreOrAdopt(RESTORE)).rejects.toMatchObject({ code: 'RDS_BUSY' });
    await expect(provider.waitUntilInstanceAvailable(RESTORE.instanceId, WAIT)).rejects.toMatchObject({
      code: 'RDS_FAILED',
    });
    await rds.letGo();
    await provider.deleteInstance(RESTORE, WAIT);
    await provider.deleteInstance(RESTORE, WAIT);
    expect(await provider.describeInstance(RESTORE.instanceId)).toBeUndefined();
  });

  it('says RDS_FAILED with the name AWS gives for what no retry mends', async () => {
    await rds.faults({ failNext: { action: 'CreateDBSnapshot', code: 'SnapshotQuotaExceeded' } });
    await expect(provider.createOrAdoptSnapshot({ ...SNAPSHOT, snapshotId: 'one-too-many' })).rejects.toMatchObject({
      code: 'RDS_FAILED',
      retryable: false,
      details: { awsError: 'SnapshotQuotaExceededFault' },
    });
  });

  it('says RDS_BUSY for a snapshot of an instance that is occupied, which a retry gets', async () => {
    await rds.holdIn('backing-up');
    const before = await provider.createOrAdoptSnapshot({ ...SNAPSHOT, snapshotId: 'c-1-before' });
    expect(before.status).toBe('creating');
    const again = { ...SNAPSHOT, snapshotId: 'c-1-after' };
    await expect(provider.createOrAdoptSnapshot(again)).rejects.toMatchObject({ code: 'RDS_BUSY', retryable: true });
    await rds.letGo();
    await provider.waitUntilInstanceAvailable('blue', WAIT);
    await provider.createOrAdoptSnapshot(again);
    await provider.waitUntilSnapshotAvailable('c-1-after', WAIT);
  });

  it('takes a snapshot of ours again that has failed', async () => {
    const torn = { ...SNAPSHOT, snapshotId: 'c-1-torn' };
    await rds.holdIn('backing-up', 'rebooting');
    await provider.createOrAdoptSnapshot(torn);
    const { DBInstances } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'blue' }));
    const [blue] = DBInstances ?? [];
    process.kill(rds.postmasterPid(blue ?? {}), 'SIGKILL');
    await rds.instance('blue', 'rebooting');
    await rds.letGo();
    await expect(provider.waitUntilSnapshotAvailable(torn.snapshotId, WAIT)).rejects.toMatchObject({
      code: 'RDS_FAILED',
    });
    await provider.waitUntilInstanceAvailable('blue', WAIT);
    expect((await provider.createOrAdoptSnapshot(torn)).status).toBe('creating');
    await provider.waitUntilSnapshotAvailable(torn.snapshotId, WAIT);
  });

  it('deletes its snapshots, also one whose tag somebody put on by hand, and no other', async () => {
    await client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'blue', DBSnapshotIdentifier: 'foreign' }));
    const foreign = await provider.waitUntilSnapshotAvailable('foreign', WAIT);
    const request = { ...MINE, snapshotId: 'foreign' };
    await expect(provider.deleteSnapshot(request, WAIT)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    const tag = { ResourceName: foreign.arn, Tags: [{ Key: CUTOVER_TAG, Value: 'c-1' }] };
    await client.send(new AddTagsToResourceCommand(tag));
    for (const snapshotId of ['foreign', SNAPSHOT.snapshotId, 'c-1-before', 'c-1-after', 'c-1-torn']) {
      await provider.deleteSnapshot({ ...MINE, snapshotId }, WAIT);
      await provider.deleteSnapshot({ ...MINE, snapshotId }, WAIT);
    }
    while ((await readdir(join(rds.stateDir, 'snapshots'))).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(
      client.send(new RemoveTagsFromResourceCommand({ ResourceName: foreign.arn, TagKeys: [CUTOVER_TAG] })),
    ).rejects.toMatchObject({ name: 'DBSnapshotNotFoundFault' });
  });

  it('says RDS_UNREACHABLE when nobody listens, and when an answer never comes', async () => {
    const nobody = testClient('http://127.0.0.1:1');
    await expect(new RdsDatabaseProvider(nobody).describeInstance('blue')).rejects.toMatchObject({
      code: 'RDS_UNREACHABLE',
    });
    const silent = await serveHttp(() => undefined);
    const impatient = testClient(silent.url, undefined, 100);
    await expect(new RdsDatabaseProvider(impatient).describeInstance('blue')).rejects.toMatchObject({
      code: 'RDS_UNREACHABLE',
    });
    await silent.close();
  });
});
