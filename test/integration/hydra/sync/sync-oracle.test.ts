import { quoteIdentifier } from '../../../../hydra/cleaning/session';
import { syncRound } from '../../../../hydra/sync';
import { useDatabase } from '../../../support/database';
import { History } from './history';
import { SyncWorld } from './sync-world';
import { PATH } from '../../../support/path';

const database = useDatabase('hydra_1_11_10');
/** 63 bytes. */
const SCHEMA = `O'Hydra "its" $1 \\ über; "public".x -- :schema 🐎 ${'x'.repeat(10)}`;
const history = new History(21);
let world: SyncWorld;

beforeAll(async () => {
  // Hydra does not mind how its schema is called, and neither may we.
  const admin = await database.connect();
  await admin.query(`ALTER SCHEMA public RENAME TO ${quoteIdentifier(SCHEMA)}`);
  await admin.end();
  world = new SyncWorld(database.config, PATH, undefined, SCHEMA);
  await world.capture();
  await history.go(await world.connect('blue'), 120);
  await world.snapshot();
});
afterAll(() => world.close());

it('makes a migrated snapshot and what was synced since equal to the migration of the last state, row by row', async () => {
  const blue = await world.connect('blue');
  const sync = await world.openSync();
  for (const [steps, batchRows] of [
    [40, 7],
    [150, 1_000],
    [80, 3],
    [1, 1_000],
    [60, 50],
  ] as const) {
    await history.go(blue, steps);
    expect(await syncRound(sync, { batchRows })).toMatchObject({ backlog: 0 });
  }
  const wanted = await world.rows(await world.migratedCopy());
  expect(await world.rows('green')).toEqual(wanted);
});

it('does so for tables that were rewritten, by comparing all of them, with nothing in the log that names a row', async () => {
  const blue = await world.connect('blue');
  const sync = await world.openSync();
  await history.go(blue, 120);
  await blue.query('UPDATE hydra_cutover.change_log SET done_at = now() WHERE done_at IS NULL');
  for (const { table } of PATH.captured) await blue.query(`VACUUM FULL ${table}`);
  expect(await syncRound(sync, { batchRows: 7 })).toMatchObject({ backlog: 0 });
  expect(await world.rows('green')).toEqual(await world.rows(await world.migratedCopy()));
});
