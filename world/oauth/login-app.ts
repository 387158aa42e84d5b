import { z } from 'zod';
import { type Browser } from './browser';
import { expectJson } from './expect-json';
import { type OauthHttp } from './oauth-http';

/** The part of a browser flow that is not Hydra's: what happens at URLS_LOGIN, URLS_CONSENT and URLS_LOGOUT. */
export interface LoginApp {
  /** @returns where the browser is sent next, undefined when this page is not the login app's */
  visit(url: URL, browser: Browser): Promise<URL | undefined>;
}

export interface AdminLoginAppOptions {
  readonly subject: string;
  /** Remembers login and consent. @default false */
  readonly remember?: boolean;
  /** Seconds; 0 is for ever. @default 0 */
  readonly rememberForS?: number;
  /** @default everything that was asked for */
  readonly grantScope?: readonly string[];
  /** What the access token says of the user besides. @default nothing */
  readonly session?: Readonly<Record<string, unknown>>;
  /** The user refuses at this page. */
  readonly reject?: 'login' | 'consent';
}

const redirectSchema = z.object({ redirect_to: z.string() });
const loginSchema = z.object({ skip: z.boolean(), subject: z.string() });
const consentSchema = z.object({
  requested_scope: z.array(z.string()).nullish(),
  requested_access_token_audience: z.array(z.string()).nullish(),
});

/** Plays the login app through the admin API, as a real one does, but without pages. */
export function adminLoginApp(http: OauthHttp, options: AdminLoginAppOptions): LoginApp {
  return {
    async visit(url) {
      const login = url.searchParams.get('login_challenge');
      if (login !== null) return answerLogin(http, login, options);
      const consent = url.searchParams.get('consent_challenge');
      if (consent !== null) return answerConsent(http, consent, options);
      const logout = url.searchParams.get('logout_challenge');
      if (logout !== null) return decide(http, 'logout', 'accept', logout, {});
      return undefined;
    },
  };
}

async function answerLogin(http: OauthHttp, challenge: string, options: AdminLoginAppOptions): Promise<URL> {
  const url = http.adminUrl('/oauth2/auth/requests/login', { login_challenge: challenge });
  const asked = await expectJson(http, { operation: 'get login', method: 'GET', url }, 200, loginSchema);
  if (options.reject === 'login') return decide(http, 'login', 'reject', challenge, DENIED);
  return decide(http, 'login', 'accept', challenge, {
    // Hydra refuses another subject than the one it skipped the login for.
    subject: asked.skip ? asked.subject : options.subject,
    remember: options.remember ?? false,
    remember_for: options.rememberForS ?? 0,
  });
}

async function answerConsent(http: OauthHttp, challenge: string, options: AdminLoginAppOptions): Promise<URL> {
  const url = http.adminUrl('/oauth2/auth/requests/consent', { consent_challenge: challenge });
  const asked = await expectJson(http, { operation: 'get consent', method: 'GET', url }, 200, consentSchema);
  if (options.reject === 'consent') return decide(http, 'consent', 'reject', challenge, DENIED);
  return decide(http, 'consent', 'accept', challenge, {
    grant_scope: options.grantScope ?? asked.requested_scope ?? [],
    grant_access_token_audience: asked.requested_access_token_audience ?? [],
    ...(options.session === undefined ? {} : { session: { access_token: options.session } }),
    remember: options.remember ?? false,
    remember_for: options.rememberForS ?? 0,
  });
}

const DENIED = { error: 'access_denied', error_description: 'the user refused' } as const;

async function decide(
  http: OauthHttp,
  page: 'login' | 'consent' | 'logout',
  verdict: 'accept' | 'reject',
  challenge: string,
  body: unknown,
): Promise<URL> {
  const url = http.adminUrl(`/oauth2/auth/requests/${page}/${verdict}`, { [`${page}_challenge`]: challenge });
  const request = { operation: `${verdict} ${page}`, method: 'PUT', url, json: body } as const;
  const answer = await expectJson(http, request, 200, redirectSchema);
  return new URL(answer.redirect_to);
}
