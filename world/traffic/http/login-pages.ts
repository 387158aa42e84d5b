import { type Browser, type LoginApp, type OauthHttp, adminLoginApp, redirectTarget } from '../../oauth';

export interface User {
  readonly subject: string;
  /** Ticks "remember me" on both pages. */
  readonly remember: boolean;
}

/** How users get through login and consent: over the pages of the real login app, or through the admin API. */
export type LoginAppFor = (user: User) => LoginApp;

export interface PageSettings {
  readonly password: string;
  /** Called when the login began anew, as after a 410. */
  readonly onRestart?: () => void;
}

export function adminApp(http: OauthHttp): LoginAppFor {
  return ({ subject, remember }) => adminLoginApp(http, { subject, remember });
}

/** A user in front of the login app's pages: fills in the form that is shown and presses its first button. */
export function pageApp(settings: PageSettings): LoginAppFor {
  return (user) => ({
    visit: async (url, browser) => {
      if (!hasChallenge(url)) return undefined;
      const next = await throughPage(url, browser, user, settings.password);
      if (next !== undefined && isBeginning(next)) settings.onRestart?.();
      return next;
    },
  });
}

async function throughPage(url: URL, browser: Browser, user: User, password: string): Promise<URL | undefined> {
  const page = await browser.get('login page', url);
  const skipped = redirectTarget(url, page);
  if (skipped !== undefined) return skipped;
  if (page.statusCode !== 200) throw new PageRefused(page.statusCode);
  const fields = hiddenFields(page.text);
  const isLogin = 'login_challenge' in fields;
  const form = {
    ...fields,
    ...(isLogin && { username: user.subject, password }),
    ...(user.remember && { remember: '1' }),
    action: 'accept',
  };
  const target = new URL(/<form[^>]*\saction="([^"]+)"/.exec(page.text)?.[1] ?? '', url);
  const answer = await browser.post('login form', target, form);
  const next = redirectTarget(target, answer);
  if (next === undefined) throw new PageRefused(answer.statusCode);
  return next;
}

/** The login app showed something that ends the login. */
export class PageRefused extends Error {
  constructor(readonly status: number) {
    super(`the login app answered ${status}`);
    this.name = 'PageRefused';
  }
}

function hasChallenge(url: URL): boolean {
  return ['login_challenge', 'consent_challenge', 'logout_challenge'].some((name) => url.searchParams.has(name));
}

function isBeginning(url: URL): boolean {
  const continues = ['login_verifier', 'consent_verifier'].some((name) => url.searchParams.has(name));
  return url.pathname.endsWith('/oauth2/auth') && !continues;
}

function hiddenFields(page: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    fields[name] = value
      .replace(/&quot;/g, '"')
      .replace(/&#39;/g, "'")
      .replace(/&lt;/g, '<')
      .replace(/&amp;/g, '&');
  }
  return fields;
}
