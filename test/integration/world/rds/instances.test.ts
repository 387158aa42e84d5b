import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RebootDBInstanceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { EndpointProcess, MASTER_PASSWORD, onInstance, testClient } from './endpoint-fixture';
import { until } from '../../../support/until';

let rds: EndpointProcess;
let blue: DBInstance;

beforeAll(async () => {
  rds = await EndpointProcess.start();
  blue = await rds.createInstance('blue');
});
afterAll(() => rds.dispose());
afterEach(() => rds.faults({}));

const SPARE = {
  DBInstanceIdentifier: 'spare',
  DBInstanceClass: 'db.t4g.medium',
  Engine: 'postgres',
  MasterUsername: 'master',
  MasterUserPassword: MASTER_PASSWORD,
  BackupRetentionPeriod: 0,
};

describe('an instance', () => {
  it('has a master user with the rights of RDS: no superuser, but databases, roles and monitoring', async () => {
    await onInstance(blue, async (client) => {
      const { rows } = await client.query(
        `SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, pg_has_role('pg_monitor', 'MEMBER') AS monitor,
                pg_has_role('rds_superuser', 'MEMBER') AS rds_superuser, pg_has_role('pg_signal_backend', 'MEMBER') AS signal
           FROM pg_roles WHERE rolname = current_user`,
      );
      expect(rows).toEqual([
        {
          rolsuper: false,
          rolcreatedb: true,
          rolcreaterole: true,
          rolreplication: false,
          monitor: true,
          rds_superuser: true,
          signal: true,
        },
      ]);
      await client.query("CREATE ROLE app LOGIN PASSWORD 'app-password'");
      await client.query('GRANT rds_superuser TO app');
      await client.query('CREATE SCHEMA owned');
      await client.query("SET session_replication_role = 'replica'");
      await client.query('SELECT count(*) FROM pg_stat_activity');
      await expect(client.query('SELECT * FROM pg_authid')).rejects.toMatchObject({ code: '42501' });
      await expect(client.query("COPY (SELECT 1) TO PROGRAM 'true'")).rejects.toMatchObject({ code: '42501' });
      await expect(client.query('ALTER ROLE rdsadmin PASSWORD NULL')).rejects.toMatchObject({ code: '42501' });
      const fsync = await client.query('SHOW fsync');
      expect(fsync.rows).toEqual([{ fsync: 'on' }]);
    });
  });

  it('lets nobody into the database of the superuser', async () => {
    await expect(onInstance(blue, async () => undefined, { database: 'rdsadmin' })).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('keeps its state where only the owner can read it, and no password in it or in a log', async () => {
    const file = join(rds.stateDir, 'state.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const serverLog = await readFile(join(rds.dataDir(blue), '..', 'postgres.log'), 'utf8');
    for (const text of [await readFile(file, 'utf8'), serverLog, rds.log]) expect(text).not.toContain(MASTER_PASSWORD);
  });

  it('resets the master password in a state of its own; the old one is refused after it', async () => {
    await rds.holdIn('resetting-master-credentials');
    const MasterUserPassword = 'another-password-2';
    const answer = await rds.client.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'blue', MasterUserPassword, ApplyImmediately: true }),
    );
    expect(answer.DBInstance?.PendingModifiedValues?.MasterUserPassword).toBe('****');
    await rds.instance('blue', 'resetting-master-credentials');
    await rds.letGo();
    await rds.instance('blue', 'available');
    await onInstance(blue, (client) => client.query('SELECT 1'), { password: MasterUserPassword });
    await expect(onInstance(blue, async () => undefined)).rejects.toMatchObject({ code: '28P01' });
    await rds.resetMasterPassword('blue', MASTER_PASSWORD);
  });

  it('is refused a snapshot, a change and a second deletion while it is being deleted', async () => {
    await rds.createInstance('doomed');
    await rds.holdIn('deleting');
    const id = { DBInstanceIdentifier: 'doomed' };
    await rds.client.send(new DeleteDBInstanceCommand({ ...id, SkipFinalSnapshot: true }));
    const state = { name: 'InvalidDBInstanceStateFault' };
    await expect(
      rds.client.send(new CreateDBSnapshotCommand({ ...id, DBSnapshotIdentifier: 'no' })),
    ).rejects.toMatchObject(state);
    await expect(rds.client.send(new ModifyDBInstanceCommand({ ...id, MultiAZ: true }))).rejects.toMatchObject(state);
    await expect(rds.client.send(new RebootDBInstanceCommand(id))).rejects.toMatchObject(state);
    await expect(
      rds.client.send(new DeleteDBInstanceCommand({ ...id, SkipFinalSnapshot: true })),
    ).rejects.toMatchObject(state);
    const { DBInstances } = await rds.client.send(new DescribeDBInstancesCommand(id));
    expect(DBInstances?.[0]?.DBInstanceStatus).toBe('deleting');
  });

  it('is made once when two requests for one name arrive at once', async () => {
    const make = () => rds.client.send(new CreateDBInstanceCommand(SPARE));
    const results = await Promise.allSettled([make(), make(), make()]);
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).name] : []));
    expect(refusals).toEqual(['DBInstanceAlreadyExistsFault', 'DBInstanceAlreadyExistsFault']);
    const spare = await rds.instance('spare', 'available');
    expect(await readdir(join(rds.stateDir, 'instances'))).toContain(spare.DbiResourceId);
  });

  it('is stopped and started, keeps its endpoint, and is no source of snapshots meanwhile', async () => {
    const before = await rds.instance('spare', 'available');
    const id = { DBInstanceIdentifier: 'spare' };
    await rds.client.send(new StopDBInstanceCommand(id));
    await rds.instance('spare', 'stopped');
    await expect(onInstance(before, async () => undefined)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(
      rds.client.send(new CreateDBSnapshotCommand({ ...id, DBSnapshotIdentifier: 'no' })),
    ).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
    await rds.client.send(new StartDBInstanceCommand(id));
    const after = await rds.instance('spare', 'available');
    expect(after.Endpoint).toEqual(before.Endpoint);
  });

  it('applies what waited at the next reboot', async () => {
    const id = { DBInstanceIdentifier: 'spare' };
    await rds.client.send(
      new ModifyDBInstanceCommand({ ...id, DBInstanceClass: 'db.m7g.large', AllocatedStorage: 50 }),
    );
    await rds.client.send(new RebootDBInstanceCommand(id));
    const rebooted = await rds.instance('spare', 'available');
    // Available once between the reboot and the change, as on AWS.
    const after = rebooted.DBInstanceClass === 'db.m7g.large' ? rebooted : await settled('spare', 'db.m7g.large');
    expect(after).toMatchObject({ DBInstanceClass: 'db.m7g.large', AllocatedStorage: 50 });
  });

  it('does not lend its snapshot to a deletion while a restore reads it', async () => {
    await rds.client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'spare', DBSnapshotIdentifier: 'lent' }));
    await rds.snapshot('lent', 'available');
    await rds.instance('spare', 'available');
    await rds.holdIn('creating');
    const restore = (DBInstanceIdentifier: string) =>
      rds.client.send(
        new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier: 'lent' }),
      );
    await restore('borrower');
    const deletion = () => rds.client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'lent' }));
    await expect(deletion()).rejects.toMatchObject({ name: 'InvalidDBSnapshotStateFault' });
    await expect(restore('spare')).rejects.toMatchObject({ name: 'DBInstanceAlreadyExistsFault' });
    await rds.letGo();
    await rds.instance('borrower', 'available');
    await deletion();
    // Its files go after the answer.
    await until('the snapshot is gone', async () => (await readdir(join(rds.stateDir, 'snapshots'))).length === 0);
  });

  it('is out of reach for wrong keys', async () => {
    const stranger = testClient(rds.endpoint, { accessKeyId: 'AKIDTEST', secretAccessKey: 'wrong' });
    await expect(stranger.send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
  });

  it('is throttled on demand, and the SDK gets through when that ends', async () => {
    await rds.faults({ throttle: { action: 'DescribeDBInstances', count: 1 } });
    const { DBInstances } = await rds.client.send(new DescribeDBInstancesCommand({}));
    expect(DBInstances?.length).toBeGreaterThan(0);
  });
});

async function settled(id: string, instanceClass: string): Promise<DBInstance> {
  for (;;) {
    const instance = await rds.instance(id, 'available');
    if (instance.DBInstanceClass === instanceClass) return instance;
    await sleep(50);
  }
}
