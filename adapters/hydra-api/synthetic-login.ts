import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CutoverFault, asCutoverFault } from '../../domain/faults';
import { type SyntheticLogin, type SyntheticTokens } from '../../domain/ports/hydra-api';
import { type HydraAnswer, type HydraCall, type HydraHttp, setCookieLines, unexpected } from './hydra-http';

export const CLIENT_ID = 'hydra-cutover-check';
const SUBJECT = 'hydra-cutover-check';
/** Nobody is sent there: the walk ends when it is redirected to it. */
const REDIRECT_URI = 'https://hydra-cutover.invalid/callback';
const SCOPE = 'openid offline_access';
const MAX_HOPS = 20;
/** Only a login that is remembered sets the cookie of the session. */
const REMEMBER_SECONDS = 60;

const redirectTo = z.object({ redirect_to: z.string() });
const consentRequest = z.object({ requested_scope: z.array(z.string()).nullish() });
const tokens = z.object({ access_token: z.string(), refresh_token: z.string(), id_token: z.string() });
const introspection = z.object({ active: z.boolean(), sub: z.string().optional(), client_id: z.string().optional() });

/**
 * Logs a user in who does not exist, with a client that exists only meanwhile, and asks whether the token is good.
 *
 * What an interrupted one left is removed first. @returns the steps that were taken
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED, saying in which step
 */
export async function syntheticLogin(http: HydraHttp): Promise<SyntheticLogin> {
  const startedAt = performance.now();
  const walk = new Walk(http);
  const refreshGrace = await walk.throughout(async () => {
    const { refreshToken } = await walk.logIn();
    await walk.refresh(refreshToken);
    return walk.takesAgain(refreshToken);
  });
  const durationMs = Math.round(performance.now() - startedAt);
  return { durationMs, steps: walk.steps, refreshGrace, cookies: [...walk.cookieNames] };
}

/** Logs the same user in for as long as `work` takes. @throws as {@link syntheticLogin}, and what `work` throws */
export async function withSyntheticTokens<T>(
  http: HydraHttp,
  work: (tokens: SyntheticTokens) => Promise<T>,
): Promise<T> {
  const walk = new Walk(http);
  return walk.throughout(async () => work(await walk.logIn()));
}

/** One synthetic user, from the first redirect on. */
export class Walk {
  readonly steps: string[] = [];
  readonly #secret = randomBytes(24).toString('base64url');
  readonly #verifier = randomBytes(32).toString('base64url');
  /** Of every cookie that was set, also of those that are gone again. */
  readonly cookieNames = new Set<string>();
  readonly #cookies = new Map<string, string>();

  constructor(readonly http: HydraHttp) {}

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

