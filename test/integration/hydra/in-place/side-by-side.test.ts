import { bookMigrations, digestOf } from '../../../../activities/in-place/bookkeeping';
import { encryptAtRest } from '../../../../activities/in-place/hydras';
import { layLayer, migrateOnline } from '../../../../activities/in-place/migrate-online';
import { readVendorPlan } from '../../../../activities/in-place/read-vendor-plan';
import { removeLayer, takeLayerBack } from '../../../../activities/in-place/retire-old';
import { type InPlaceDeps } from '../../../../activities/in-place/deps';
import { type HttpHydraApi } from '../../../../adapters/hydra-api';
import { IN_PLACE_PATHS } from '../../../../domain/in-place/paths';
import { inspectCatalog } from '../../../../hydra/catalog';
import { readMigrations } from '../../../../hydra/closing';
import { withClient } from '../../../../world/hydra';
import {
  adminLoginApp,
  clientCredentials,
  createOauthClient,
  deleteOauthClient,
  grantTokens,
  introspectToken,
  listConsents,
  type OauthClient,
  OauthHttp,
  refreshTokens,
  revokeToken,
} from '../../../../world/oauth';
import { brokenPromises, seedThroughApi } from '../../../../world/seeder/api-history';
import { useDatabase } from '../../../support/database';
import { type TestHydra, startHydra } from '../../../support/hydra';
import { hydraAt, inPlaceFixture, type InPlaceFixture, stepContext } from '../../../support/in-place';

const live = useDatabase('empty');
const scratch = useDatabase('empty');
// Browsers keep cookies by host: that of the servers themselves.
const issuer = 'https://127.0.0.1:9/';
let fixture: InPlaceFixture;
let deps: InPlaceDeps;
let oldHydra: TestHydra;
let newHydra: TestHydra | undefined;
const apis: HttpHydraApi[] = [];
const deadHydra = hydraAt('http://127.0.0.1:9');
const RUN = { cutoverId: 'run-1', environment: 'test' };
const https: Partial<Record<'old' | 'new', OauthHttp>> = {};

beforeAll(async () => {
  fixture = await inPlaceFixture(live, scratch);
  // Its sessions end by themselves soon after the switch: nobody is cut off.
  const DSN = `${fixture.dsn(fixture.roles.old)}&max_conn_lifetime=2s`;
  oldHydra = await startHydra({
    version: '1.3.2',
    database: live.config,
    loginAppUrl: 'http://127.0.0.1:9',
    issuer,
    extra: { DSN },
  });
  https.old = httpOf(oldHydra);
  deps = {
    ...fixture.deps,
    settings: { ...fixture.settings, recycle: { how: 'wait', deadlineMs: 120_000 } },
    hydra: { old: apiOf(oldHydra), new: deadHydra },
  };
});

afterAll(async () => {
  for (const http of [...Object.values(https), ...apis, deadHydra]) await http.close();
  await oldHydra.stop();
  await newHydra?.stop();
  await fixture.close();
});

function httpOf({ publicUrl, adminUrl, adminPrefix }: TestHydra): OauthHttp {
  return new OauthHttp({ publicUrl, adminUrl, adminPrefix, issuer }, { forwardedProto: true });
}

async function startNew(env: Readonly<Record<string, string>>): Promise<void> {
  newHydra = await startHydra({
    ...{ version: '1.11.10', database: live.config, loginAppUrl: 'http://127.0.0.1:9', issuer },
    extra: { DSN: fixture.dsn(fixture.roles.next), ...env },
  });
  await https.new?.close();
  https.new = httpOf(newHydra);
  deps = { ...deps, hydra: { ...deps.hydra, new: apiOf(newHydra) } };
}

/** For a step whose command the test itself has done. */
function depsNow(): InPlaceDeps {
  return {
    ...deps,
    settings: { ...deps.settings, readyDeadlineMs: 1 },
    commands: { has: () => true, run: () => Promise.resolve({ stdout: '', stderr: '', exitCode: 0 }) },
  } as unknown as InPlaceDeps;
}

function of(age: 'old' | 'new'): OauthHttp {
  const http = https[age];
  if (http === undefined) throw new Error(`the ${age} Hydra is not started`);
  return http;
}

function apiOf({ publicUrl, adminUrl }: TestHydra): HttpHydraApi {
  const api = hydraAt(publicUrl, adminUrl);
  apis.push(api);
  return api;
}

