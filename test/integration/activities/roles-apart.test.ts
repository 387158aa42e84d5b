import { randomBytes } from 'node:crypto';
import { type Client } from 'pg';
import { catchUp } from '../../../activities/catch-up';
import { enableCapture } from '../../../activities/enable-capture';
import { gatherEvidence } from '../../../activities/gather-evidence';
import { keepInSync } from '../../../activities/keep-in-sync';
import { proveDrain } from '../../../activities/prove-drain';
import { type StepDeps } from '../../../activities/step';
import { verifyParity } from '../../../activities/verify-parity';
import { PostgresDatabases } from '../../../adapters/postgres/postgres-databases';
import { type DatabaseSession } from '../../../domain/ports/databases';
import { OUR_ROLES } from '../../../domain/our-roles';
import { beginAttempt, commitAttempt, fence, openSide } from '../../../hydra/arbiter';
import { AGREEING_HYDRAS } from '../../support/agreeing-hydras';
import { asAdmin, useDatabase } from '../../support/database';
import { History } from '../hydra/sync/history';
import { SyncWorld } from '../hydra/sync/sync-world';
import { SETTINGS, stepContext } from './green-fixture';

const database = useDatabase('hydra_1_11_10');
const world = new SyncWorld(database.config);
const suffix = randomBytes(4).toString('hex');
const [keeper, worker, password] = [`keeper_${suffix}`, `worker_${suffix}`, 'password-of-the-test'];
const input = { cutoverId: world.cutoverId, environment: 'test', startedBy: 'alice' };
const history = new History(7);
let blue: Client;

beforeAll(async () => {
  await asAdmin(
    `CREATE ROLE ${keeper} LOGIN PASSWORD '${password}' IN ROLE hydra, pg_monitor, pg_signal_backend, ${OUR_ROLES.owner};
     CREATE ROLE ${worker} LOGIN PASSWORD '${password}' IN ROLE hydra;
     GRANT CREATE ON DATABASE ${database.config.database} TO ${keeper}`,
  );
});
afterAll(async () => {
  await world.close();
  await asAdmin(`DROP DATABASE IF EXISTS ${database.config.database} WITH (FORCE)`);
  await asAdmin(`DROP ROLE ${keeper}, ${worker}`);
});

function deps(): StepDeps {
  const { host, port, user, password: admin } = database.config;
  const at = { host, port, ssl: { mode: 'disable' as const } };
  const silent = () => undefined;
  return {
    settings: {
      ...{ ...SETTINGS, blueWorker: worker },
      green: { ...SETTINGS.green, syncRole: world.syncRole },
      sync: { ...SETTINGS.sync, idleMs: 20, backlogMax: 0 },
    },
    databases: new PostgresDatabases({
      sides: {
        blue: {
          ...{ ...at, name: database.config.database, user: keeper, password: () => password },
          worker: { user: worker, password: () => password },
        },
        green: { ...at, name: world.green, user, password: () => admin },
      },
      provider: { describeInstance: () => Promise.resolve(undefined) },
    }),
    hydra: AGREEING_HYDRAS,
    gateways: [],
    targets: [],
    jobs: [],
    log: { debug: silent, info: silent, warn: silent, error: silent },
  } as unknown as StepDeps;
}

const asKeeper = <T>(work: (blue: DatabaseSession) => Promise<T>) => deps().databases.withSession('blue', work);

it('a keeper that may read no row of Hydra marks, fences, commits and proves what a worker reads that may do none of it', async () => {
  await enableCapture(deps(), input, stepContext());
  blue = await world.connect('blue');
  await history.go(blue, 5);
  await world.snapshot();
  // From here on it has no right to a row of Hydra.
  await asAdmin(`REVOKE hydra FROM ${keeper}`);
  await expect(asKeeper((session) => session.query('SELECT FROM public.hydra_client'))).rejects.toMatchObject({
    code: '42501',
  });
  blue = await world.connect('blue');
  await history.go(blue, 20);
  expect(await catchUp(deps(), input, stepContext())).toMatchObject({ backlog: 0 });
  expect(await verifyParity(deps(), input, stepContext())).toMatchObject({ differences: 0 });
  await history.go(blue, 20);
  // A table that is carried altogether is marked page by page.
  await blue.query('VACUUM FULL hydra_oauth2_refresh');
  const { changes } = await keepInSync(deps(), { ...input, forMs: 0 }, stepContext());
  expect(changes).toBeGreaterThan(0);
  expect(await gatherEvidence(deps(), input, stepContext())).toMatchObject({ backlog: 0, problems: [] });
  await asKeeper(async (session) => {
    const begun = await beginAttempt(session, { epoch: 1, holdDeadlineMs: 60_000, marginMs: 0 });
    if (!begun.ok) throw new Error(begun.reason);
    expect(await fence(session, begun.attempt, 5_000)).toMatchObject({ ok: true });
    expect(await commitAttempt(session, begun.attempt, 5_000)).toMatchObject({ ok: true });
  });
  await openSide(await world.connect('green'), 1, 5_000);
  expect(await proveDrain(deps(), input, stepContext())).toMatchObject({ missing: 0, undoneChanges: 0 });
  await world.disconnect();
});
