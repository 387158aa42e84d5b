import { Client, type ClientConfig } from 'pg';
import { checkReaders } from '../../../../activities/in-place/check-database';
import { Findings } from '../../../../activities/preflight/findings';
import { commitAttempt, guardProblems, guardTables, installArbiter } from '../../../../hydra/arbiter';
import { fenced } from '../../../support/attempts';
import { OwnCluster } from '../../../support/own-cluster';
import { SOON, until } from '../../../support/until';
import { endAll } from '../../../support/end-all';

const LOCK_TIMEOUT_MS = 60_000;

let cluster: OwnCluster;
let publisher: Client;
let blue: Client;

async function connect(database: string): Promise<Client> {
  const { host, port, master } = cluster;
  const client = new Client({ host, port, ...master, database });
  await client.connect();
  return client;
}

beforeAll(async () => {
  cluster = await OwnCluster.start(15, { tls: false, settings: { wal_level: 'logical' } });
  for (const name of ['publisher', 'blue']) await cluster.asSuperuser(`CREATE DATABASE ${name} OWNER master`);
  [publisher, blue] = [await connect('publisher'), await connect('blue')];
});
afterAll(() =>
  endAll(
    () => publisher.end(),
    () => blue.end(),
    () => cluster.stop(),
  ),
);

it('of a table of Hydra writes past a standing fence, so the commit is refused', async () => {
  for (const client of [publisher, blue]) await client.query('CREATE TABLE hydra_jwk (sid text PRIMARY KEY)');
  await publisher.query('CREATE PUBLICATION theirs FOR TABLE hydra_jwk');
  // Both databases are on one server, where making the slot together with the subscription would wait for itself.
  await cluster.asSuperuser(`SELECT pg_create_logical_replication_slot('theirs', 'pgoutput')`, 'publisher');
  await cluster.asSuperuser(
    `CREATE SUBSCRIPTION theirs CONNECTION 'host=${cluster.host} port=${cluster.port} dbname=publisher user=${cluster.superuser.user} password=${cluster.superuser.password}'
       PUBLICATION theirs WITH (create_slot = false, slot_name = 'theirs', copy_data = false)`,
    'blue',
  );
  await installArbiter(blue, { side: 'blue', cutoverId: 'test', initialState: 'open' });
  await guardTables(blue);
  const attempt = await fenced(blue, 1);
  await expect(blue.query(`INSERT INTO hydra_jwk VALUES ('by a client')`)).rejects.toMatchObject({ code: 'HC001' });

  await publisher.query(`INSERT INTO hydra_jwk VALUES ('by the apply worker')`);
  const rows = async () => (await blue.query<{ sid: string }>('SELECT sid FROM hydra_jwk')).rows;
  await until('the apply worker has written', async () => (await rows()).length > 0, SOON);
  expect(await rows()).toEqual([{ sid: 'by the apply worker' }]);
  expect(await guardProblems(blue)).toEqual(['a subscription writes hydra_jwk, past every guard']);
  expect(await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({
    ok: false,
    reason: 'guard_problems',
  });
});

it('that begins with a copy holds up the build of an index: an upgrade in place names who, and a slot alone holds up nobody', async () => {
  await cluster.asSuperuser(`SELECT pg_create_logical_replication_slot('idle', 'pgoutput')`, 'publisher');
  await publisher.query('CREATE TABLE large (id int)');
  await publisher.query('CREATE INDEX CONCURRENTLY before ON large (id)');
  const { host, port, superuser } = cluster;
  const copies = new Client({
    host,
    port,
    ...superuser,
    database: 'publisher',
    replication: 'database',
  } as ClientConfig);
  await copies.connect();
  let built = Promise.resolve();
  try {
    await copies.query('CREATE_REPLICATION_SLOT "copies" TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT');
    const found = new Findings();
    await checkReaders(publisher, found, 0);
    expect(found.warnings.join()).toMatch(/process \d+ of role \w+, idle in transaction: its transaction is open/);
    let isBuilt = false;
    built = publisher.query('CREATE INDEX CONCURRENTLY beside ON large (id)').then(() => void (isBuilt = true));
    const waits = `SELECT 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'`;
    const watcher = await connect('publisher');
    await until('the build waits', async () => (await watcher.query(waits)).rowCount === 1, SOON);
    await watcher.end();
    expect(isBuilt).toBe(false);
  } finally {
    await copies.end();
    await built;
  }
  await cluster.asSuperuser(`SELECT pg_drop_replication_slot('idle')`, 'publisher');
});
