import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CutoverFault, asCutoverFault } from '../../domain/faults';
import { type SyntheticTokens } from '../../domain/ports/hydra-api';
import { type HydraAnswer, type HydraCall, type HydraHttp, setCookieLines, unexpected } from './hydra-http';

/** Nobody is sent there: a walk ends when it is redirected to it. */
const REDIRECT_URI = 'https://hydra-cutover.invalid/callback';
const SCOPE = 'openid offline_access';
const MAX_HOPS = 20;

const redirectTo = z.object({ redirect_to: z.string() });
const loginRequest = z.object({ skip: z.boolean(), subject: z.string() });
const consentRequest = z.object({ requested_scope: z.array(z.string()).nullish() });
const tokens = z.object({ access_token: z.string(), refresh_token: z.string(), id_token: z.string() });
const introspection = z.object({ active: z.boolean(), sub: z.string().optional(), client_id: z.string().optional() });

/** A user who does not exist, and the client that he uses. */
export interface WalkUser {
  readonly clientId: string;
  readonly clientName: string;
  readonly subject: string;
  /** Only a login that is remembered sets the cookie of the session. */
  readonly rememberSeconds: number;
  /** Whether the consent is remembered too, so that the same is granted again without a page. */
  readonly remembersConsent: boolean;
  /** Where Hydra tells the client that its user logged out. */
  readonly backChannelUrl?: string;
}

/** What client and browser keep between two requests. Secrets. */
export interface WalkMemory {
  readonly clientSecret: string;
  readonly cookies: Readonly<Record<string, string>>;
}

/** A code with what its client needs to redeem it. Secrets. */
export interface WalkCode {
  readonly code: string;
  readonly verifier: string;
}

/** Secrets. */
export interface WalkTokens extends SyntheticTokens {
  readonly idToken: string;
}

/**
 * The one driver of OAuth in the product: browser, client and login app of one user, who accepts his own challenges at the admin API.
 *
 * All methods @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED, saying in which step
 */
export class Walk {
  readonly steps: string[] = [];
  /** Of every cookie that was set, also of those that are gone again. */
  readonly cookieNames = new Set<string>();
  readonly #secret: string;
  readonly #cookies: Map<string, string>;

  /** @param memory of an earlier walk of the same user, perhaps of another process */
  constructor(
    readonly http: HydraHttp,
    readonly user: WalkUser,
    memory?: WalkMemory,
  ) {
    this.#secret = memory?.clientSecret ?? randomBytes(24).toString('base64url');
    this.#cookies = new Map(Object.entries(memory?.cookies ?? {}));
  }

  get memory(): WalkMemory {
    return { clientSecret: this.#secret, cookies: Object.fromEntries(this.#cookies) };
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.steps.push(name);
      return result;
    } catch (error) {
      const fault = asCutoverFault(error);
      throw new CutoverFault(
        fault.code,
        `a synthetic login broke at "${name}": ${fault.message}`,
        { ...fault.details, step: name },
        error,
      );
    }
  }

