import {
  type Browser,
  OauthHttp,
  adminLoginApp,
  authorize,
  clientCredentials,
  createOauthClient,
  deleteOauthClient,
  grantTokens,
  listConsents,
  logout,
  refreshTokens,
  revokeConsents,
  revokeLogins,
  revokeToken,
} from '../../../../world/oauth';
import { startHydra } from '../../../support/hydra';
import { type Clone } from '../../world/seeder/clone';

/** A user's years in a minute, on a real 1.11.10: everything that it lets people do, and everything that is left half done. */
export async function liveOnBlue(database: Clone['config']): Promise<void> {
  const hydra = await startHydra({ version: '1.11.10', database, loginAppUrl: 'http://127.0.0.1:9' });
  const http = new OauthHttp(hydra, { forwardedProto: true });
  try {
    await live(http);
  } finally {
    await http.close();
    await hydra.stop();
  }
}

async function live(http: OauthHttp): Promise<void> {
  const after = 'http://127.0.0.1:9/bye';
  const client = await createOauthClient(http, { public: true, postLogoutRedirectUris: [after] });
  const machine = await createOauthClient(http, { scope: ['openid', 'offline_access', 'api:"read"', 'C:\\share'] });
  const doomed = await createOauthClient(http, { public: true });
  const app = (subject: string, more: object = {}) => adminLoginApp(http, { subject, ...more });
  const grant = (subject: string, more: object = {}) => grantTokens(http, { client, loginApp: app(subject, more) });

  const kept = await grant('anna', { remember: true, rememberForS: 3600 });
  // Skips login and consent: the session and the consent are remembered.
  await grantTokens(http, { client, loginApp: app('anna'), browser: kept.authorization.browser });
  await refreshTokens(http, client, (await refreshTokens(http, client, refreshOf(kept))).refreshToken ?? '');
  await authorize(http, { client, loginApp: app('code not redeemed') });
  await grantTokens(http, { client: doomed, loginApp: app('bert') });
  await deleteOauthClient(http, doomed.id);

  for (const reject of ['login', 'consent'] as const) {
    await grant('rejects', { reject }).catch(() => undefined);
  }
  // Leaves in the middle, at the login page and at the consent page.
  for (const page of ['login_challenge', 'consent_challenge']) {
    const loginApp = app('leaves');
    const visit = (url: URL, browser: Browser) =>
      url.searchParams.has(page) ? Promise.reject(new Error('left')) : loginApp.visit(url, browser);
    await authorize(http, { client, loginApp: { visit } }).catch(() => undefined);
  }
  // Consents without a login: a logout, and an admin who ends all sessions.
  const left = await grant('carl', { remember: true });
  await logout(http, left.authorization.browser, app('carl'));
  await grant('dora', { remember: true });
  await revokeLogins(http, 'dora');
  await grant('dora', { remember: true });

  await revokeToken(http, client, refreshOf(await grant('emil')));
  await grant('fred');
  await revokeConsents(http, 'fred');
  await clientCredentials(http, machine);
  await grantTokens(http, { client: machine, loginApp: app('gina') });
  if ((await listConsents(http, 'carl')).length !== 1) throw new Error('carl logged out, and the consent stays');
}

const refreshOf = ({ tokens }: Awaited<ReturnType<typeof grantTokens>>): string => tokens.refreshToken ?? '';
