import { challengeLength } from '../../../activities/preflight/challenge-length';
import { originsToTry, tryOrigins } from '../../../activities/evidence/cors-origins';
import { HttpHydraApi } from '../../../adapters/hydra-api';
import { type Sighting, type Sightings } from '../../../domain/sightings';
import { keyLine } from '../../../gateway/node/derived-keys';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { useParts } from '../../unit/gateway/support/fixture';
import { type TestGateway } from '../../unit/gateway/support/test-gateway';
import { FORWARD } from '../../../domain/sides';

const LOGIN_APP = 'http://127.0.0.1:9';
const CORS = {
  SERVE_PUBLIC_CORS_ENABLED: 'true',
  SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: 'https://global.example',
};
/** 106 bytes; the 72nd falls into the middle of a character. */
const LONG = `${'s'.repeat(71)}é${'+%&/ ~'.repeat(5)}xyz`;
const CUT = Buffer.from(LONG).subarray(0, 72);
const SYSTEM = 'system-secret-of-both-sides';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const CLIENTS = 7;

const databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') };

/** Every route of the admin API of 1.11.10. Source: its `handler.go` files. */
const ADMIN_ROUTES = [
  'GET /clients',
  'GET /clients/c0',
  'PUT /clients/c0/lifespans',
  'GET /keys/hydra.openid.id-token',
  'GET /oauth2/auth/requests/login?login_challenge=x',
  'PUT /oauth2/auth/requests/login/accept?login_challenge=x',
  'PUT /oauth2/auth/requests/login/reject?login_challenge=x',
  'GET /oauth2/auth/requests/consent?consent_challenge=x',
  'PUT /oauth2/auth/requests/consent/accept?consent_challenge=x',
  'PUT /oauth2/auth/requests/consent/reject?consent_challenge=x',
  'GET /oauth2/auth/requests/logout?logout_challenge=x',
  'PUT /oauth2/auth/requests/logout/accept?logout_challenge=x',
  'PUT /oauth2/auth/requests/logout/reject?logout_challenge=x',
  'DELETE /oauth2/auth/sessions/login?subject=x',
  'GET /oauth2/auth/sessions/consent?subject=x',
  'DELETE /oauth2/auth/sessions/consent?subject=x&all=true',
  'POST /oauth2/introspect',
  'POST /oauth2/flush',
  'DELETE /oauth2/tokens?client_id=x',
  'GET /trust/grants/jwt-bearer/issuers',
  'POST /trust/grants/jwt-bearer/issuers',
  'DELETE /trust/grants/jwt-bearer/issuers/x',
  'GET /health/alive',
  'GET /health/ready',
  'GET /version',
  'GET /metrics/prometheus',
];

