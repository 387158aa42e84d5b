import { generateKeyPairSync } from 'node:crypto';
import { type Client } from 'pg';
import { systemKey } from '../../../../world/seeder/hydra-crypto';
import { SEEDED_CLIENT_SECRET, seed, seededTokens } from '../../../../world/seeder';
import { useDatabase } from '../../../support/database';
import { type TestHydra, startHydra } from '../../../support/hydra';
import { HYDRA_1_11_10, withClone } from './clone';
import { HydraBrowser, expectStatus } from './hydra-browser';
import { shapesOf } from './row-shapes';

const SECRET = 'a-system-secret-of-tests';
const SCOPE = 'openid offline_access profile';
const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const SEED = 3;
const GRANTS = 400;
const FRESH_ACCESS_MS = 50 * 60_000;

const TABLES = [
  'hydra_client',
  'hydra_oauth2_authentication_session',
  'hydra_oauth2_authentication_request',
  'hydra_oauth2_authentication_request_handled',
  'hydra_oauth2_consent_request',
  'hydra_oauth2_consent_request_handled',
  'hydra_oauth2_access',
  'hydra_oauth2_refresh',
  'hydra_oauth2_code',
  'hydra_oauth2_oidc',
  'hydra_oauth2_pkce',
  'hydra_oauth2_obfuscated_authentication_session',
  'hydra_oauth2_logout_request',
  'hydra_oauth2_trusted_jwt_bearer_issuer',
] as const;

const database = useDatabase('hydra_1_11_10');
const shapes = new Map<string, Map<string, Set<string>>>();
const key = systemKey(SECRET);
let hydra: TestHydra;
let browser: HydraBrowser;
let client: Client;

beforeAll(async () => {
  client = await database.connect();
  hydra = await startHydra({
    version: '1.11.10',
    database: database.config,
    loginAppUrl: 'http://127.0.0.1:9',
    secretsSystem: SECRET,
    extra: {
      OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
      OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-tests',
    },
  });
  browser = new HydraBrowser({ publicUrl: hydra.publicUrl, adminUrl: hydra.adminUrl, adminPrefix: hydra.adminPrefix });
  await makeRealHistory();
  // Before the seeder adds to this database: what is in it is Hydra's own work.
  for (const table of TABLES) shapes.set(table, await shapesOf(client, table, key));
  shapes.set('hydra_jwk', await shapesOf(client, 'hydra_jwk', key, `kid = 'partner-key'`));
  await seed(client, {
    profile: 'fixable',
    grants: GRANTS,
    seed: SEED,
    asOf: new Date().toISOString(),
    systemSecret: SECRET,
    issuer: hydra.issuer,
  });
});

afterAll(() => hydra.stop());

