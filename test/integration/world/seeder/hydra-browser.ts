import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { CutoverFault } from '../../../../domain/faults';

export interface HydraAddress {
  readonly publicUrl: string;
  readonly adminUrl: string;
  /** Hydra 2.x serves the admin API below `/admin`. */
  readonly adminPrefix: '' | '/admin';
}

export interface Answer {
  readonly status: number;
  readonly location: string;
  readonly cookies: readonly string[];
  readonly json: Record<string, unknown>;
}

interface Call {
  readonly method?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly basic?: readonly [string, string];
  readonly cookies?: ReadonlyMap<string, string>;
}

export interface TestClient {
  readonly id: string;
  readonly secret?: string;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface LoginOptions {
  readonly client: TestClient;
  readonly subject: string;
  readonly scope: string;
  /** Carry the same jar to a second login and Hydra skips the login page. */
  readonly cookies?: Map<string, string>;
  readonly remember?: boolean;
  readonly prompt?: string;
  readonly rejectLogin?: boolean;
  readonly rejectConsent?: boolean;
  /** @default all of `scope` */
  readonly grantScope?: readonly string[];
  readonly forcedSubject?: string;
  readonly loginContext?: unknown;
  readonly consentSession?: { readonly access_token?: unknown; readonly id_token?: unknown };
}

const REDIRECT_URI = 'https://app.example/callback';

/** Talks to one real Hydra as a browser, a login app and an OAuth client. One connection per request: nothing stays open. */
export class HydraBrowser {
  constructor(private readonly address: HydraAddress) {}

  admin(path: string, call: Call = {}): Promise<Answer> {
    return send(this.address.adminUrl + this.address.adminPrefix + path, call);
  }

  public(path: string, call: Call = {}): Promise<Answer> {
    return send(this.address.publicUrl + path, call);
  }

  async createClient(body: Record<string, unknown>): Promise<void> {
    expectStatus(201, await this.admin('/clients', { json: { redirect_uris: [REDIRECT_URI], ...body } }));
  }

  async introspect(token: string): Promise<Record<string, unknown>> {
    return expectStatus(200, await this.admin('/oauth2/introspect', { form: { token } })).json;
  }

  refresh(client: TestClient, refreshToken: string): Promise<Answer> {
    return this.token(client, { grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  token(client: TestClient, form: Record<string, string>): Promise<Answer> {
    return client.secret === undefined
      ? this.public('/oauth2/token', { form: { ...form, client_id: client.id } })
      : this.public('/oauth2/token', { form, basic: [client.id, client.secret] });
  }

  /** The whole authorization-code grant with PKCE. @returns undefined when login or consent was rejected. */
  async grant(options: LoginOptions): Promise<Tokens | undefined> {
    const verifier = randomBytes(32).toString('base64url');
    const code = await this.authorize(options, createHash('sha256').update(verifier).digest('base64url'));
    if (code === undefined) return undefined;
    const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: verifier };
    const tokens = expectStatus(200, await this.token(options.client, form)).json;
    return { accessToken: String(tokens['access_token']), refreshToken: String(tokens['refresh_token']) };
  }

  /** @returns the code, or undefined when login or consent was rejected. */
  async authorize(options: LoginOptions, codeChallenge: string): Promise<string | undefined> {
    const jar = options.cookies ?? new Map<string, string>();
    const loginPage = await this.startLogin(options, codeChallenge, jar);
    const afterLogin = await this.answerLogin(options, loginPage, jar);
    if (options.rejectLogin === true) return undefined;
    const toClient = await this.answerConsent(options, afterLogin, jar);
    return new URL(toClient).searchParams.get('code') ?? undefined;
  }

  async startLogin(options: LoginOptions, codeChallenge: string, jar: Map<string, string>): Promise<string> {
    const query = new URLSearchParams({
      client_id: options.client.id,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: options.scope,
      state: randomBytes(12).toString('hex'),
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
      ...(options.prompt === undefined ? {} : { prompt: options.prompt }),
    });
    return this.follow(`/oauth2/auth?${query.toString()}`, jar);
  }

  /** @returns where the browser lands after the login page: the consent page. */
  async answerLogin(options: LoginOptions, loginPage: string, jar: Map<string, string>): Promise<string> {
    const challenge = new URL(loginPage).searchParams.get('login_challenge') ?? '';
    const path = '/oauth2/auth/requests/login';
    const asked = await this.admin(`${path}?login_challenge=${challenge}`);
    const verb = options.rejectLogin === true ? 'reject' : 'accept';
    const json =
      verb === 'reject'
        ? { error: 'access_denied', error_description: 'the user did not log in' }
        : {
            subject: asked.json['skip'] === true ? String(asked.json['subject']) : options.subject,
            remember: options.remember ?? false,
            remember_for: 0,
            ...(options.forcedSubject === undefined ? {} : { force_subject_identifier: options.forcedSubject }),
            ...(options.loginContext === undefined ? {} : { context: options.loginContext }),
          };
    const call: Call = { method: 'PUT', json };
    const answer = expectStatus(200, await this.admin(`${path}/${verb}?login_challenge=${challenge}`, call));
    return this.follow(String(answer.json['redirect_to']), jar);
  }

  /** @returns where the browser lands after the consent page: the client. */
  async answerConsent(options: LoginOptions, consentPage: string, jar: Map<string, string>): Promise<string> {
    const challenge = new URL(consentPage).searchParams.get('consent_challenge') ?? '';
    const verb = options.rejectConsent === true ? 'reject' : 'accept';
    const json =
      verb === 'reject'
        ? { error: 'access_denied', error_description: 'the user said no' }
        : {
            grant_scope: options.grantScope ?? options.scope.split(' '),
            grant_access_token_audience: [],
            remember: options.remember ?? false,
            remember_for: 0,
            session: options.consentSession ?? {},
          };
    const path = `/oauth2/auth/requests/consent/${verb}?consent_challenge=${challenge}`;
    const answer = expectStatus(200, await this.admin(path, { method: 'PUT', json }));
    return this.follow(String(answer.json['redirect_to']), jar);
  }

  private async follow(url: string, jar: Map<string, string>): Promise<string> {
    const target = new URL(url, 'https://hydra.invalid');
    const answer = await this.public(target.pathname + target.search, { cookies: jar });
    for (const cookie of answer.cookies) {
      const [pair = ''] = cookie.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return answer.location;
  }
}

export function expectStatus(status: number, answer: Answer): Answer {
  if (answer.status !== status) {
    throw new CutoverFault('HYDRA_UNEXPECTED', `${answer.status} instead of ${status}: ${JSON.stringify(answer.json)}`);
  }
  return answer;
}

function send(url: string, call: Call): Promise<Answer> {
  const body = call.json === undefined ? new URLSearchParams(call.form).toString() : JSON.stringify(call.json);
  const hasBody = call.json !== undefined || call.form !== undefined;
  const headers: Record<string, string> = { 'x-forwarded-proto': 'https', accept: 'application/json' };
  if (hasBody) {
    headers['content-type'] = call.json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
    headers['content-length'] = String(Buffer.byteLength(body));
  }
  if (call.basic) headers['authorization'] = `Basic ${Buffer.from(call.basic.join(':')).toString('base64')}`;
  if (call.cookies) headers['cookie'] = [...call.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const method = call.method ?? (hasBody ? 'POST' : 'GET');
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location ?? '',
          cookies: response.headers['set-cookie'] ?? [],
          json: parseObject(Buffer.concat(chunks).toString('utf8')),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(hasBody ? body : undefined);
  });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return { items: value };
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return { text };
  }
}
