import { pageLoginApp } from '../../login-app/page-login-app';
import { type LoginApp, type OauthHttp, adminLoginApp } from '../../oauth';

export interface User {
  readonly subject: string;
  /** Ticks "remember me" on both pages. */
  readonly remember: boolean;
}

/** How users get through login and consent: over the pages of the real login app, or through the admin API. */
export type LoginAppFor = (user: User) => LoginApp;

export interface PageSettings {
  readonly password: string;
  /** Called when a login was sent back to its beginning, as after a 410. */
  readonly onRestart?: () => void;
}

export function adminApp(http: OauthHttp): LoginAppFor {
  return ({ subject, remember }) => adminLoginApp(http, { subject, remember });
}

/** The pages are wherever Hydra sends the browser with a challenge. */
export function pageApp({ password, onRestart }: PageSettings): LoginAppFor {
  return ({ subject, remember }) => ({
    visit: async (url, browser) => {
      if (!hasChallenge(url)) return undefined;
      const app = pageLoginApp({ url: url.origin, username: subject, password, remember });
      const next = await app.visit(url, browser);
      if (next !== undefined && isBeginning(next)) onRestart?.();
      return next;
    },
  });
}

function hasChallenge(url: URL): boolean {
  return ['login_challenge', 'consent_challenge', 'logout_challenge'].some((name) => url.searchParams.has(name));
}

function isBeginning(url: URL): boolean {
  const continues = ['login_verifier', 'consent_verifier'].some((name) => url.searchParams.has(name));
  return url.pathname.endsWith('/oauth2/auth') && !continues;
}