/** Every kind of request that the seeder imitates, through Hydra's own endpoints. */
async function makeRealHistory(): Promise<void> {
  const user = {
    scope: `${SCOPE} api`,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code', 'id_token'],
  };
  const machine = { ...user, grant_types: [...user.grant_types, 'client_credentials'] };
  const jwk = {
    ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
    use: 'sig',
    alg: 'RS256',
  };
  await browser.createClient({
    ...user,
    client_id: 'web',
    client_name: 'Web',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['https://app.example/callback', 'https://app.example/silent'],
  });
  await browser.createClient({
    ...machine,
    client_id: 'server',
    client_secret: 'server-secret',
    contacts: ['Operations <o@x>'],
  });
  await browser.createClient({
    ...user,
    client_id: 'pairwise',
    token_endpoint_auth_method: 'none',
    subject_type: 'pairwise',
  });
  await browser.createClient({
    ...machine,
    client_id: 'assertion',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...jwk, kid: 'assertion-key' }] },
  });
  await browser.admin('/trust/grants/jwt-bearer/issuers', {
    json: {
      issuer: 'https://partner.example',
      subject: 'service@partner.example',
      scope: ['openid', 'api'],
      expires_at: '2099-01-01T00:00:00Z',
      jwk: { ...jwk, kid: 'partner-key' },
    },
  });
  const web = { id: 'web' };
  const server = { id: 'server', secret: 'server-secret' };
  const cookies = new Map<string, string>();
  const claims = { access_token: { role: 'reader' }, id_token: { email: 'a@example.com' } };
  await browser.grant({
    client: web,
    subject: 'a',
    scope: SCOPE,
    remember: true,
    cookies,
    loginContext: { device: 'x' },
    consentSession: claims,
  });
  await browser.grant({ client: web, subject: 'a', scope: SCOPE, remember: true, cookies });
  await browser.grant({ client: web, subject: 'b', scope: 'openid profile' });
  await browser.grant({ client: web, subject: 'b', scope: SCOPE, grantScope: ['openid'] });
  await browser.grant({ client: web, subject: 'b', scope: SCOPE, grantScope: [] });
  const granted = await browser.grant({ client: server, subject: 'c', scope: SCOPE });
  expectStatus(200, await browser.refresh(server, granted?.refreshToken ?? ''));
  await browser.grant({ client: { id: 'pairwise' }, subject: 'd', scope: SCOPE, forcedSubject: 'pseudonym-of-d' });
  await browser.grant({ client: web, subject: 'e', scope: SCOPE, rejectLogin: true });
  await browser.grant({ client: web, subject: 'f', scope: SCOPE, rejectConsent: true });
  await browser.authorize({ client: web, subject: 'g', scope: SCOPE }, CODE_CHALLENGE);
  await browser.authorize({ client: web, subject: 'g', scope: SCOPE, grantScope: [] }, CODE_CHALLENGE);
  await browser.startLogin({ client: web, subject: 'h', scope: SCOPE }, CODE_CHALLENGE, new Map());
  await abandonedLogins(web);
  await browser.token(server, { grant_type: 'client_credentials', scope: 'api' });
  await browser.grant({ client: web, subject: 'orphan', scope: SCOPE });
  await browser.admin('/oauth2/auth/sessions/login?subject=orphan', { method: 'DELETE' });
  await browser.public('/oauth2/sessions/logout', { cookies });
}

/** One that stops before the login verifier, one that stops at the consent page. */
async function abandonedLogins(web: { readonly id: string }): Promise<void> {
  const accepted = await browser.startLogin({ client: web, subject: 'i', scope: SCOPE }, CODE_CHALLENGE, new Map());
  const challenge = new URL(accepted).searchParams.get('login_challenge') ?? '';
  const accept = `/oauth2/auth/requests/login/accept?login_challenge=${challenge}`;
  expectStatus(200, await browser.admin(accept, { method: 'PUT', json: { subject: 'i' } }));
  const jar = new Map<string, string>();
  const pending = { client: web, subject: 'j', scope: SCOPE };
  await browser.answerLogin(pending, await browser.startLogin(pending, CODE_CHALLENGE, jar), jar);
}

describe('seeded rows', () => {
  it('have in every column only forms that a real 1.11.10 writes', async () => {
    await withClone(HYDRA_1_11_10, async ({ client: seededClient }) => {
      const options = { profile: 'clean', grants: GRANTS, seed: 5, asOf: '2026-03-01T12:00:00.000Z' } as const;
      const { rows } = await seed(seededClient, { ...options, systemSecret: SECRET });
      expect(Object.keys(rows).sort()).toEqual([...TABLES, 'hydra_jwk', 'hydra_oauth2_jti_blacklist'].sort());
      const strange: string[] = [];
      for (const [table, real] of shapes) {
        for (const [column, formats] of await shapesOf(seededClient, table, key)) {
          const unknown = [...formats].filter((format) => !real.get(column)?.has(format));
          if (unknown.length > 0) strange.push(`${table}.${column}: ${unknown.join(', ')}`);
        }
      }
      expect(strange).toEqual([]);
    });
  });

  it('orphan consents exactly as the end of a login session does', async () => {
    const { rows } = await client.query<{ subject: string; orphans: number }>(
      `SELECT CASE subject WHEN 'orphan' THEN 'real' ELSE 'seeded' END AS subject, count(*)::integer AS orphans
       FROM hydra_oauth2_consent_request WHERE login_challenge IS NULL AND login_session_id IS NULL GROUP BY 1 ORDER BY 1`,
    );
    expect(rows.map(({ subject }) => subject)).toEqual(['real', 'seeded']);
  });
});

