import { type Client } from 'pg';
import { type InPlaceDeps } from '../../../activities/in-place/deps';
import { startBeside, startOld, stopBeside, stopOld } from '../../../activities/in-place/hydras';
import { keepPlan } from '../../../hydra/in-place/keep-plan';
import { IN_PLACE_SCHEMA } from '../../../hydra/in-place/our-schemas';
import { useDatabase } from '../../support/database';
import { stepContext } from '../../support/in-place';

const database = useDatabase('empty');
const RUN = { cutoverId: 'run-1', environment: 'test' };
const LATE = { code: 'STALE_ORDER' };
let client: Client;
const run: string[] = [];

beforeAll(async () => (client = await database.connect()));

/** Gateways that give the new version `share`, and commands that are noted. The old Hydra is ready, the new one is not. */
function depsWith(share: number): InPlaceDeps {
  return {
    settings: { readyDeadlineMs: 1 },
    databases: { withSession: (_name: string, work: (session: Client) => unknown) => work(client) },
    gateways: [{ name: 'gateway-1', besideShare: async () => share }],
    hydra: { old: { isReady: async () => true }, new: { isReady: async () => false } },
    commands: { run: async (name: string) => (run.push(name), { exitCode: 0 }) },
  } as unknown as InPlaceDeps;
}

const order = (number: number) => ({ ...stepContext(), order: number });

it('runs no command for a step that was begun before one that acted, nor once the upgrade is over', async () => {
  await keepPlan(client, 'run-1', {
    ...{ from: '1.3.2', to: '1.11.10', acts: [], changedTables: [] },
    bookkeeping: { make: [], versions: [] },
  });
  const [allAtOld, allAtNew] = [depsWith(0), depsWith(100)];
  // A try, and one more because its answer was lost.
  for (const deps of [allAtOld, allAtOld]) await stopBeside(deps, RUN, order(8));
  await expect(stopBeside(allAtOld, RUN, order(7))).rejects.toMatchObject(LATE);
  await expect(stopOld(allAtNew, RUN, order(7))).rejects.toMatchObject(LATE);
  await expect(startOld(allAtOld, RUN, order(7))).rejects.toMatchObject(LATE);
  await expect(startBeside(allAtOld, RUN, order(7))).rejects.toMatchObject(LATE);
  await startOld(allAtOld, RUN, order(9));
  await client.query(`DROP SCHEMA ${IN_PLACE_SCHEMA} CASCADE`);
  await expect(stopOld(allAtNew, RUN, order(10))).rejects.toMatchObject(LATE);
  expect(run).toEqual(['stopBeside', 'stopBeside', 'startOld']);
});
