import { Agent } from 'node:http';
import { guardTables, installArbiter } from '../../../hydra/arbiter';
import { readArbiter } from '../../../hydra/arbiter/arbiter';
import { HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { keyLine } from '../../../gateway/node/derived-keys';
import {
  adminLoginApp,
  authorize,
  Browser,
  createOauthClient,
  exchangeCode,
  introspectToken,
  OauthHttp,
  refreshTokens,
} from '../../../world/oauth';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { useParts } from '../../unit/gateway/support/fixture';
import { RawClient, rawExchange } from '../../unit/gateway/support/sockets';
import { ask as askHydra, takenForReads, writesOf } from './odd-spellings';

/** More than a gateway has connections for, by default. */
const STALLED = 300;
const SYSTEM = 'system-secret-of-this-hydra';
const NOBODY = '00000000-0000-4000-8000-000000000000';
const database = useDatabase('hydra_1_11_10');

describe('in front of a real 1.11.10', () => {
  const parts = useParts();
  let hydra: TestHydra;
  beforeAll(async () => {
    const loginAppUrl = 'http://127.0.0.1:9';
    hydra = await startHydra({ version: '1.11.10', database: database.config, loginAppUrl, secretsSystem: SYSTEM });
  });
  afterAll(() => hydra.stop());

  const front = () => {
    const side = { publicUrl: hydra.publicUrl, adminUrl: hydra.adminUrl };
    return parts.gateway({
      config: { sides: { blue: { ...side, apiGeneration: 1 }, green: { ...side, apiGeneration: 1 } } },
    });
  };

  it('hundreds of clients that stall keep nobody waiting, and a hold waits for none of them', async () => {
    const gateway = await front();
    const stalled: RawClient[] = [];
    for (let index = 0; index < STALLED; index += 1) {
      const client = await RawClient.connect(gateway.publicPort);
      stalled.push(client.send('POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n'));
    }
    await gateway.until({ receiving: STALLED });
    const get = 'GET /.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await rawExchange(gateway.publicPort, get)).toMatch(/^HTTP\/1\.1 200 /);
    await gateway.stage(1, 'green');
    expect(await gateway.hold(1)).toMatchObject({ status: 200, body: { holding: true, inFlight: 0, parked: 0 } });
    expect(stalled.filter(({ isClosed }) => isClosed)).toEqual([]);
    stalled[0]?.send('x'.repeat(100));
    await gateway.until({ parked: 1 });
    await gateway.revert(1);
    expect(await stalled[0]?.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 40[01] /);
    for (const client of stalled) client.destroy();
  });

  it('is taken out again as it was put in: who logged in through it is known at Hydra itself, with all that he got', async () => {
    const side = { publicUrl: hydra.publicUrl, adminUrl: hydra.adminUrl };
    const gateway = await parts.gateway({
      config: {
        sides: { blue: { ...side, apiGeneration: 1 }, green: { ...side, apiGeneration: 2 } },
        sessionCookies: { translate: true },
        refreshRetries: { keepMs: 30_000 },
      },
      environment: { GATEWAY_COOKIE_KEYS: keyLine('cookies', { SECRETS_SYSTEM: SYSTEM }) },
    });
    const { publicUrl, adminUrl } = gateway;
    const through = new OauthHttp({ publicUrl, adminUrl, adminPrefix: '', issuer: hydra.issuer });
    const client = await createOauthClient(through);
    const browser = new Browser(through);
    const loginApp = adminLoginApp(through, { subject: 'somebody', remember: true });
    const first = await exchangeCode(through, client, await authorize(through, { client, browser, loginApp }));
    const second = await refreshTokens(through, client, first.refreshToken ?? '');
    await through.close();
    await gateway.until({ inFlight: 0 });
    await gateway.stop();

    const direct = new OauthHttp(hydra, { forwardedProto: true });
    const same = new Browser(direct);
    const cookies = browser.cookies.header(new URL(hydra.issuer)) ?? '';
    same.cookies.store(
      new URL(hydra.issuer),
      cookies.split('; ').map((cookie) => `${cookie}; Path=/`),
    );
    expect(await introspectToken(direct, second.accessToken)).toMatchObject({ active: true, subject: 'somebody' });
    const third = await refreshTokens(direct, client, second.refreshToken ?? '');
    expect(await introspectToken(direct, third.accessToken)).toMatchObject({ active: true });
    const silently = { client, browser: same, loginApp: adminLoginApp(direct, { subject: 'nobody' }) };
    const again = await authorize(direct, { ...silently, parameters: { prompt: 'none' } });
    const { accessToken } = await exchangeCode(direct, client, again);
    expect(await introspectToken(direct, accessToken)).toMatchObject({ active: true, subject: 'somebody' });
    await direct.close();
  });

  it.each(['\u017e', 'a%20\u00e9', '\u65e5\u672c'])(
    'a login hint of raw bytes (%s) is taken as Hydra alone takes it',
    async (hint) => {
      const gateway = await front();
      const get = Buffer.from(
        `GET /oauth2/auth?client_id=nobody&login_hint=${hint} HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`,
      );
      const statusOf = (answer: string) => answer.split('\r\n', 1)[0];
      const alone = statusOf(await rawExchange(Number(new URL(hydra.publicUrl).port), get));
      expect(alone).toBe('HTTP/1.1 302 Found');
      expect(statusOf(await rawExchange(gateway.publicPort, get))).toBe(alone);
    },
  );
});

const READING = [
  ['1.11.10', 'hydra_1_11_10'],
  ['2.2.0', 'hydra_2_2_0'],
  ['2.3.0', 'hydra_2_3_0'],
] as const;

describe.each(READING)('the reads of a real %s', (version, template) => {
  const filled = useDatabase(template);
  const https = { 'X-Forwarded-Proto': 'https' };
  let hydra: TestHydra;
  beforeAll(async () => {
    hydra = await startHydra({ version, database: filled.config, loginAppUrl: 'http://127.0.0.1:9' });
  });
  afterAll(() => hydra.stop());

  it('are requests that it knows, and none of them writes: a database that refuses writes has refused nothing', async () => {
    const admin = `${hydra.adminUrl}${hydra.adminPrefix}`;
    const json = { method: 'POST', headers: { ...https, 'Content-Type': 'application/json' } };
    const form = { method: 'POST', headers: { ...https, 'Content-Type': 'application/x-www-form-urlencoded' } };
    const client = { grant_types: ['client_credentials', 'authorization_code'], redirect_uris: ['https://client/'] };
    const made = await fetch(`${admin}/clients`, { ...json, body: JSON.stringify({ ...client, scope: 'openid' }) });
    const { client_id: id, client_secret: secret } = (await made.json()) as Record<string, string>;
    const basic = { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
    const headers = { ...form.headers, ...basic };
    const granted = await fetch(`${hydra.publicUrl}/oauth2/token`, {
      ...{ ...form, headers },
      body: 'grant_type=client_credentials',
    });
    const { access_token: token } = (await granted.json()) as Record<string, string>;
    const query = `client_id=${id}&response_type=code&state=12345678&scope=openid&redirect_uri=https://client/`;
    const begun = await fetch(`${hydra.publicUrl}/oauth2/auth?${query}`, { headers: https, redirect: 'manual' });
    const writes = writesOf({ id: id ?? '', basic: basic.Authorization, token: token ?? '' });
    const challenge = new URL(begun.headers.get('location') ?? '').searchParams.get('login_challenge') ?? '';
    expect(challenge).not.toBe('');

    const ask = async (listener: string, read: string): Promise<number> => {
      const [method = '', path = ''] = read.split(' ');
      const named = path.replace(':client', id ?? '').replace(':set', 'hydra.openid.id-token');
      const asked = `${named.replace(/:\w+/, NOBODY)}?login_challenge=${encodeURIComponent(challenge)}&subject=somebody`;
      const base = listener === 'public' ? hydra.publicUrl : /^.(health|version)/.test(path) ? hydra.adminUrl : admin;
      const body = method === 'POST' ? { body: `token=${token}` } : {};
      const bearer: Record<string, string> = listener === 'public' ? { Authorization: `Bearer ${token}` } : {};
      const response = await fetch(`${base}${asked}`, { method, headers: { ...form.headers, ...bearer }, ...body });
      const text = await response.text();
      return /404 page not found/i.test(text) ? 0 : response.status;
    };
    const askAll = async () => {
      const answers: [string, number][] = [];
      for (const [listener, reads] of Object.entries(HYDRA_VERSION_FACTS[version].reads)) {
        for (const read of reads) answers.push([`${listener}: ${read}`, await ask(listener, read)]);
      }
      return answers;
    };
    const open = await askAll();
    expect(open.filter(([, status]) => status === 0 || status === 405)).toEqual([]);
    expect(open).toContainEqual(['admin: POST /oauth2/introspect', 200]);
    expect(open).toContainEqual(['admin: GET /oauth2/auth/requests/login', 200]);

    const guarded = await filled.connect();
    await installArbiter(guarded, { side: 'green', cutoverId: 'reads', initialState: 'closed' });
    await guardTables(guarded);
    expect(await askAll()).toEqual(open);
    expect((await readArbiter(guarded)).refused).toBe(0);

    // Nor does anything that the gateway takes for one, however what writes is spelled.
    const apiGeneration = hydra.adminPrefix === '' ? 1 : 2;
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const asked = { publicUrl: hydra.publicUrl, adminUrl: hydra.adminUrl, apiGeneration } as const;
    const taken = takenForReads(writes, apiGeneration);
    expect(taken.length).toBeGreaterThan(500);
    const statuses = await Promise.all(taken.map((one) => askHydra(asked, agent, one)));
    expect(statuses.filter((status) => status === 0)).toEqual([]);
    expect((await readArbiter(guarded)).refused).toBe(0);

    // The check can fail: these do write, as they are.
    for (const write of writes) await askHydra(asked, agent, write);
    agent.destroy();
    // Of a subject whom nobody knows some versions have nothing to write, and 2.x begins a login without.
    expect((await readArbiter(guarded)).refused).toBeGreaterThanOrEqual(writes.length - 4);
  });
});
