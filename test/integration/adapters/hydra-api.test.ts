import { HttpHydraApi } from '../../../adapters/hydra-api';
import { HydraHttp } from '../../../adapters/hydra-api/hydra-http';
import { listConsents } from '../../../adapters/hydra-api/list-consents';
import { type SideName, SIDE_NAMES } from '../../../domain/sides';
import { OauthHttp, adminLoginApp, createOauthClient, grantTokens } from '../../../world/oauth';
import { useDatabase } from '../../support/database';
import { type TestHydra, startHydra } from '../../support/hydra';

const LOGIN_APP = 'http://127.0.0.1:9';
const GRANTS = 5;

const blueDatabase = useDatabase('hydra_1_11_10');
const greenDatabase = useDatabase('hydra_2_3_0');
let hydras: Record<SideName, TestHydra>;
let api: HttpHydraApi;

const endpoints = (side: SideName) => ({
  publicUrl: hydras[side].publicUrl,
  adminUrl: hydras[side].adminUrl,
  apiGeneration: side === 'blue' ? (1 as const) : (2 as const),
});

beforeAll(async () => {
  const [blue, green] = await Promise.all([
    startHydra({ version: '1.11.10', database: blueDatabase.config, loginAppUrl: LOGIN_APP }),
    startHydra({
      ...{ version: '2.3.0', database: greenDatabase.config, loginAppUrl: LOGIN_APP },
      extra: { OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '30s' },
    }),
  ]);
  hydras = { blue, green };
  api = new HttpHydraApi({ sides: { blue: endpoints('blue'), green: endpoints('green') } });
});

afterAll(async () => {
  await api.close();
  for (const side of SIDE_NAMES) await hydras[side].stop();
});

describe.each(SIDE_NAMES)('the API of %s', (side) => {
  it('says whether it is ready, which version it is, who it is and how it signs', async () => {
    expect(await api.isReady(side)).toBe(true);
    expect(typeof (await api.version(side))).toBe('string');
    expect(await api.issuer(side)).toBe(hydras[side].issuer);
    expect((await api.publicKeys(side)).length).toBeGreaterThan(0);
  });

  it('logs a synthetic user in and leaves no client behind, though an interrupted check did', async () => {
    const http = oauth(side);
    await createOauthClient(http, { id: 'hydra-cutover-check' });
    const { steps, refreshGrace } = await api.syntheticLogin(side);
    expect(steps).toEqual(expect.arrayContaining(['accept login', 'accept consent', 'introspect', 'refresh']));
    // Green was started with a grace.
    expect(refreshGrace).toBe(side === 'green');
    expect(await api.client(side, 'hydra-cutover-check')).toBeUndefined();
    await http.close();
  });

  it('writes all that a Hydra writes, leaves nothing of it, and says where the database refuses', async () => {
    const { steps, refreshGrace } = await api.syntheticWrites(side);
    expect(refreshGrace).toBe(side === 'green');
    for (const step of ['refresh', 'client credentials', 'revoke', 'change client', 'make keys', 'remove keys']) {
      expect(steps).toContain(step);
    }
    expect(await api.client(side, 'hydra-cutover-check')).toBeUndefined();
    expect(await api.keyThumbprints(side, 'hydra-cutover-check')).toEqual([]);
    const database = await (side === 'blue' ? blueDatabase : greenDatabase).connect();
    // True for every token that is there, and for none that will be.
    await database.query(`ALTER TABLE hydra_oauth2_access ADD CONSTRAINT own CHECK (signature = 'x') NOT VALID`);
    await expect(api.syntheticWrites(side)).rejects.toMatchObject({
      code: 'HYDRA_UNEXPECTED',
      message: expect.stringMatching(/"exchange code".* 500/) as string,
    });
    await database.query('ALTER TABLE hydra_oauth2_access DROP CONSTRAINT own');
    await database.end();
  });

  it('answers what only the holder of a token can ask, whose user is gone afterwards', async () => {
    const seen = await api.withSyntheticTokens(side, async ({ accessToken, refreshToken }) => ({
      access: await api.introspection(side, accessToken),
      refresh: await api.introspection(side, refreshToken),
      user: await api.userinfo(side, accessToken),
      accessToken,
    }));
    expect(seen).toMatchObject({
      access: { active: true },
      refresh: { active: true },
      user: { sub: expect.any(String) as string },
    });
    expect(await api.introspection(side, seen.accessToken)).toEqual({ active: false });
    expect(await api.client(side, 'hydra-cutover-check')).toBeUndefined();
  });

  it('tells its keys by thumbprint, its whole discovery and whom it trusts', async () => {
    const [thumbprint, ...more] = await api.keyThumbprints(side, 'hydra.openid.id-token');
    expect(thumbprint).toMatch(/^[\w-]{43}$/);
    expect(more.length).toBeLessThanOrEqual(1);
    expect(await api.keyThumbprints(side, 'no-such-set')).toEqual([]);
    expect(await api.discovery(side)).toMatchObject({
      issuer: hydras[side].issuer,
      jwks_uri: expect.any(String) as string,
    });
    expect([...(await api.trustedIssuers(side)).keys()]).toEqual([]);
  });

  it('lists the same consents whatever the page size, and a client without its secret', async () => {
    const http = oauth(side);
    const ids: string[] = [];
    for (let index = 0; index < GRANTS; index++) {
      const client = await createOauthClient(http);
      ids.push(client.id);
      const loginApp = adminLoginApp(http, { subject: 'sample', remember: true, rememberForS: 3_600 });
      await grantTokens(http, { client, loginApp });
    }
    await http.close();
    const all = await api.consents(side, 'sample');
    expect(all.map(({ clientId }) => clientId).sort()).toEqual([...ids].sort());
    expect(all[0]).toMatchObject({ scope: ['offline_access', 'openid'], remember: true, rememberForSeconds: 3_600 });
    const own = new HydraHttp(side, endpoints(side), 5_000);
    expect(await listConsents(own, 'sample', 2)).toEqual(all);
    await own.close();
    const client = await api.client(side, ids[0] ?? '');
    expect(client).toMatchObject({ client_id: ids[0] });
    expect(client).not.toHaveProperty('client_secret');
  });

  it('counts its requests and measures them', async () => {
    const metrics = await api.metrics(side);
    expect(metrics.requests).toBeGreaterThan(20);
    expect(metrics.p95Ms).toBeGreaterThan(0);
    for (const name of ['residentBytes', 'heapBytes', 'goroutines', 'cpuSeconds'] as const) {
      expect(metrics[name]).toBeGreaterThan(0);
    }
  });
});

it('is not ready, and unreachable, when nothing listens', async () => {
  const nowhere = { publicUrl: 'http://127.0.0.1:9', adminUrl: 'http://127.0.0.1:9', apiGeneration: 2 as const };
  const gone = new HttpHydraApi({ sides: { blue: nowhere, green: nowhere } });
  expect(await gone.isReady('green')).toBe(false);
  await expect(gone.issuer('green')).rejects.toMatchObject({ code: 'HYDRA_UNREACHABLE' });
  await gone.close();
});

function oauth(side: SideName): OauthHttp {
  const { publicUrl, adminUrl, adminPrefix, issuer } = hydras[side];
  return new OauthHttp({ publicUrl, adminUrl, adminPrefix, issuer }, { forwardedProto: side === 'blue' });
}
