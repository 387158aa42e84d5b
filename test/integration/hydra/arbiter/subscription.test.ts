import { Client } from 'pg';
import {
  beginAttempt,
  commitAttempt,
  fence,
  guardProblems,
  guardTables,
  installArbiter,
} from '../../../../hydra/arbiter';
import { OwnCluster } from '../../../support/own-cluster';
import { SOON, until } from '../../../support/until';

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
afterAll(async () => {
  await Promise.all([publisher.end(), blue.end()]);
  await cluster.stop();
});

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
  const begun = await beginAttempt(blue, { epoch: 1, holdDeadlineMs: 600_000, marginMs: 0 });
  if (!begun.ok) throw new Error(begun.reason);
  expect(await fence(blue, begun.attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  await expect(blue.query(`INSERT INTO hydra_jwk VALUES ('by a client')`)).rejects.toMatchObject({ code: 'HC001' });

  await publisher.query(`INSERT INTO hydra_jwk VALUES ('by the apply worker')`);
  const rows = async () => (await blue.query<{ sid: string }>('SELECT sid FROM hydra_jwk')).rows;
  await until('the apply worker has written', async () => (await rows()).length > 0, SOON);
  expect(await rows()).toEqual([{ sid: 'by the apply worker' }]);
  expect(await guardProblems(blue)).toEqual(['a subscription writes hydra_jwk, past every guard']);
  expect(await commitAttempt(blue, begun.attempt, LOCK_TIMEOUT_MS)).toMatchObject({
    ok: false,
    reason: 'guard_problems',
  });
});
