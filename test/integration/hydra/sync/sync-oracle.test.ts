import { syncRound } from '../../../../hydra/sync';
import { useDatabase } from '../../../support/database';
import { History } from './history';
import { SyncWorld } from './sync-world';

const database = useDatabase('hydra_1_11_10');
let world: SyncWorld;

beforeAll(() => (world = new SyncWorld(database.config)));
afterAll(() => world.close());

it('makes a migrated snapshot and what was synced since equal to the migration of the last state, row by row', async () => {
  const history = new History(21);
  await world.capture();
  const before = await world.connect('blue');
  await history.go(before, 120);
  await world.snapshot();
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