/** What clients and dependents do; the Hydra that answers must not matter. */
async function battery(age: 'old' | 'new', client: OauthClient): Promise<void> {
  const http = of(age);
  const subject = `user-of-${age}`;
  const { tokens } = await grantTokens(http, { client, loginApp: adminLoginApp(http, { subject, remember: true }) });
  expect(await introspectToken(http, tokens.accessToken)).toMatchObject({ active: true, subject, clientId: client.id });
  const next = await refreshTokens(http, client, tokens.refreshToken ?? '');
  expect((await introspectToken(http, tokens.accessToken)).active).toBe(false);
  expect(await listConsents(http, subject)).not.toHaveLength(0);
  await revokeToken(http, client, next.refreshToken ?? '');
  expect((await introspectToken(http, next.accessToken)).active).toBe(false);
  expect((await introspectToken(http, (await clientCredentials(http, client)).accessToken)).active).toBe(true);
  const other = await createOauthClient(http);
  await deleteOauthClient(http, other.id);
}

it('is taken back without a trace while nothing was changed', async () => {
  const { plan } = await readVendorPlan(deps, stepContext());
  await layLayer(deps, { ...RUN, plan }, stepContext());
  expect(await takeLayerBack(deps, RUN, stepContext())).toEqual({ stays: false });
  await battery('old', await createOauthClient(of('old')));
  const { rows } = await withClient(loginOf(), live.config.database, (client) =>
    client.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'hydra\\_%'`),
  );
  expect(rows).toEqual([]);
});

it('lets 1.3.2 serve on while 1.11.10 takes over beside it, tokens of each good at both', async () => {
  const client = await createOauthClient(of('old'));
  const { promises, refreshes } = await seedThroughApi(of('old'), 2);
  const broken = (age: 'old' | 'new') => brokenPromises(of(age), promises);
  const before = await grantTokens(of('old'), { client, loginApp: adminLoginApp(of('old'), { subject: 'ada' }) });
  const { plan, after } = await readVendorPlan(deps, stepContext());
  const { views } = await layLayer(deps, { ...RUN, plan }, stepContext());
  expect(views).toContain('hydra_client');
  await battery('old', client);
  expect(await broken('old')).toEqual([]);

  const migrated = await migrateOnline(deps, RUN, stepContext());
  expect(migrated.acts).toBe(plan.acts.length);
  const booked = await bookMigrations(deps, { ...RUN, catalogDigest: digestOf(after) }, stepContext());
  expect(booked).toEqual({ versions: 97, pending: 0, oldTables: 4 });
  expect(await takeLayerBack(deps, RUN, stepContext())).toEqual({ stays: true });
  await battery('old', client);

  await startNew(IN_PLACE_PATHS['1.3.2'].besideEnv);
  await battery('new', client);
  await battery('old', client);
  expect(await broken('new')).toEqual([]);
  expect(await broken('old')).toEqual([]);
  const ofNew = await seedThroughApi(of('new'), 1);
  expect(await brokenPromises(of('old'), ofNew.promises)).toEqual([]);
  expect(await brokenPromises(of('old'), ofNew.refreshes)).toEqual([]);

  // One chain, alternating between the two.
  let chain = before.tokens;
  for (const age of ['new', 'old', 'new', 'old', 'new'] as const) {
    for (const asked of ['old', 'new'] as const) {
      expect(await introspectToken(of(asked), chain.accessToken)).toMatchObject({
        active: true,
        subject: 'ada',
        clientId: client.id,
      });
    }
    chain = await refreshTokens(of(age), client, chain.refreshToken ?? '');
  }
  await revokeToken(of('old'), client, chain.refreshToken ?? '');
  expect((await introspectToken(of('new'), chain.accessToken)).active).toBe(false);

  await expect(removeLayer(deps, RUN, stepContext())).rejects.toMatchObject({ code: 'LOCK_BUSY' });
  await oldHydra.stop();
  await removeLayer(deps, RUN, stepContext());
  await removeLayer(deps, RUN, stepContext());
  await battery('new', client);
  expect(await broken('new')).toEqual([]);

  await expect(encryptAtRest(depsNow(), RUN, stepContext())).rejects.toMatchObject({
    code: 'CHECK_FAILED',
    message: expect.stringContaining('still keeps sessions that anybody') as string,
  });
  await newHydra?.stop();
  await startNew({});
  await encryptAtRest(depsNow(), RUN, stepContext());
  expect(await broken('new')).toEqual([]);
  expect(await brokenPromises(of('new'), refreshes)).toEqual([]);
  const { rows } = await withClient(loginOf(), live.config.database, (session) =>
    session.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'hydra\\_%'
      UNION ALL SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = '${fixture.roles.old}'`),
  );
  expect(rows).toEqual([]);
  // A blue that the upgrade to 2.3.0 takes.
  await withClient(loginOf(), live.config.database, async (session) => {
    expect(await readMigrations(session, '1.11.10', 'blue')).toMatchObject({ complete: true, unknown: 0 });
    const found = await inspectCatalog(session, { schema: 'public', from: '1.11.10', to: '2.3.0' });
    expect(found.filter(({ refuses, adaptation }) => refuses || adaptation !== undefined)).toEqual([]);
  });
});

function loginOf() {
  const { host, port, user, password } = live.config;
  return { host, port, user, password };
}