  /** Makes the client, logs the user in and asks whether the token is good. */
  async logIn(): Promise<WalkTokens> {
    await this.step('make client', () => this.#makeClient());
    return this.logInAgain();
  }

  /** With the client that is there. */
  async logInAgain(): Promise<WalkTokens> {
    return this.redeem(await this.authorize());
  }

  /** @param parameters for example `prompt=none`: then a page that wants the user to do something is an error of OAuth */
  async authorize(parameters: Readonly<Record<string, string>> = {}): Promise<WalkCode> {
    const state = randomBytes(12).toString('hex');
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: this.user.clientId,
      response_type: 'code',
      scope: SCOPE,
      redirect_uri: REDIRECT_URI,
      state,
      nonce: randomBytes(12).toString('hex'),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    }).toString();
    const isSilent = parameters['prompt'] === 'none';
    let next = await this.step('authorize', () => this.#browse(`/oauth2/auth?${query}`));
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (next.href.startsWith(`${REDIRECT_URI}?`)) return { code: codeOf(next, state), verifier };
      const login = next.searchParams.get('login_challenge');
      const consent = next.searchParams.get('consent_challenge');
      const here = next;
      if (login !== null) next = await this.step('accept login', () => this.#acceptLogin(login, isSilent));
      else if (consent !== null) next = await this.step('accept consent', () => this.#acceptConsent(consent));
      else next = await this.step('follow', () => this.#browse(`${here.pathname}${here.search}`));
    }
    throw new CutoverFault('HYDRA_UNEXPECTED', `a synthetic login did not end after ${MAX_HOPS} redirects`);
  }

  async redeem({ code, verifier }: WalkCode): Promise<WalkTokens> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: verifier };
    const issued = await this.step('exchange code', () => this.#requestTokens(form));
    await this.step('introspect', () => this.#introspect(issued.accessToken));
    return issued;
  }

  async refresh(refreshToken: string): Promise<WalkTokens> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const refreshed = await this.step('refresh', () => this.#requestTokens(form));
    await this.step('introspect again', () => this.#introspect(refreshed.accessToken));
    return refreshed;
  }

  /**
   * Sends a refresh token that was used a moment ago once more. Without a grace that ends the login.
   *
   * @returns whether it is taken
   */
  takesAgain(usedRefreshToken: string): Promise<boolean> {
    return this.step('refresh with a used token', async () => {
      const call = this.#tokenCall({ grant_type: 'refresh_token', refresh_token: usedRefreshToken });
      const answer = await this.http.call(call);
      if (answer.status === 200) return true;
      if (answer.status === 400 || answer.status === 401) return false;
      throw unexpected(this.http, call, answer, '200, 400 or 401');
    });
  }

  /** The whole grant goes with its refresh token. Source: RFC 7009, 2.1. */
  async revoke({ accessToken, refreshToken }: SyntheticTokens): Promise<void> {
    const { http } = this;
    const call: HydraCall = {
      ...{ listener: 'public', method: 'POST', path: '/oauth2/revoke' },
      headers: this.basic(),
      form: { token: refreshToken },
    };
    const answer = await http.call(call);
    if (answer.status !== 200) throw unexpected(http, call, answer, '200');
    for (const token of [refreshToken, accessToken]) {
      if (!(await this.#introspection(token)).active) continue;
      throw new CutoverFault(
        'HYDRA_UNEXPECTED',
        `${http.name} says of a token whose grant it has just revoked that it is active`,
      );
    }
  }

  /** Ends the session of the browser, as its user would. */
  async logOut(): Promise<void> {
    const page = await this.#browse('/oauth2/sessions/logout');
    const challenge = page.searchParams.get('logout_challenge');
    if (challenge === null) {
      throw new CutoverFault('HYDRA_UNEXPECTED', `${this.http.name} knows no session that could be ended`);
    }
    const { pathname, search } = await this.#accept('logout', challenge, {});
    await this.#visit(`${pathname}${search}`);
  }

  /** What the client is registered with. */
  client(): Readonly<Record<string, unknown>> {
    const { clientId, clientName, backChannelUrl } = this.user;
    return {
      client_id: clientId,
      client_name: clientName,
      client_secret: this.#secret,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      scope: SCOPE,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'client_secret_basic',
      ...(backChannelUrl === undefined
        ? {}
        : { backchannel_logout_uri: backChannelUrl, backchannel_logout_session_required: true }),
    };
  }

  /** Headers by which the client authenticates itself. */
  basic(): Readonly<Record<string, string>> {
    return { authorization: `Basic ${Buffer.from(`${this.user.clientId}:${this.#secret}`).toString('base64')}` };
  }

  async #makeClient(): Promise<void> {
    const call: HydraCall = { listener: 'admin', method: 'POST', path: '/clients', json: this.client() };
    await expectJson(this.http, call, 201, z.object({ client_id: z.literal(this.user.clientId) }));
  }

  /** One request of the browser at the public listener; redirects name the gateway, so their path alone counts. */
  async #browse(path: string): Promise<URL> {
    const { call, answer } = await this.#visit(path);
    const { location } = answer.headers;
    if ((answer.status === 302 || answer.status === 303) && typeof location === 'string') {
      return new URL(location, this.http.endpoints.publicUrl);
    }
    throw unexpected(this.http, call, answer, 'a redirect');
  }

  async #visit(path: string): Promise<{ readonly call: HydraCall; readonly answer: HydraAnswer }> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const call: HydraCall = { listener: 'public', method: 'GET', path, headers: cookie === '' ? {} : { cookie } };
    const answer = await this.http.call(call);
    this.#keepCookies(answer);
    if (answer.status >= 400) throw unexpected(this.http, call, answer, 'a redirect or a page');
    return { call, answer };
  }

  #keepCookies({ headers }: HydraAnswer): void {
    for (const line of setCookieLines(headers)) {
      const [pair = ''] = line.split(';');
      const equals = pair.indexOf('=');
      const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
      this.cookieNames.add(name);
      if (value === '' || /;\s*max-age=0\b/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  async #acceptLogin(challenge: string, isSilent: boolean): Promise<URL> {
    const { subject, rememberSeconds } = this.user;
    if (isSilent) {
      const query = new URLSearchParams({ login_challenge: challenge }).toString();
      const call: HydraCall = { listener: 'admin', method: 'GET', path: `/oauth2/auth/requests/login?${query}` };
      const asked = await expectJson(this.http, call, 200, loginRequest);
      if (!asked.skip || asked.subject !== subject) {
        throw new CutoverFault('HYDRA_UNEXPECTED', `${this.http.name} does not know the session of the user`);
      }
    }
    return this.#accept('login', challenge, { subject, remember: true, remember_for: rememberSeconds });
  }

  async #acceptConsent(challenge: string): Promise<URL> {
    const query = new URLSearchParams({ consent_challenge: challenge }).toString();
    const call: HydraCall = { listener: 'admin', method: 'GET', path: `/oauth2/auth/requests/consent?${query}` };
    const asked = await expectJson(this.http, call, 200, consentRequest);
    const { remembersConsent, rememberSeconds } = this.user;
    return this.#accept('consent', challenge, {
      grant_scope: asked.requested_scope ?? [],
      remember: remembersConsent,
      ...(remembersConsent ? { remember_for: rememberSeconds } : {}),
    });
  }

  async #accept(what: 'login' | 'consent' | 'logout', challenge: string, json: unknown): Promise<URL> {
    const query = new URLSearchParams({ [`${what}_challenge`]: challenge }).toString();
    const path = `/oauth2/auth/requests/${what}/accept?${query}`;
    const answer = await expectJson(this.http, { listener: 'admin', method: 'PUT', path, json }, 200, redirectTo);
    return new URL(answer.redirect_to, this.http.endpoints.publicUrl);
  }

  async #requestTokens(form: Readonly<Record<string, string>>): Promise<WalkTokens> {
    const call = this.#tokenCall(form);
    const { access_token, refresh_token, id_token } = await expectJson(this.http, call, 200, tokens);
    return { accessToken: access_token, refreshToken: refresh_token, idToken: id_token };
  }