describe('before two real Hydras', () => {
  const parts = useParts();
  let blue: TestHydra;
  let green: TestHydra;

  beforeAll(async () => {
    const shared = { loginAppUrl: LOGIN_APP, issuer: 'https://127.0.0.1:4444/', secretsSystem: SYSTEM, extra: CORS };
    [blue, green] = await Promise.all([
      startHydra({ version: '1.11.10', database: databases.blue.config, ...shared }),
      startHydra({ version: '2.3.0', database: databases.green.config, ...shared }),
    ]);
    for (const hydra of [blue, green]) {
      for (let index = 0; index < CLIENTS; index += 1) {
        await makeClient(hydra, { client_id: `c${index}`, client_secret: 'short-secret' });
      }
      // As a migration leaves it: the hash that blue made of the first 72 bytes. 2.3.0 itself takes no longer one.
      const secret = hydra === blue ? LONG : LONG.slice(0, 71);
      await makeClient(hydra, { client_id: 'basic', client_secret: secret });
      await makeClient(hydra, {
        client_id: 'post',
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_post',
      });
      await makeClient(hydra, {
        client_id: 'app',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        redirect_uris: ['https://app.example/callback'],
        scope: 'openid',
        allowed_cors_origins: ['https://spa.example'],
      });
    }
    await copyHash();
  });
  afterAll(() => Promise.all([blue.stop(), green.stop()]));

  /** Green's hashes are those of blue, as after a migration. */
  async function copyHash(): Promise<void> {
    const [from, to] = [await databases.blue.connect(), await databases.green.connect()];
    for (const id of ['basic', 'post']) {
      const { rows } = await from.query<{ hash: string }>(
        'SELECT client_secret AS hash FROM hydra_client WHERE id = $1',
        [id],
      );
      await to.query('UPDATE hydra_client SET client_secret = $1 WHERE id = $2', [rows[0]?.hash, id]);
    }
  }

  const front = (config: Record<string, object> = {}, environment: NodeJS.ProcessEnv = {}) => {
    const side = ({ publicUrl, adminUrl }: TestHydra, apiGeneration: 1 | 2) => ({ publicUrl, adminUrl, apiGeneration });
    return parts.gateway({ config: { sides: { blue: side(blue, 1), green: side(green, 2) }, ...config }, environment });
  };
  const toGreen = async (gateway: TestGateway) => {
    await gateway.stage(1, 'green');
    expect(await gateway.apply(1)).toMatchObject({ status: 200 });
  };
  const seenBy = async (gateway: TestGateway): Promise<readonly Sighting[]> => {
    const { body } = await gateway.control('GET', '/observations');
    return (body['sightings'] as Sightings).sightings;
  };

  it('every secret that only blue takes is counted by client, and with the feature green takes it too', async () => {
    const gateway = await front();
    const grant = 'grant_type=client_credentials';
    const basic = (secret: string | Buffer, id = 'basic') => ({
      headers: { ...FORM, Authorization: `Basic ${btoa(`${id}:${escape(secret)}`)}` },
      body: grant,
    });
    const post = (secret: string | Buffer) => ({
      headers: FORM,
      body: `client_secret=${escape(secret)}&${grant}&client_id=post`,
    });
    const token = (to: TestGateway, request: { headers: Record<string, string>; body: string }) =>
      ask(to.publicUrl, 'POST', '/oauth2/token', request);
    const requests = [basic(LONG), basic(CUT), post(LONG), post(CUT), basic('short-secret', 'c0')];
    const wrong = [basic(`x${LONG}`), post(`x${LONG}`), basic(LONG, 'nobody')];
    const statuses = async (to: TestGateway, of: typeof requests) => {
      const all: number[] = [];
      for (const each of of) all.push((await token(to, each)).status);
      return all;
    };
    expect(await statuses(gateway, requests)).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(gateway, wrong)).toEqual([401, 401, 401]);
    expect((await seenBy(gateway)).map(({ kind, who, count }) => ({ kind, who, count }))).toEqual([
      { kind: 'long_client_secret', who: 'basic', count: 1 },
      { kind: 'long_client_secret', who: 'post', count: 1 },
    ]);
    expect(JSON.stringify(await seenBy(gateway))).not.toContain('ssss');
    await toGreen(gateway);
    expect(await statuses(gateway, requests)).toEqual([401, 200, 401, 200, 200]);
    const cutting = await front({ clientSecrets: { cutAt72Bytes: true } });
    await toGreen(cutting);
    expect(await statuses(cutting, requests)).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(cutting, wrong)).toEqual([401, 401, 401]);
    expect((await cutting.state())['features']).toContain('client-secrets');
  });

  it('pages of the admin API are those of blue, once paging is translated', async () => {
    const gateway = await front();
    const pages = [
      'limit=2&offset=0',
      'limit=2&offset=2',
      'limit=3&offset=4',
      'limit=4',
      'offset=100',
      'limit=900',
      'limit=x&offset=y',
    ];
    const idsOf = async (to: TestGateway, query: string) => {
      const { json } = await ask(to.adminUrl, 'GET', `/clients?${query}`);
      return (json as { client_id: string }[]).map(({ client_id: id }) => id);
    };
    const all = async (to: TestGateway) => Promise.all(pages.map((query) => idsOf(to, query)));
    const onBlue = await all(gateway);
    expect(onBlue[0]).toHaveLength(2);
    expect(onBlue[1]).not.toEqual(onBlue[0]);
    expect(await seenBy(gateway)).toEqual([
      expect.objectContaining({ kind: 'paging', who: '127.0.0.1', what: 'GET /clients', count: pages.length }),
    ]);
    await toGreen(gateway);
    expect((await idsOf(gateway, pages[0] as string)).length).toBeGreaterThan(2);
    const translating = await front({ paging: { translate: true } });
    await toGreen(translating);
    expect(await all(translating)).toEqual(onBlue);
  });

  it('exactly those routes of 1.11.10 count as removed that 2.3.0 has not', async () => {
    const gateway = await front();
    const json = { headers: { 'Content-Type': 'application/json' }, body: '{}' };
    const optionsOf = (method: string) => (method === 'GET' || method === 'DELETE' ? {} : json);
    const ofNoRoute = await ask(green.adminUrl, 'POST', '/admin/no/such/route', json);
    const missing: string[] = [];
    for (const route of ADMIN_ROUTES) {
      const [method = '', target = ''] = route.split(' ');
      await ask(gateway.adminUrl, method, target, optionsOf(method));
      const prefix = /^\/(health|version)/.test(target) ? '' : '/admin';
      const { status, text } = await ask(green.adminUrl, method, `${prefix}${target}`, optionsOf(method));
      if (status === ofNoRoute.status && text === ofNoRoute.text) missing.push(route);
    }
    const removed = (await seenBy(gateway)).filter(({ kind }) => kind === 'removed_endpoint');
    expect(removed.map(({ what }) => what)).toEqual(missing);
    expect(missing).toEqual(['POST /oauth2/flush']);
  });

  it('origins of browsers that only a client allows are those that closed green refuses', async () => {
    const gateway = await front();
    for (const origin of ['https://spa.example', 'https://global.example', 'https://nobody.example'])
      await ask(gateway.publicUrl, 'OPTIONS', '/oauth2/token', {
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
    const side = ({ publicUrl, adminUrl }: TestHydra, apiGeneration: 1 | 2) => ({ publicUrl, adminUrl, apiGeneration });
    const hydra = new HttpHydraApi({ sides: { blue: side(blue, 1), green: side(green, 2) } });
    const { refused } = await tryOrigins({ hydra, direction: FORWARD }, originsToTry([], await seenBy(gateway)));
    // To a preflight 1.11.10 lets everybody in.
    expect(refused).toEqual(['https://spa.example', 'https://nobody.example']);
    await hydra.close();
  });

  it.each([
    ['fit', SYSTEM],
    ['foreign', 'the-secret-of-another-hydra'],
  ])('whether keys of cookies are those of blue: %s', async (verdict, secret) => {
    const environment = { GATEWAY_COOKIE_KEYS: keyLine('cookies', { SECRETS_SYSTEM: secret }) };
    const gateway = await front({ sessionCookies: { translate: true } }, environment);
    const keys = async () => (await gateway.state())['keys'];
    expect(await keys()).toEqual({ 'session-cookies': 'unseen' });
    await ask(gateway.publicUrl, 'GET', '/oauth2/auth?client_id=nobody&response_type=code&state=0123456789');
    expect(await keys()).toEqual({ 'session-cookies': 'unseen' });
    const redirect = encodeURIComponent('https://app.example/callback');
    const begin = `/oauth2/auth?client_id=app&response_type=code&scope=openid&state=0123456789&redirect_uri=${redirect}`;
    expect((await ask(gateway.publicUrl, 'GET', begin)).headers['location']).toContain('login_challenge=');
    expect(await keys()).toEqual({ 'session-cookies': verdict });
  });

  it('is told how long challenges of 2.3.0 are, from what blue says of a client', async () => {
    const uris = (count: number) =>
      Array.from({ length: count }, () => `https://app.example/${Math.random().toString(36).slice(2)}`);
    const shapes = [
      { redirect_uris: uris(1) },
      { redirect_uris: uris(100) },
      { redirect_uris: uris(1), metadata: { note: 'x'.repeat(4_000), more: uris(150) } },
    ];
    const lengths: [predicted: number, real: number][] = [];
    for (const [index, shape] of shapes.entries()) {
      const client = { client_id: `shape${index}`, grant_types: ['authorization_code'], scope: 'openid', ...shape };
      for (const hydra of [blue, green]) await makeClient(hydra, client);
      const { json } = await ask(blue.adminUrl, 'GET', `/clients/shape${index}`);
      const begin = `/oauth2/auth?client_id=shape${index}&response_type=code&scope=openid&state=0123456789&redirect_uri=${encodeURIComponent(shape.redirect_uris[0] ?? '')}`;
      const location = (await ask(green.publicUrl, 'GET', begin)).headers['location'] ?? '';
      const real = new URL(location).searchParams.get('login_challenge')?.length ?? 0;
      lengths.push([challengeLength(json as Record<string, unknown>), real]);
    }
    for (const [predicted, real] of lengths) {
      expect(real).toBeGreaterThan(900);
      // The login challenge is the shortest of them: what is predicted is a verifier at the end of a flow.
      expect(predicted / real).toBeGreaterThan(0.9);
      expect(predicted / real).toBeLessThan(1.5);
    }
  });
});

async function makeClient(hydra: TestHydra, client: Record<string, unknown>): Promise<void> {
  const body = JSON.stringify({ grant_types: ['client_credentials'], response_types: ['code'], ...client });
  const { status, text } = await ask(hydra.adminUrl, 'POST', `${hydra.adminPrefix}/clients`, {
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-Proto': 'https' },
    body,
  });
  if (status !== 201) throw new Error(`client not made: ${status} ${text}`);
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
}

async function ask(
  base: string,
  method: string,
  target: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${base}${target}`, {
    method,
    redirect: 'manual',
    ...options,
    headers: { 'X-Forwarded-Proto': 'https', Connection: 'close', ...options.headers },
  });
  const text = await response.text();
  return { status: response.status, headers: Object.fromEntries(response.headers), text, json: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As in a form; bytes that are no whole character included. */
function escape(secret: string | Buffer): string {
  return [...Buffer.from(secret)]
    .map((byte) =>
      /[A-Za-z0-9]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}
