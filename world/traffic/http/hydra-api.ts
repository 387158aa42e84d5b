import { type OauthHttp } from '../../oauth';
import { clientBody } from '../population/client-body';
import { type ClientRecord } from '../population/client-record';
import { type Answer, ask, bodyOf, ok } from './answer';
import { authenticated } from './client-auth';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly scope: string;
  /** By this machine's clock, counted from before the request. */
  readonly accessExpiresAtMs: number;
}

export interface Introspected {
  readonly active: boolean;
  readonly clientId: string;
  readonly subject: string;
  readonly scope: string;
}

const OK = [200];
const DONE = [204];

/** The requests of clients, resource servers and administrators: one method each, none of which rejects. */
export class HydraApi {
  constructor(
    readonly http: OauthHttp,
    readonly tokenEndpoint: string,
  ) {}

  async token(
    operation: string,
    client: ClientRecord,
    form: Readonly<Record<string, string>>,
    secret?: string,
  ): Promise<Answer<Tokens>> {
    const askedAtMs = Date.now();
    const proof = authenticated(client, form, this.tokenEndpoint, secret);
    const request = { operation, method: 'POST', url: this.http.publicUrl('/oauth2/token'), ...proof } as const;
    const answer = await ask(this.http, request, OK);
    if (answer.kind !== 'ok') return answer;
    const body = bodyOf(answer.value);
    const text = (name: string): string | undefined => {
      const value = body[name];
      return typeof value === 'string' ? value : undefined;
    };
    const accessToken = text('access_token');
    // A 200 whose body was cut is a lost answer.
    if (accessToken === undefined) return { kind: 'lost', reason: '200 without a token' };
    const lifeS = typeof body['expires_in'] === 'number' ? body['expires_in'] : 0;
    return ok({
      accessToken,
      refreshToken: text('refresh_token'),
      idToken: text('id_token'),
      scope: text('scope') ?? '',
      accessExpiresAtMs: askedAtMs + lifeS * 1_000,
    });
  }

  refresh(client: ClientRecord, refreshToken: string, operation = 'refresh'): Promise<Answer<Tokens>> {
    return this.token(operation, client, { grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  async revoke(client: ClientRecord, token: string): Promise<Answer<void>> {
    const proof = authenticated(client, { token }, this.tokenEndpoint);
    const url = this.http.publicUrl('/oauth2/revoke');
    return done(await ask(this.http, { operation: 'revoke', method: 'POST', url, ...proof }, OK));
  }

  async introspect(token: string, operation = 'introspect'): Promise<Answer<Introspected>> {
    const url = this.http.adminUrl('/oauth2/introspect');
    const answer = await ask(this.http, { operation, method: 'POST', url, form: { token } }, OK);
    if (answer.kind !== 'ok') return answer;
    const body = bodyOf(answer.value);
    if (typeof body['active'] !== 'boolean') return { kind: 'lost', reason: '200 without active' };
    const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
    return ok({ active: body['active'], clientId: text('client_id'), subject: text('sub'), scope: text('scope') });
  }

  async userinfo(accessToken: string): Promise<Answer<{ readonly subject: string }>> {
    const url = this.http.publicUrl('/userinfo');
    const headers = { authorization: `Bearer ${accessToken}` };
    const answer = await ask(this.http, { operation: 'userinfo', method: 'GET', url, headers }, OK);
    if (answer.kind !== 'ok') return answer;
    const subject = bodyOf(answer.value)['sub'];
    return ok({ subject: typeof subject === 'string' ? subject : '' });
  }

  async revokeConsents(subject: string, clientId?: string): Promise<Answer<void>> {
    const query: Record<string, string> =
      clientId === undefined ? { subject, all: 'true' } : { subject, client: clientId };
    return this.remove('revoke consents', '/oauth2/auth/sessions/consent', query);
  }

  async deleteSessions(subject: string): Promise<Answer<void>> {
    return this.remove('delete login sessions', '/oauth2/auth/sessions/login', { subject });
  }

  async deleteAccessTokens(clientId: string): Promise<Answer<void>> {
    return this.remove('delete tokens of client', '/oauth2/tokens', { client_id: clientId });
  }

  async deleteClient(clientId: string): Promise<Answer<void>> {
    return this.remove('delete client', `/clients/${encodeURIComponent(clientId)}`);
  }

  async createClient(client: ClientRecord): Promise<Answer<void>> {
    const url = this.http.adminUrl('/clients');
    const json = clientBody(client, true);
    return done(await ask(this.http, { operation: 'create client', method: 'POST', url, json }, [201]));
  }

  /** @param setSecret also sets the record's secret; otherwise the server keeps the one it has */
  async updateClient(client: ClientRecord, setSecret: boolean): Promise<Answer<void>> {
    const url = this.http.adminUrl(`/clients/${encodeURIComponent(client.id)}`);
    const json = clientBody(client, setSecret);
    return done(await ask(this.http, { operation: 'update client', method: 'PUT', url, json }, OK));
  }

  async setLifespans(clientId: string, lifespans: Readonly<Record<string, string>>): Promise<Answer<void>> {
    const url = this.http.adminUrl(`/clients/${encodeURIComponent(clientId)}/lifespans`);
    return done(await ask(this.http, { operation: 'set lifespans', method: 'PUT', url, json: lifespans }, OK));
  }

  private async remove(operation: string, path: string, query?: Record<string, string>): Promise<Answer<void>> {
    return done(await ask(this.http, { operation, method: 'DELETE', url: this.http.adminUrl(path, query) }, DONE));
  }
}

function done(answer: Answer<unknown>): Answer<void> {
  return answer.kind === 'ok' ? ok(undefined) : answer;
}