  #tokenCall(form: Readonly<Record<string, string>>): HydraCall {
    return { listener: 'public', method: 'POST', path: '/oauth2/token', headers: this.basic(), form };
  }

  #introspection(token: string): Promise<z.infer<typeof introspection>> {
    const call: HydraCall = { listener: 'admin', method: 'POST', path: '/oauth2/introspect', form: { token } };
    return expectJson(this.http, call, 200, introspection);
  }

  async #introspect(token: string): Promise<void> {
    const { active, sub, client_id } = await this.#introspection(token);
    if (active && sub === this.user.subject && client_id === this.user.clientId) return;
    throw new CutoverFault(
      'HYDRA_UNEXPECTED',
      `${this.http.name} says of a token it has just issued: ${active ? 'of another user or client' : 'not active'}`,
    );
  }
}

/** @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED */
export async function expectJson<Schema extends z.ZodType>(
  http: HydraHttp,
  call: HydraCall,
  status: number,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const answer = await http.call(call);
  const parsed = schema.safeParse(answer.json);
  if (answer.status === status && parsed.success) return parsed.data;
  throw unexpected(http, call, answer, `${status} with the body of the protocol`);
}

function codeOf(callback: URL, state: string): string {
  const code = callback.searchParams.get('code');
  if (code !== null && callback.searchParams.get('state') === state) return code;
  const oauthError = callback.searchParams.get('error') ?? 'neither a code nor an error';
  throw new CutoverFault(
    'HYDRA_UNEXPECTED',
    `a synthetic login was sent back with ${oauthError.slice(0, 60)}, not with a code`,
    { oauthError },
  );
}
