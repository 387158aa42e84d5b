import { randomBytes } from 'node:crypto';
import { type Client } from 'pg';
import { renewCode } from '../../../activities/canary-user/renew-code';
import { catchUp } from '../../../activities/catch-up';
import { enableCapture } from '../../../activities/enable-capture';
import { gatherEvidence } from '../../../activities/gather-evidence';
import { keepInSync } from '../../../activities/keep-in-sync';
import { extendLifetimes, restoreLifetimes } from '../../../activities/lifetimes';
import { proveDrain } from '../../../activities/prove-drain';
import { type StepDeps } from '../../../activities/step';
import { AroundFence, carryAround } from '../../../activities/switchover/around-fence';
import { type Attempt } from '../../../activities/switchover/attempt';
import { verifyParity } from '../../../activities/verify-parity';
import { PostgresDatabases } from '../../../adapters/postgres/postgres-databases';
import { CutoverFault } from '../../../domain/faults';
import { type DatabaseSession } from '../../../domain/ports/databases';
import { OUR_ROLES } from '../../../domain/our-roles';
import { FORWARD } from '../../../domain/sides';
import { commitAttempt, letRead, openSide } from '../../../hydra/arbiter';
import { fenced } from '../../support/attempts';
import { readUser } from '../../../hydra/canary-user';
import { inTransaction } from '../../../hydra/cleaning/session';
import { installSyncTables } from '../../../hydra/sync/install-sync-tables';
import { grantSyncRole } from '../../../hydra/sync/sync-role';
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
  const { host, port } = database.config;
  const ours = {
    ...{ host, port, ssl: { mode: 'disable' as const }, user: keeper, password: () => password },
    worker: { user: worker, password: () => password },
  };
  const silent = () => undefined;
  const provider = {
    describeInstance: () => Promise.resolve(undefined),
    describeSnapshot: () => Promise.resolve(undefined),
  };
  return {
    settings: {
      ...{ ...SETTINGS, workerRoles: { blue: worker, green: worker } },
      green: { ...SETTINGS.green, syncRole: world.syncRole },
      sync: { ...SETTINGS.sync, idleMs: 20, backlogMax: 0 },
    },
    databases: new PostgresDatabases({
      sides: {
        blue: { ...ours, name: database.config.database },
        green: { ...ours, name: world.green },
      },
      provider,
    }),
    provider,
    canaryUser: {
      logIn: () => Promise.resolve('sealed'),
      renewCode: () => Promise.resolve('sealed anew'),
      tokens: () => Promise.reject(new CutoverFault('HYDRA_UNREACHABLE', 'no Hydra in this test')),
    },
    direction: FORWARD,
    hydra: AGREEING_HYDRAS,
    gateways: [],
    targets: [],
    jobs: [],
    log: { debug: silent, info: silent, warn: silent, error: silent },
  } as unknown as StepDeps;
}

/** As the steps that prepared green left it. */
async function prepared(): Promise<void> {
  await world.snapshot({ owner: OUR_ROLES.owner });
  const green = await world.connect('green');
  await green.query(`DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
      EXECUTE format('ALTER TABLE %s OWNER TO hydra', t);
    END LOOP; END $$; GRANT ${world.syncRole} TO ${keeper}`);
  await inTransaction(green, 'BEGIN', 'COMMIT', () => installSyncTables(green, { syncRole: world.syncRole }));
  await grantSyncRole(green, world.syncRole);
  await letRead(green, worker);
}

const asKeeper = <T>(work: (blue: DatabaseSession) => Promise<T>) => deps().databases.withSession('blue', work);

it('a keeper that may read no row of Hydra on either side marks, fences, commits and proves what a worker reads that may do none of it', async () => {
  expect(await enableCapture(deps(), input, stepContext())).toMatchObject({ noCanaryUser: null });
  await renewCode(deps(), input, stepContext());
  expect(await asKeeper(readUser)).toMatchObject({ sealed: 'sealed anew' });
  blue = await world.connect('blue');
  await history.go(blue, 5);
  await prepared();
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
  // What writes Hydra's rows beside the sync is the worker, too.
  const lever = { ...deps(), settings: { ...deps().settings, accessTokenLifespanMs: 7_200_000 } };
  const { clients } = await extendLifetimes(lever, input, stepContext());
  expect(clients).toBeGreaterThan(0);
  expect(await restoreLifetimes(lever, input, stepContext())).toEqual({ clients });
  expect(await catchUp(deps(), input, stepContext())).toMatchObject({ backlog: 0 });
  await asKeeper(async (session) => {
    expect(await commitAttempt(session, await fenced(session, 1), 5_000)).toMatchObject({ ok: true });
  });
  // Nobody can say what blue refused: the tables are carried altogether before green opens.
  const around = Object.assign(new AroundFence(), { found: { problems: [], refused: null } });
  around.tables.add('hydra_client');

  const attempt = {
    around,
    deps: deps(),
    input,
    context: stepContext(),
    proofLeftMs: Infinity,
    informed: new Set(),
  };
  expect(await carryAround(attempt as unknown as Attempt)).toBe('ok');
  await openSide(await world.connect('green'), 1, 5_000);
  expect(await proveDrain(deps(), input, stepContext())).toMatchObject({ missing: 0, undoneChanges: 0 });
  await world.disconnect();
});
