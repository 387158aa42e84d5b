import { randomBytes } from 'node:crypto';
import { type Client } from 'pg';
import { disableCapture } from '../../../activities/disable-capture';
import { enableCapture } from '../../../activities/enable-capture';
import { renewCode } from '../../../activities/canary-user/renew-code';
import { type StepDeps } from '../../../activities/step';
import { PostgresDatabases } from '../../../adapters/postgres/postgres-databases';
import { CutoverFault } from '../../../domain/faults';
import { type CanaryUser } from '../../../domain/ports/canary-user';
import { readUser } from '../../../hydra/canary-user';
import { chooseClients } from '../../../hydra/validation';
import { useDatabase } from '../../support/database';
import { rowsNaming } from '../../support/rows-naming';
import { SETTINGS, stepContext } from './green-fixture';
import { FORWARD } from '../../../domain/sides';

const database = useDatabase('hydra_1_11_10');
const SNAPSHOT = { id: 'of this cutover' };
let blue: Client;
let cutoverId: string;
const input = () => ({ cutoverId, environment: 'test' });
const name = () => `hydra-cutover-canary-${cutoverId}`;
const triggers = async () => (await blue.query(`SELECT FROM pg_trigger WHERE tgname ~ '^hydra_cutover'`)).rowCount ?? 0;

/** Rows as a Hydra makes them for a login. */
async function writeLogin(): Promise<void> {
  await blue.query(
    `INSERT INTO hydra_client SELECT (jsonb_populate_record(NULL::hydra_client, jsonb_build_object('id', $1::text) || (
       SELECT jsonb_object_agg(attname, CASE WHEN atttypid IN ('int4'::regtype, 'int8'::regtype) THEN to_jsonb(1)
           WHEN atttypid = 'bool'::regtype THEN to_jsonb(false) WHEN atttypid = 'timestamp'::regtype THEN to_jsonb(now()::timestamp) ELSE to_jsonb(''::text) END)
         FROM pg_attribute WHERE attrelid = 'hydra_client'::regclass AND attnum > 0 AND attnotnull AND attname <> 'id'))).*`,
    [name()],
  );
  await blue.query('INSERT INTO hydra_oauth2_authentication_session (id, subject) VALUES ($1, $2)', [
    randomBytes(8).toString('hex'),
    name(),
  ]);
}

function depsOf(logIn: () => Promise<string>, snapshot?: object): StepDeps {
  const { host, port, user, password, database: databaseName } = database.config;
  const location = {
    host,
    port,
    name: databaseName,
    user,
    password: () => password,
    ssl: { mode: 'disable' as const },
  };
  const provider = {
    describeInstance: () => Promise.resolve(undefined),
    describeSnapshot: () => Promise.resolve(snapshot),
  };
  const canaryUser: Partial<CanaryUser> = {
    logIn,
    renewCode: (_name, sealed) => Promise.resolve(`${sealed} with another code`),
  };
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  return {
    ...{ settings: SETTINGS, direction: FORWARD, provider, canaryUser, gateways: [], targets: [], jobs: [], log },
    databases: new PostgresDatabases({ sides: { blue: location, green: location }, provider }),
  } as unknown as StepDeps;
}

beforeAll(async () => {
  blue = await database.connect();
});
beforeEach(() => (cutoverId = randomBytes(6).toString('hex')));
afterEach(async () => {
  await disableCapture(
    depsOf(() => Promise.reject(new Error('not asked'))),
    input(),
    stepContext(),
  );
  expect(await rowsNaming(blue, 'public', name())).toEqual([]);
  expect(await triggers()).toBe(0);
});

it('logs in once the changes of blue are recorded, is kept sealed, and goes with the capture', async () => {
  let logins = 0;
  const deps = depsOf(async () => {
    expect(await triggers()).toBeGreaterThan(0);
    await writeLogin();
    return `sealed ${++logins}`;
  });
  expect(await enableCapture(deps, input(), stepContext())).toMatchObject({ noCanaryUser: null });
  // A repeat finds him.
  expect(await enableCapture(deps, input(), stepContext())).toMatchObject({ noCanaryUser: null });
  expect(await readUser(blue)).toMatchObject({ sealed: 'sealed 1', beforeSnapshot: true, steps: [] });
  await renewCode(deps, input(), stepContext());
  expect(await readUser(blue)).toMatchObject({ sealed: 'sealed 1 with another code' });
  // Nobody takes him for a sample, which would be lost when he goes.
  await blue.query('SET search_path = public');
  expect(await chooseClients(blue, 100)).not.toContain(name());
  expect(await rowsNaming(blue, 'public', name())).toEqual([
    'public.hydra_client',
    'public.hydra_oauth2_authentication_session',
  ]);
});

it('removes what a try left that was cut off in the login, and tries again', async () => {
  const killed = depsOf(async () => {
    await writeLogin();
    // As if the process ended here: nothing is cleaned up.
    await new Promise(() => undefined);
    return '';
  });
  void enableCapture(killed, input(), stepContext()).catch(() => undefined);
  while ((await rowsNaming(blue, 'public', name())).length < 2) await new Promise((resolve) => setImmediate(resolve));
  const deps = depsOf(async () => {
    // The client of the first try would stand in the way.
    await writeLogin();
    return 'sealed';
  });
  expect(await enableCapture(deps, input(), stepContext())).toMatchObject({ noCanaryUser: null });
});

it('stops nothing when he does not get in, says why, and leaves nothing of the try', async () => {
  const deps = depsOf(async () => {
    await writeLogin();
    throw new CutoverFault('HYDRA_UNEXPECTED', 'it broke at the consent');
  });
  expect(await enableCapture(deps, input(), stepContext())).toMatchObject({
    noCanaryUser: expect.stringContaining('it broke at the consent') as string,
  });
  expect(await readUser(blue)).toMatchObject({ sealed: null, why: 'it broke at the consent' });
  expect(await rowsNaming(blue, 'public', name())).toEqual([]);
});

it('does not call him older than a snapshot that was there already', async () => {
  const deps = depsOf(async () => {
    await writeLogin();
    return 'sealed';
  }, SNAPSHOT);
  await enableCapture(deps, input(), stepContext());
  expect(await readUser(blue)).toMatchObject({ beforeSnapshot: false });
});

it('takes back a login whose capture was removed meanwhile', async () => {
  const deps = depsOf(async () => {
    await disableCapture(deps, input(), stepContext());
    await writeLogin();
    return 'sealed';
  });
  await expect(enableCapture(deps, input(), stepContext())).rejects.toThrow('removed meanwhile');
  expect(await rowsNaming(blue, 'public', name())).toEqual([]);
});
