import { Client } from 'pg';
import { guardTables, installArbiter } from '../../../../hydra/arbiter';
import { OwnCluster } from '../../../support/own-cluster';
import { until } from '../../../support/until';
import { endAll } from '../../../support/end-all';

let cluster: OwnCluster;
let green: Client;

beforeAll(async () => {
  cluster = await OwnCluster.start(15, { tls: false });
  await cluster.asSuperuser(`ALTER SYSTEM SET autovacuum_naptime = '1s'`);
  await cluster.asSuperuser('ALTER SYSTEM SET autovacuum = on');
  await cluster.asSuperuser('SELECT pg_reload_conf()');
  const { host, port, master } = cluster;
  green = new Client({ host, port, ...master, database: 'postgres' });
  await green.connect();
  await green.query('CREATE SCHEMA green');
  await installArbiter(green, { side: 'green', cutoverId: 'test', initialState: 'closed' });
});

afterAll(() =>
  endAll(
    () => green.end(),
    () => cluster.stop(),
  ),
);

/** It takes hours for its first pages, as with a large table. */
async function untilAutovacuumHoldsIt(): Promise<void> {
  await green.query(
    `CREATE TABLE green.large WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
       autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1) AS SELECT generate_series(1, 100000) AS id`,
  );
  await green.query('DELETE FROM green.large WHERE id % 2 = 0');
  const sql = `SELECT 1 FROM pg_locks WHERE relation = 'green.large'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted`;
  await until('autovacuum holds the table', async () => (await green.query(sql)).rows.length > 0, { everyMs: 100 });
}

it('of a large table gives way to a guard, which else waits only shortly', async () => {
  await untilAutovacuumHoldsIt();
  // A short lock timeout alone never gets there: autovacuum goes on.
  await expect(guardTables(green, { schema: 'green', attemptsPerTable: 1 })).rejects.toMatchObject({
    code: 'LOCK_BUSY',
  });
  expect(await guardTables(green, { schema: 'green', attemptsPerTable: 20 })).toEqual(['green.large']);
});
