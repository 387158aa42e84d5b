import { createLogger } from '../../../../config/logger';
import { sendAnswer } from '../../../../world/login-app/answer';
import { loginAppConfig, type LoginAppConfig } from '../../../../world/login-app/config';
import { HydraRequests } from '../../../../world/login-app/hydra-requests';
import { LoginApp } from '../../../../world/login-app/login-app';
import { HydraAdmin } from '../../../../world/service/hydra-admin';
import { listen, type HttpListener } from '../../../../world/service/http-listener';
import { ask, type ServiceAnswer } from '../../../support/service-process';
import { fakeHydra, type FakeHydra, type Received, type Reply } from '../service/fake-hydra';

const EVIL = '"><script>alert(1)</script>';
const CLIENT = { client_id: 'shop', client_name: `Shop ${EVIL}` };
const LOGIN = { skip: false, subject: '', client: CLIENT, oidc_context: { login_hint: EVIL } };
const CONSENT = {
  skip: false,
  subject: EVIL,
  client: CLIENT,
  requested_scope: ['openid', EVIL],
  requested_access_token_audience: [EVIL],
};

describe('LoginApp', () => {
  let hydra: FakeHydra;
  let admin: HydraAdmin;
  let app: HttpListener;
  let config: LoginAppConfig;
  let answer: (request: Received) => Reply;

  beforeEach(async () => {
    answer = ({ path }) => ({
      body: path.includes('consent') ? CONSENT : path.includes('logout') ? { subject: EVIL } : LOGIN,
    });
    hydra = await fakeHydra((request) => answer(request));
    admin = new HydraAdmin();
    config = loginAppConfig.parse({ hydra: hydra.side, password: 'right', hydraDeadlineMs: 30_000 });
    const logger = createLogger({ level: 'silent' });
    const pages = new LoginApp({ hydra: new HydraRequests(admin, () => config), config: () => config, logger });
    const handler = async (...[request, response]: Parameters<Parameters<typeof listen>[1]>) =>
      sendAnswer(request, response, await pages.answer(request));
    app = await listen({ host: '127.0.0.1', port: 0 }, handler, logger);
  });
  afterEach(async () => {
    await admin.close();
    await app.close();
    await hydra.close();
  });

  const get = (path: string) => ask('GET', `${app.url}${path}`);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  /** Opens a page and sends its form. */
  async function submit(kind: 'login' | 'consent' | 'logout', fields: Record<string, string>): Promise<ServiceAnswer> {
    const page = await get(`/${kind}?${kind}_challenge=abc`);
    const cookie = String(page.headers['set-cookie']).split(';', 1)[0] ?? '';
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const body = new URLSearchParams({ csrf, [`${kind}_challenge`]: 'abc', action: 'accept', ...fields }).toString();
    return ask('POST', `${app.url}/${kind}`, { ...form, cookie }, body);
  }

  const decisions = (): Received[] => hydra.received.filter(({ method }) => method === 'PUT');

  it.each([
    '/login?login_challenge=abc',
    '/consent?consent_challenge=abc',
    '/logout?logout_challenge=abc',
    `/error?error=${encodeURIComponent(EVIL)}&error_description=${encodeURIComponent(EVIL)}&error_hint=${encodeURIComponent(EVIL)}`,
    `/login?login_challenge=${encodeURIComponent(EVIL)}`,
  ])('escapes what clients, users and addresses bring into %s', async (path) => {
    const page = await get(path);
    expect(page.text).not.toContain('<script');
    expect(page.text).toContain('&lt;script&gt;');
  });

  it('forbids caching, framing and scripts on every page', async () => {
    for (const path of ['/login?login_challenge=abc', '/error', '/login', '/nothing', '/logged-out']) {
      const { headers } = await get(path);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it.each([
    ['GET', '/login', 400],
    ['GET', '/consent', 400],
    ['GET', '/logout?logout_challenge=', 400],
    ['GET', '//', 400],
    ['GET', '/etc/passwd', 404],
    ['DELETE', '/login', 404],
  ] as const)('answers %s %s with %i and asks Hydra nothing', async (method, path, status) => {
    expect((await ask(method, `${app.url}${path}`)).status).toBe(status);
    expect(hydra.received).toEqual([]);
  });

  it('refuses a challenge that no Hydra makes', async () => {
    expect((await get(`/login?login_challenge=${'x'.repeat(17_000)}`)).status).toBe(400);
    expect(hydra.received).toEqual([]);
  });

  it('takes forms only: of the right type, size, with a challenge and a token', async () => {
    const post = (headers: Record<string, string>, body: string) => ask('POST', `${app.url}/login`, headers, body);
    expect((await post({ 'content-type': 'application/json' }, '{}')).status).toBe(415);
    expect((await post(form, `a=${'x'.repeat(70_000)}`)).status).toBe(413);
    expect((await post(form, 'username=a')).status).toBe(400);
    expect((await post(form, 'login_challenge=abc&username=a&password=right')).status).toBe(403);
    expect((await post({ ...form, cookie: 'login_app_csrf=x' }, 'login_challenge=abc&csrf=y')).status).toBe(403);
    expect(hydra.received).toEqual([]);
  });

  it.each([
    ['no name', { username: '', password: 'right' }],
    ['a wrong password', { username: 'ada', password: 'wrong' }],
    ['a name too long to store', { username: 'x'.repeat(201), password: 'right' }],
    ['a NUL in the name', { username: 'a\u0000b', password: 'right' }],
  ])('does not accept a login with %s', async (_what, fields) => {
    const shown = await submit('login', fields);
    expect(shown.status).toBe(403);
    expect(shown.text).toContain('role="alert"');
    expect(decisions()).toEqual([]);
  });

  it('tells Hydra the user, whether to remember, and for how long', async () => {
    answer = ({ method }) => ({ body: method === 'PUT' ? { redirect_to: 'https://hydra/next?x=%27' } : LOGIN });
    const sent = await submit('login', { username: 'ada', password: 'right', remember: '1' });
    expect([sent.status, sent.headers['location']]).toEqual([303, 'https://hydra/next?x=%27']);
    expect(JSON.parse(decisions()[0]?.body ?? '')).toMatchObject({
      subject: 'ada',
      remember: true,
      remember_for: 86_400,
    });
  });

  it('grants what Hydra says was requested, not what the form says', async () => {
    answer = ({ method }) => ({ body: method === 'PUT' ? { redirect_to: 'https://hydra/next' } : CONSENT });
    await submit('consent', { grant_scope: 'admin', requested_scope: 'admin' });
    expect(JSON.parse(decisions()[0]?.body ?? '')).toMatchObject({
      grant_scope: ['openid', EVIL],
      grant_access_token_audience: [EVIL],
      remember: false,
    });
  });

  it.each([
    ['login', { ...LOGIN, skip: true, subject: 'ada' }, { subject: 'ada' }],
    ['consent', { ...CONSENT, skip: true }, { grant_scope: ['openid', EVIL] }],
    ['consent', { ...CONSENT, client: { ...CLIENT, skip_consent: true } }, { grant_scope: ['openid', EVIL] }],
  ] as const)('accepts a skipped %s without a page', async (kind, found, body) => {
    answer = ({ method }) => ({ body: method === 'PUT' ? { redirect_to: 'https://hydra/next' } : found });
    const sent = await get(`/${kind}?${kind}_challenge=abc`);
    expect([sent.status, sent.headers['location']]).toEqual([302, 'https://hydra/next']);
    expect(JSON.parse(decisions()[0]?.body ?? '')).toMatchObject(body);
  });

  it('follows a 410, at the page and after a conflict at the form', async () => {
    answer = () => ({ status: 410, body: { redirect_to: 'https://hydra/again' } });
    expect((await get('/login?login_challenge=abc')).headers['location']).toBe('https://hydra/again');
    let used = false;
    answer = ({ method }) => {
      if (method === 'PUT') used = true;
      if (method === 'PUT') return { status: 409, body: { error: 'conflict' } };
      return used ? { status: 410, body: { redirect_to: 'https://hydra/again' } } : { body: LOGIN };
    };
    const sent = await submit('login', { username: 'ada', password: 'right' });
    expect([sent.status, sent.headers['location']]).toEqual([303, 'https://hydra/again']);
  });

  it('goes nowhere but to http and https addresses', async () => {
    for (const to of ['javascript:alert(1)', 'data:text/html,x', '/relative']) {
      answer = () => ({ status: 410, body: { redirect_to: to } });
      const page = await get('/login?login_challenge=abc');
      expect([page.status, page.headers['location']]).toEqual([410, undefined]);
    }
    config = { ...config, hydraPublicUrl: 'https://hydra.example' };
    expect((await get('/login?login_challenge=abc')).headers['location']).toBe('https://hydra.example/relative');
  });

  it.each([
    ['500', { status: 500, body: { error: 'x' } }],
    ['a redirect of the other generation', { status: 307, headers: { Location: 'https:///admin/x' } }],
    ['a 404 page of the other generation', { status: 404, body: '<html>' }],
    ['nothing', { hang: true }],
    ['half an answer', { cut: true, body: LOGIN }],
    ['something else', { body: [] }],
    ['a 410 without an address', { status: 410, body: {} }],
  ])('says that login is not available when Hydra answers %s', async (_what, reply) => {
    if ('hang' in reply) config = { ...config, hydraDeadlineMs: 300 };
    answer = () => reply;
    for (const kind of ['login', 'consent']) {
      const page = await get(`/${kind}?${kind}_challenge=abc`);
      expect(page.status).toBe(502);
      expect(page.text).toContain('Login is not available');
    }
  });

  it('offers a restart for a challenge that Hydra does not know', async () => {
    answer = () => ({ status: 404, body: { error: 'Not Found' } });
    expect((await get('/login?login_challenge=abc')).status).toBe(404);
  });
});
