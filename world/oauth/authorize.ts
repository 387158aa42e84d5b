import { randomBytes } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { Browser, redirectTarget } from './browser';
import { unexpected } from './expect-json';
import { type LoginApp } from './login-app';
import { type OauthClient } from './oauth-client';
import { type OauthHttp } from './oauth-http';
import { createPkce } from './pkce';

export interface AuthorizeOptions {
  readonly client: OauthClient;
  readonly loginApp: LoginApp;
  /** A browser that was here before brings its session. @default a new one */
  readonly browser?: Browser;
  /** @default the client's */
  readonly scope?: readonly string[];
  /** For example `{ prompt: 'none' }`. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** What a client holds between the redirect and the token request. */
export interface Authorization {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly browser: Browser;
}

const MAX_HOPS = 20;

/**
 * Walks a browser from `/oauth2/auth` over login and consent back to the client, one redirect at a time.
 *
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED (details: `oauthError` when the client was sent an error)
 */
export async function authorize(http: OauthHttp, options: AuthorizeOptions): Promise<Authorization> {
  const { client, loginApp } = options;
  const browser = options.browser ?? new Browser(http);
  const pkce = createPkce();
  const state = randomBytes(12).toString('hex');
  let url = http.publicUrl('/oauth2/auth', {
    client_id: client.id,
    response_type: 'code',
    scope: (options.scope ?? client.scope).join(' '),
    redirect_uri: client.redirectUri,
    state,
    nonce: randomBytes(12).toString('hex'),
    code_challenge: pkce.challenge,
    code_challenge_method: pkce.method,
    ...options.parameters,
  });
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    if (url.href.startsWith(`${client.redirectUri}?`)) {
      const code = codeOf(url, state);
      return { code, codeVerifier: pkce.verifier, redirectUri: client.redirectUri, browser };
    }
    url = await nextPage(http, url, browser, loginApp);
  }
  throw tooManyHops('login', url);
}

/** Logs the browser's user out. @returns the page it ends on: the client's, or Hydra's own when there is none */
export async function logout(http: OauthHttp, browser: Browser, loginApp: LoginApp): Promise<URL> {
  let url = http.publicUrl('/oauth2/sessions/logout');
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    if (!http.isPublic(url)) {
      const next = await loginApp.visit(url, browser);
      if (next === undefined) return url;
      url = next;
      continue;
    }
    const response = await browser.get('logout', url);
    const next = redirectTarget(url, response);
    if (next === undefined) {
      if (response.statusCode === 200) return url;
      throw unexpected({ operation: 'logout', method: 'GET', url }, response, 'a redirect or a page');
    }
    url = next;
  }
  throw tooManyHops('logout', url);
}

function tooManyHops(operation: string, last: URL): CutoverFault {
  return new CutoverFault(
    'HYDRA_UNEXPECTED',
    `a ${operation} did not end after ${MAX_HOPS} redirects; the last led to ${last.origin}${last.pathname}`,
    { operation },
  );
}

async function nextPage(http: OauthHttp, url: URL, browser: Browser, loginApp: LoginApp): Promise<URL> {
  if (!http.isPublic(url)) {
    const next = await loginApp.visit(url, browser);
    if (next !== undefined) return next;
  }
  const response = await browser.get('authorize', url);
  const next = redirectTarget(url, response);
  if (next === undefined) throw unexpected({ operation: 'authorize', method: 'GET', url }, response, 'a redirect');
  return next;
}

function codeOf(callback: URL, state: string): string {
  const code = callback.searchParams.get('code');
  const oauthError = callback.searchParams.get('error') ?? undefined;
  if (code !== null && callback.searchParams.get('state') === state) return code;
  const reason = oauthError ?? (code === null ? 'neither code nor error' : 'another state');
  const description = callback.searchParams.get('error_description');
  throw new CutoverFault(
    'HYDRA_UNEXPECTED',
    `the client was sent back with ${reason}${description === null ? '' : ` (${description})`}; expected a code`,
    { operation: 'authorize', oauthError },
  );
}
