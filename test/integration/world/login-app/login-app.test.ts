import { pageLoginApp, type PageLoginAppOptions } from '../../../../world/login-app/page-login-app';
import { freePort } from '../../../../world/net/free-port';
import {
  Browser,
  OauthHttp,
  authorize,
  createOauthClient,
  exchangeCode,
  grantTokens,
  introspectToken,
  listConsents,
  logout,
  redirectTarget,
  type OauthClient,
} from '../../../../world/oauth';
import { useDatabase } from '../../../support/database';
import { startHydra, type TestHydra } from '../../../support/hydra';
import { ServiceProcess } from '../../../support/service-process';

const PASSWORD = 'one for all';

describe.each([
  { version: '1.11.10', template: 'hydra_1_11_10', apiGeneration: 1 },
  { version: '2.3.0', template: 'hydra_2_3_0', apiGeneration: 2 },
] as const)('the login app before Hydra $version', ({ version, template, apiGeneration }) => {
  const database = useDatabase(template);
  let hydra: TestHydra;
  const app = new ServiceProcess('world/login-app/main.ts');
  let client: OauthClient;
  let http: OauthHttp;

  beforeAll(async () => {
    const port = await freePort();
    hydra = await startHydra({ version, database: database.config, loginAppUrl: `http://127.0.0.1:${port}` });
    await app.configure({
      listen: { port },
      hydra: { adminUrl: hydra.adminUrl, apiGeneration },
      hydraPublicUrl: hydra.issuer,
      hydraDeadlineMs: 60_000,
      password: PASSWORD,
    });
    await app.start();
    http = new OauthHttp(hydra, { forwardedProto: true });
    client = await createOauthClient(http, { public: true });
    await http.close();
  });
  afterAll(async () => {
    await app.dispose();
    await hydra.stop();
  });
  beforeEach(() => {
    http = new OauthHttp(hydra, { forwardedProto: true });
  });
  afterEach(() => http.close());

  const user = (options: Partial<PageLoginAppOptions> = {}) => {
    const pages: string[] = [];
    const loginApp = pageLoginApp({
      url: app.url,
      username: 'ada',
      password: PASSWORD,
      onPage: (path) => pages.push(path),
      ...options,
    });
    return { pages, loginApp };
  };

  /** Follows redirects to a page of the login app. */
  const pageAt = async (browser: Browser): Promise<URL> => {
    const parameters = { client_id: client.id, response_type: 'code', state: 'a-long-enough-state' };
    const from = http.publicUrl('/oauth2/auth', {
      ...parameters,
      redirect_uri: client.redirectUri,
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    });
    const to = redirectTarget(from, await browser.get('authorize', from));
    if (to === undefined) throw new Error('no redirect');
    return to;
  };

  it('logs a user in, grants what was asked for, and the tokens name the user', async () => {
    const { loginApp, pages } = user({ username: 'zoë <script>alert(1)</script>' });
    const { tokens } = await grantTokens(http, { client, loginApp });
    expect(pages).toEqual(['/login', '/consent']);
    const found = await introspectToken(http, tokens.accessToken);
    expect(found).toMatchObject({ active: true, subject: 'zoë <script>alert(1)</script>', clientId: client.id });
    expect([...found.scope].sort()).toEqual([...client.scope].sort());
  });

  it('asks again next time when nothing was remembered', async () => {
    const { loginApp, pages } = user();
    const { browser } = await authorize(http, { client, loginApp });
    await authorize(http, { client, loginApp, browser });
    expect(pages).toEqual(['/login', '/consent', '/login', '/consent']);
  });

  it('skips both pages while login and consent are remembered, time after time', async () => {
    const { loginApp, pages } = user({ username: 'grace', remember: true });
    const { browser } = await authorize(http, { client, loginApp });
    for (let round = 0; round < 2; round++) {
      const again = await authorize(http, { client, loginApp, browser });
      const tokens = await exchangeCode(http, client, again);
      expect((await introspectToken(http, tokens.accessToken)).subject).toBe('grace');
    }
    expect(pages).toEqual(['/login', '/consent']);
    expect((await listConsents(http, 'grace')).map((consent) => consent.remember)).toEqual([true]);
  });

  it.each(['login', 'consent'] as const)(
    'sends access_denied to the client when the user says no at %s',
    async (reject) => {
      const attempt = authorize(http, { client, loginApp: user({ reject }).loginApp });
      await expect(attempt).rejects.toMatchObject({ details: { oauthError: 'access_denied' } });
    },
  );

  it('shows the form again for a wrong password, and nothing is granted', async () => {
    const browser = new Browser(http);
    const url = await pageAt(browser);
    const form = hiddenFields((await browser.get('page', url)).text);
    const again = await browser.post('form', new URL('/login', url), { ...form, username: 'ada', password: 'no' });
    expect(again.statusCode).toBe(403);
    expect(again.text).toContain('User name or password is wrong.');
    expect(again.text).toContain('value="ada"');
  });

  it('refuses a form without its browser’s cookie', async () => {
    const browser = new Browser(http);
    const url = await pageAt(browser);
    const form = hiddenFields((await browser.get('page', url)).text);
    const stranger = new Browser(http);
    const filled = { ...form, username: 'ada', password: PASSWORD, action: 'accept' };
    expect((await stranger.post('form', new URL('/login', url), filled)).statusCode).toBe(403);
    expect((await browser.post('form', new URL('/login', url), filled)).statusCode).toBe(303);
  });

  it('leads a used challenge back to a running login', async () => {
    const { loginApp } = user();
    const browser = new Browser(http);
    const url = await pageAt(browser);
    const page = await browser.get('page', url);
    const filled = { ...hiddenFields(page.text), username: 'ada', password: PASSWORD, action: 'accept' };
    const first = await browser.post('form', new URL('/login', url), filled);
    const verifier = redirectTarget(url, first);
    if (verifier === undefined) throw new Error('no redirect');
    await browser.get('verifier', verifier);
    for (const answer of [await browser.get('page', url), await browser.post('form', new URL('/login', url), filled)]) {
      // 2.x keeps no record of an unfinished login, so it cannot call the challenge used; 1.x names the address to go on at.
      const to = redirectTarget(url, answer);
      if (version === '1.11.10') expect(to?.href).toContain(`${new URL(hydra.issuer).origin}/oauth2/auth?`);
      else expect([200, 303]).toContain(answer.statusCode);
    }
    await authorize(http, { client, loginApp, browser });
  });

  it('offers to start again for a challenge that Hydra does not know', async () => {
    for (const kind of ['login', 'consent', 'logout']) {
      const url = new URL(`${app.url}/${kind}?${kind}_challenge=${encodeURIComponent('"><script>alert(1)</script>')}`);
      const page = await new Browser(http).get('page', url);
      expect(page.statusCode).toBe(404);
      expect(page.text).toContain('challenge_unknown');
      expect(page.text).not.toContain('<script>');
    }
  });

  it('logs out by its page, and a repeat of the page does no harm', async () => {
    const { loginApp, pages } = user({ username: 'linus', remember: true });
    const { browser } = await authorize(http, { client, loginApp });
    let logoutPage: URL | undefined;
    const watching = {
      visit: (url: URL, visitor: Browser) => {
        logoutPage = url;
        return loginApp.visit(url, visitor);
      },
    };
    await logout(http, browser, watching);
    expect(pages).toEqual(['/login', '/consent', '/logout']);
    await authorize(http, { client, loginApp, browser });
    expect(pages.slice(3)).toContain('/login');
    if (logoutPage === undefined) throw new Error('no logout page');
    const again = redirectTarget(logoutPage, await browser.get('page', logoutPage));
    expect(again?.href).toBe(`${new URL(hydra.issuer).origin}/oauth2/sessions/logout`);
  });

  it('keeps the user logged in who says no at logout', async () => {
    const { loginApp, pages } = user({ username: 'barbara', remember: true, reject: 'logout' });
    const { browser } = await authorize(http, { client, loginApp });
    await expect(logout(http, browser, loginApp)).rejects.toThrow('status 200');
    await authorize(http, { client, loginApp, browser });
    expect(pages).toEqual(['/login', '/consent', '/logout']);
  });

  it('shows Hydra’s error for an unknown client', async () => {
    const browser = new Browser(http);
    const from = http.publicUrl('/oauth2/auth', {
      client_id: 'nobody',
      response_type: 'code',
      state: 'long-enough-state',
    });
    const to = redirectTarget(from, await browser.get('authorize', from));
    const page = await browser.get('error page', to ?? from);
    expect(page.statusCode).toBe(400);
    expect(page.text).toContain('invalid_client');
  });
});

function hiddenFields(page: string): Record<string, string> {
  const fields = [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]));
}