  /** Removes what an interrupted one left, does `work`, and removes what that left. */
  async throughout<T>(work: () => Promise<T>): Promise<T> {
    await this.step('clean up', () => removeTraces(this.http));
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // What broke first is what is told; a trace that stays is removed by the next one.
      await removeTraces(this.http).catch(() => undefined);
      throw error;
    }
    await this.step('remove client', () => removeTraces(this.http));
    return result;
  }

  async logIn(): Promise<SyntheticTokens> {
    await this.step('make client', () => this.#makeClient());
    return this.logInAgain();
  }

  /** With the client that is there. */
  async logInAgain(): Promise<SyntheticTokens> {
    const code = await this.#walkToCode();
    const issued = await this.step('exchange code', () =>
      this.#requestTokens({
        grant_type: 'authorization_code',
        code,
        redirect_uri: REDIRECT_URI,
        code_verifier: this.#verifier,
      }),
    );
    await this.step('introspect', () => this.#introspect(issued.access_token));
    return { accessToken: issued.access_token, refreshToken: issued.refresh_token };
  }

  async refresh(refreshToken: string): Promise<SyntheticTokens> {
    const refreshed = await this.step('refresh', () =>
      this.#requestTokens({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    );
    await this.step('introspect again', () => this.#introspect(refreshed.access_token));
    return { accessToken: refreshed.access_token, refreshToken: refreshed.refresh_token };
  }

  /**
   * Sends a refresh token that was used a moment ago once more. Without a grace that ends the login.
   *
   * @returns whether it is taken
   */
  takesAgain(usedRefreshToken: string): Promise<boolean> {
    return this.step('refresh with a used token', async () => {
      const form = { grant_type: 'refresh_token', refresh_token: usedRefreshToken };
      const call: HydraCall = {
        listener: 'public',
        method: 'POST',
        path: '/oauth2/token',
        headers: this.basic(),
        form,
      };
      const answer = await this.http.call(call);
      if (answer.status === 200) return true;
      if (answer.status === 400 || answer.status === 401) return false;
      throw unexpected(this.http, call, answer, '200, 400 or 401');
    });
  }

  /** What the client is registered with. */
  client(): Readonly<Record<string, unknown>> {
    return {
      client_id: CLIENT_ID,
      client_name: 'Check of hydra-cutover, may be removed',
      client_secret: this.#secret,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      scope: SCOPE,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'client_secret_basic',
    };
  }

  /** Headers by which the client authenticates itself. */
  basic(): Readonly<Record<string, string>> {
    return { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${this.#secret}`).toString('base64')}` };
  }

  async #makeClient(): Promise<void> {
    await expectJson(
      this.http,
      {
        listener: 'admin',
        method: 'POST',
        path: '/clients',
        json: this.client(),
      },
      201,
      z.object({ client_id: z.literal(CLIENT_ID) }),
    );
  }

  async #walkToCode(): Promise<string> {
    const state = randomBytes(12).toString('hex');
    let next = await this.step('authorize', () => this.#browse(`/oauth2/auth?${this.#authorizeQuery(state)}`));
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (next.href.startsWith(`${REDIRECT_URI}?`)) return codeOf(next, state);
      const login = next.searchParams.get('login_challenge');
      const consent = next.searchParams.get('consent_challenge');
      const here = next;
      if (login !== null) next = await this.step('accept login', () => this.#acceptLogin(login));
      else if (consent !== null) next = await this.step('accept consent', () => this.#acceptConsent(consent));
      else next = await this.step('follow', () => this.#browse(`${here.pathname}${here.search}`));
    }
    throw new CutoverFault('HYDRA_UNEXPECTED', `a synthetic login did not end after ${MAX_HOPS} redirects`);
  }

  #authorizeQuery(state: string): string {
    return new URLSearchParams({
      client_id: CLIENT_ID,
      response_type: 'code',
      scope: SCOPE,
      redirect_uri: REDIRECT_URI,
      state,
      nonce: randomBytes(12).toString('hex'),
      code_challenge: createHash('sha256').update(this.#verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }).toString();
  }

  /** One request of the browser at the public listener; redirects name the gateway, so their path alone counts. */
  async #browse(path: string): Promise<URL> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const call: HydraCall = {
      listener: 'public',
      method: 'GET',
      path,
      headers: cookie === '' ? {} : { cookie },
    };
    const answer = await this.http.call(call);
    this.#keepCookies(answer);
    const { location } = answer.headers;
    if ((answer.status === 302 || answer.status === 303) && typeof location === 'string') {
      return new URL(location, this.http.endpoints.publicUrl);
    }
    throw unexpected(this.http, call, answer, 'a redirect');
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

  async #acceptLogin(challenge: string): Promise<URL> {
    return this.#accept('login', challenge, { subject: SUBJECT, remember: true, remember_for: REMEMBER_SECONDS });
  }

  async #acceptConsent(challenge: string): Promise<URL> {
    const query = new URLSearchParams({ consent_challenge: challenge }).toString();
    const call: HydraCall = { listener: 'admin', method: 'GET', path: `/oauth2/auth/requests/consent?${query}` };
    const asked = await expectJson(this.http, call, 200, consentRequest);
    return this.#accept('consent', challenge, { grant_scope: asked.requested_scope ?? [], remember: false });
  }

  async #accept(what: 'login' | 'consent', challenge: string, json: unknown): Promise<URL> {
    const query = new URLSearchParams({ [`${what}_challenge`]: challenge }).toString();
    const path = `/oauth2/auth/requests/${what}/accept?${query}`;
    const answer = await expectJson(this.http, { listener: 'admin', method: 'PUT', path, json }, 200, redirectTo);
    return new URL(answer.redirect_to);
  }

  async #requestTokens(form: Readonly<Record<string, string>>): Promise<z.infer<typeof tokens>> {
    const headers = this.basic();
    return expectJson(
      this.http,
      { listener: 'public', method: 'POST', path: '/oauth2/token', headers, form },
      200,
      tokens,
    );
  }

  async #introspect(token: string): Promise<void> {
    const call: HydraCall = { listener: 'admin', method: 'POST', path: '/oauth2/introspect', form: { token } };
    const { active, sub, client_id } = await expectJson(this.http, call, 200, introspection);
    if (active && sub === SUBJECT && client_id === CLIENT_ID) return;
    throw new CutoverFault(
      'HYDRA_UNEXPECTED',
      `Hydra on ${this.http.side} says of a token it has just issued: ${active ? 'of another user or client' : 'not active'}`,
    );
  }
}

/** Grants and tokens go with the client. */
async function removeTraces(http: HydraHttp): Promise<void> {
  const session = new URLSearchParams({ subject: SUBJECT }).toString();
  for (const path of [`/clients/${CLIENT_ID}`, `/oauth2/auth/sessions/login?${session}`]) {
    const call: HydraCall = { listener: 'admin', method: 'DELETE', path };
    const answer = await http.call(call);
    if (![200, 204, 404].includes(answer.status)) throw unexpected(http, call, answer, '204 or 404');
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
  const error = callback.searchParams.get('error') ?? 'neither a code nor an error';
  throw new CutoverFault(
    'HYDRA_UNEXPECTED',
    `a synthetic login was sent back with ${error.slice(0, 60)}, not with a code`,
  );
}
