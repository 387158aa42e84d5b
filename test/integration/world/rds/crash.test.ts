import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { processStartTime } from '../../../../scripts/lib/process-identity';
import { EndpointProcess, MASTER_PASSWORD, onInstance } from './endpoint-fixture';

let rds: EndpointProcess;
let blue: DBInstance;

beforeAll(async () => {
  rds = await EndpointProcess.start();
  blue = await rds.createInstance('blue');
  await onInstance(blue, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS id'));
});
afterAll(() => rds.dispose());
afterEach(() => rds.faults({}));

const rowsKept = (instance: DBInstance) =>
  onInstance(instance, async (client) => (await client.query<{ id: number }>('SELECT id FROM kept')).rows);

describe('a PostgreSQL that is killed under the endpoint', () => {
  it('is seen as rebooting, started again on the same port, and has its data; the log says what happened', async () => {
    await rds.holdIn('rebooting');
    process.kill(rds.postmasterPid(blue), 'SIGKILL');
    await rds.instance('blue', 'rebooting');
    await rds.letGo();
    const after = await rds.instance('blue', 'available');
    expect(after.Endpoint).toEqual(blue.Endpoint);
    expect(await rowsKept(after)).toEqual([{ id: 1 }]);
    await rds.logged('postgresql ended by itself');
  });

  it('fails the snapshot that was being taken and leaves none of its files', async () => {
    await rds.holdIn('backing-up', 'rebooting');
    await rds.client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'blue', DBSnapshotIdentifier: 'torn' }));
    process.kill(rds.postmasterPid(blue), 'SIGKILL');
    // The copy begins only now.
    await rds.instance('blue', 'rebooting');
    await rds.letGo();
    expect((await rds.snapshot('torn', 'failed', 'available')).Status).toBe('failed');
    await rds.instance('blue', 'available');
    expect(await readdir(join(rds.stateDir, 'snapshots'))).toEqual([]);
  });

  it('still gets the password that was accepted before', async () => {
    await rds.holdIn('resetting-master-credentials', 'rebooting');
    const MasterUserPassword = 'after-the-crash-3';
    await rds.client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'blue', MasterUserPassword }));
    await rds.instance('blue', 'resetting-master-credentials');
    process.kill(rds.postmasterPid(blue), 'SIGKILL');
    await rds.instance('blue', 'rebooting');
    await rds.letGo();
    let pending = true;
    while (pending) {
      const instance = await rds.instance('blue', 'available');
      pending = instance.PendingModifiedValues?.MasterUserPassword !== undefined;
    }
    await onInstance(blue, (client) => client.query('SELECT 1'), { password: MasterUserPassword });
    await rds.resetMasterPassword('blue', MASTER_PASSWORD);
  });

  it('is given up as failed when it does not start any more, and can be deleted then', async () => {
    const broken = await rds.createInstance('broken');
    await rm(join(rds.dataDir(broken), 'global', 'pg_control'));
    process.kill(rds.postmasterPid(broken), 'SIGKILL');
    await rds.instance('broken', 'failed');
    const id = { DBInstanceIdentifier: 'broken' };
    await expect(
      rds.client.send(new DeleteDBInstanceCommand({ ...id, FinalDBSnapshotIdentifier: 'no' })),
    ).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
    await rds.client.send(new DeleteDBInstanceCommand({ ...id, SkipFinalSnapshot: true }));
    await gone('broken');
  });
});

describe('an endpoint that is killed', () => {
  it('takes over the running server of an available instance: sessions do not even notice', async () => {
    const pid = rds.postmasterPid(blue);
    await onInstance(blue, async (client) => {
      rds = await rds.killAndRestart();
      await rds.instance('blue', 'available');
      expect((await client.query<{ id: number }>('SELECT id FROM kept')).rows).toEqual([{ id: 1 }]);
    });
    expect(rds.postmasterPid(blue)).toBe(pid);
    await rds.logged('running postgresql adopted');
    await rds.holdIn('rebooting');
    process.kill(pid, 'SIGKILL');
    await rds.instance('blue', 'rebooting');
    await rds.letGo();
    await rds.instance('blue', 'available');
  });

  it('starts the server of an instance that died with it', async () => {
    const pid = rds.postmasterPid(blue);
    await rds.signal('SIGKILL');
    process.kill(pid, 'SIGKILL');
    rds = await EndpointProcess.start(rds.dir);
    expect(await rowsKept(await rds.instance('blue', 'available'))).toEqual([{ id: 1 }]);
  });

  it('marks what it was doing: half a snapshot and half an instance have failed, a deletion is finished', async () => {
    await rds.createInstance('doomed');
    await rds.holdIn('backing-up', 'creating', 'deleting');
    await rds.client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'blue', DBSnapshotIdentifier: 'half' }));
    await rds.client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'doomed', SkipFinalSnapshot: true }));
    await rds.client.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'unborn',
        DBInstanceClass: 'db.t4g.medium',
        Engine: 'postgres',
        MasterUsername: 'master',
        MasterUserPassword: MASTER_PASSWORD,
      }),
    );
    rds = await rds.killAndRestart();
    expect((await rds.snapshot('half', 'failed', 'available')).Status).toBe('failed');
    await rds.instance('unborn', 'failed');
    await gone('doomed');
    await rds.instance('blue', 'available');
    expect(await readdir(join(rds.stateDir, 'snapshots'))).toEqual([]);
  });

  it('takes the final snapshot again that it owed to a deletion', async () => {
    await rds.createInstance('last');
    await rds.holdIn('deleting');
    await rds.client.send(
      new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'last', FinalDBSnapshotIdentifier: 'last-words' }),
    );
    rds = await rds.killAndRestart();
    await rds.snapshot('last-words', 'available');
    await gone('last');
  });
});

describe('an endpoint that is stopped', () => {
  it('refuses a second one over its folder, stops its servers in order, and brings them back', async () => {
    const pid = rds.postmasterPid(blue);
    const { child } = rds.spawn(join(rds.dir, 'second.json'));
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    expect(said).toContain('WORLD_IN_USE');
    expect(child.exitCode).not.toBe(0);
    expect(await rds.signal('SIGTERM')).toBe(0);
    expect(processStartTime(pid)).toBeUndefined();
    expect(existsSync(join(rds.dataDir(blue), 'postmaster.pid'))).toBe(false);
    expect(await readFile(join(rds.dataDir(blue), '..', 'postgres.log'), 'utf8')).toContain(
      'database system is shut down',
    );
    rds = await EndpointProcess.start(rds.dir);
    expect(await rowsKept(await rds.instance('blue', 'available'))).toEqual([{ id: 1 }]);
  });
});

async function gone(id: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      await rds.client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    } catch (error) {
      if ((error as Error).name === 'DBInstanceNotFoundFault') return;
      throw error;
    }
    if (Date.now() > deadline) throw new Error(`instance ${id} is still there: ${rds.log.slice(-1_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