describe('seeded tokens at a real 1.11.10', () => {
  const named = { seed: SEED, grants: GRANTS, systemSecret: SECRET } as const;

  it('introspect as active refresh tokens of their subject and client', async () => {
    const tokens = await seededTokens(client, { ...named, kind: 'refresh', limit: 25 });
    expect(tokens).toHaveLength(25);
    for (const { token, subject, clientId } of tokens) {
      const answer = await browser.introspect(token);
      expect(answer).toMatchObject({ active: true, sub: subject, client_id: clientId, token_use: 'refresh_token' });
    }
  });

  it('introspect as active access tokens in the hour after they were issued', async () => {
    const tokens = await seededTokens(client, { ...named, kind: 'access', limit: GRANTS });
    const fresh = tokens.filter(({ issuedAt }) => Date.now() - Date.parse(issuedAt) < FRESH_ACCESS_MS);
    expect(fresh.length).toBeGreaterThan(10);
    for (const { token, subject, clientId } of fresh.slice(0, 25)) {
      const answer = await browser.introspect(token);
      expect(answer).toMatchObject({ active: true, sub: subject, client_id: clientId, token_use: 'access_token' });
    }
  });

  it('refresh, once, for public and confidential clients', async () => {
    const tokens = await seededTokens(client, { ...named, kind: 'refresh', limit: 40 });
    for (const suffix of ['-web', '-server', '-pairwise']) {
      const found = tokens.find(({ clientId }) => clientId.endsWith(suffix));
      const owner = { id: found?.clientId ?? '', ...(suffix === '-server' ? { secret: SEEDED_CLIENT_SECRET } : {}) };
      const first = await browser.refresh(owner, found?.token ?? '');
      expect(first.status).toBe(200);
      expect(await browser.introspect(String(first.json['refresh_token']))).toMatchObject({ active: true });
      expect((await browser.refresh(owner, found?.token ?? '')).status).toBe(401);
    }
  });

  it('belong to consents that are listed, also where the login request is gone', async () => {
    const { rows } = await client.query<{ subject: string; challenge: string }>(
      `SELECT min(r.subject) AS subject, r.challenge FROM hydra_oauth2_consent_request AS r
       JOIN hydra_oauth2_consent_request_handled AS h USING (challenge)
       WHERE r.login_challenge IS NULL AND NOT r.skip AND h.remember_for = 0 AND h.error = '{}' AND r.subject <> 'orphan'
       GROUP BY r.challenge ORDER BY r.challenge LIMIT 5`,
    );
    expect(rows).toHaveLength(5);
    for (const { subject } of rows) {
      const path = `/oauth2/auth/sessions/consent?subject=${encodeURIComponent(subject)}`;
      const { items } = expectStatus(200, await browser.admin(path)).json;
      expect(items).not.toEqual([]);
    }
  });

  it('leave pending logins that the login app can still read', async () => {
    const { rows } = await client.query<{ challenge: string }>(
      `SELECT a.challenge FROM hydra_oauth2_authentication_request AS a
       LEFT JOIN hydra_oauth2_authentication_request_handled AS h USING (challenge)
       WHERE h.challenge IS NULL AND a.client_id LIKE 'seed-%' ORDER BY a.requested_at DESC LIMIT 1`,
    );
    const asked = await browser.admin(`/oauth2/auth/requests/login?login_challenge=${rows[0]?.challenge}`);
    expect(asked).toMatchObject({ status: 200, json: { skip: false, subject: '' } });
  });
});
