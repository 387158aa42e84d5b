import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateDBSnapshotCommand, type DBInstance, RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import { type Client } from 'pg';
import { withSuperuser } from '../../../../world/rds/cluster/superuser-session';
import { takeSnapshot } from '../../../../world/rds/snapshot/take-snapshot';
import { AcknowledgedWriter } from './acknowledged-writer';
import { EndpointProcess, onInstance } from './endpoint-fixture';

let rds: EndpointProcess;
let blue: DBInstance;
let superuser: { port: number; password: string };

beforeAll(async () => {
  rds = await EndpointProcess.start();
  blue = await rds.createInstance('blue');
  superuser = { port: blue.Endpoint?.Port ?? 0, password: await superuserPassword() };
  await onInstance(blue, async (client) => {
    await client.query(
      `CREATE TABLE bulk AS SELECT n AS id, repeat(md5(n::text), 20) AS filler FROM generate_series(1, 90000) AS n`,
    );
    await client.query('CREATE INDEX ON bulk (id)');
  });
});
afterAll(() => rds.dispose());

/** The password is in the state folder and nowhere else. */
async function superuserPassword(): Promise<string> {
  const state = JSON.parse(await readFile(join(rds.stateDir, 'state.json'), 'utf8')) as {
    instances: { blue: { identity: { superuserPassword: string } } };
  };
  return state.instances.blue.identity.superuserPassword;
}

/** Fills several WAL files and recycles what nobody holds. */
async function churn(client: Client): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await client.query('SELECT pg_switch_wal()');
    await client.query('CREATE TABLE churn AS SELECT repeat(md5(n::text), 50) FROM generate_series(1, 4000) AS n');
    await client.query('DROP TABLE churn');
    await client.query('CHECKPOINT');
  }
}

describe('a snapshot of a running instance', () => {
  it('holds every row that was acknowledged before its database time, and the restored data are intact', async () => {
    const writer = new AcknowledgedWriter(blue);
    await writer.start();
    await writer.hasWritten(10);
    await rds.client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'blue', DBSnapshotIdentifier: 'whole' }));
    const snapshot = await rds.snapshot('whole', 'available', 'failed');
    await writer.stop();
    expect(snapshot.Status).toBe('available');
    const promised = writer.idsBefore(snapshot.SnapshotDatabaseTime ?? new Date(0));
    expect(promised.length).toBeGreaterThan(0);
    await rds.client.send(
      new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: 'green', DBSnapshotIdentifier: 'whole' }),
    );
    const green = await rds.instance('green', 'available', 'failed');
    const found = await onInstance(green, async (client) => {
      const rows = await client.query<{ id: string }>('SELECT id FROM acknowledged');
      const bulk = await client.query<{ count: string }>('SELECT count(*), count(DISTINCT filler) FROM bulk');
      expect(bulk.rows[0]?.count).toBe('90000');
      return new Set(rows.rows.map((row) => Number(row.id)));
    });
    expect(promised.filter((id) => !found.has(id))).toEqual([]);
    await withSuperuser({ ...superuser, port: green.Endpoint?.Port ?? 0, database: 'hydra' }, async (client) => {
      await client.query('CREATE EXTENSION amcheck');
      await client.query(
        `SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
          WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relpersistence <> 't'`,
      );
    });
  });

  it('keeps the WAL it needs although checkpoints recycle everything else during the copy', async () => {
    const target = await mkdtemp(join(tmpdir(), 'rds-wal-'));
    try {
      await withSuperuser(superuser, async (client) => {
        await client.query("ALTER SYSTEM SET max_wal_size = '32MB'");
        await client.query("ALTER SYSTEM SET min_wal_size = '32MB'");
        await client.query('SELECT pg_reload_conf()');
        let churned = false;
        await takeSnapshot({
          port: superuser.port,
          superuserPassword: superuser.password,
          dataDir: rds.dataDir(blue),
          targetDir: join(target, 'data'),
          signal: new AbortController().signal,
          onProgress: async () => {
            if (churned) return;
            churned = true;
            await churn(client);
          },
        });
        expect((await readdir(join(target, 'data', 'pg_wal'))).length).toBeGreaterThan(4);
        const slots = await client.query('SELECT slot_name FROM pg_replication_slots');
        expect(slots.rows).toEqual([]);
      });
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  });

  it('would lose that WAL without its slot: the same load recycles the first file of a backup that has none', async () => {
    await withSuperuser(superuser, async (backup) => {
      const started = await backup.query<{ file: string }>(
        "SELECT pg_walfile_name(pg_backup_start('no slot', true)) AS file",
      );
      await withSuperuser(superuser, churn);
      const left = await readdir(join(rds.dataDir(blue), 'pg_wal'));
      await backup.query('SELECT pg_backup_stop(false)');
      expect(left).not.toContain(started.rows[0]?.file);
    });
  });

  it('fails, and does not hang, when the server is killed in the middle of the copy', async () => {
    const target = await mkdtemp(join(tmpdir(), 'rds-torn-'));
    const pid = rds.postmasterPid(blue);
    await rds.holdIn('rebooting');
    let killed = false;
    const copy = takeSnapshot({
      port: superuser.port,
      superuserPassword: superuser.password,
      dataDir: rds.dataDir(blue),
      targetDir: join(target, 'data'),
      signal: new AbortController().signal,
      onProgress: () => {
        if (killed) return;
        killed = true;
        process.kill(pid, 'SIGKILL');
      },
    });
    await expect(copy).rejects.toThrow(/connection|session/i);
    await rm(target, { recursive: true, force: true });
    await rds.instance('blue', 'rebooting');
    await rds.letGo();
    await rds.instance('blue', 'available');
  });
});
