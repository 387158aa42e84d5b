import { isCutoverFault } from '../../../domain/faults';
import { parsedJson } from '../../../domain/json';
import { type Authorization, type OauthClient, type OauthHttp, type OauthRequest } from '../../../world/oauth';
import { type Answer, type Operation, type OperationKind } from '../history/operation';
import { type RawAnswer, type Said, readAnswer } from './answers';

/** One way to Hydra: a gateway, or Hydra itself. */
export interface Door {
  readonly name: string;
  readonly http: OauthHttp;
  /** How requests of a grant are sent, where it is not as `http` does. */
  readonly send?: OauthHttp['send'];
}

/** What was sent, as the history has it, and why nobody knows what became of it. */
export interface Recorded {
  readonly operation: Operation;
  readonly why: string | undefined;
  /** On the clock of the history, when its caller knew that it was over. */
  readonly endedAt: number;
}

/** Sends the requests of one grant, and remembers what was asked, when, and what was answered. Labels stand for tokens. */
export class GrantRequests {
  readonly recorded: Recorded[] = [];
  readonly #values = new Map<string, string>();
  #pairs = 0;

  constructor(
    private readonly client: OauthClient,
    private readonly subject: string,
    private readonly authorization: Authorization,
  ) {}

  get history(): readonly Operation[] {
    return this.recorded.map(({ operation }) => operation);
  }

  /** Labels of every token that was handed out, the newest pair last. */
  get tokens(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** The pair that was handed out last. */
  get newest(): { readonly access: string; readonly refresh: string } | undefined {
    return this.#pairs === 0 ? undefined : { access: `a${this.#pairs}`, refresh: `r${this.#pairs}` };
  }

  redeem(door: Door): Promise<Said> {
    const { code, codeVerifier, redirectUri } = this.authorization;
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier };
    return this.#token(door, 'redeem', undefined, form);
  }

  refresh(door: Door, token: string): Promise<Said> {
    return this.#token(door, 'refresh', token, { grant_type: 'refresh_token', refresh_token: this.#value(token) });
  }

  revoke(door: Door, token: string): Promise<Said> {
    const form = { client_id: this.client.id, token: this.#value(token) };
    const url = door.http.publicUrl('/oauth2/revoke');
    return this.#send(door, 'revoke', token, { operation: 'revoke', method: 'POST', url, form });
  }

  introspect(door: Door, token: string): Promise<Said> {
    const url = door.http.adminUrl('/oauth2/introspect');
    const form = { token: this.#value(token) };
    return this.#send(door, 'introspect', token, { operation: 'introspect', method: 'POST', url, form });
  }

  userinfo(door: Door, token: string): Promise<Said> {
    const url = door.http.publicUrl('/userinfo');
    const headers = { authorization: `Bearer ${this.#value(token)}` };
    return this.#send(door, 'userinfo', token, { operation: 'userinfo', method: 'GET', url, headers });
  }

  deleteConsent(door: Door): Promise<Said> {
    const url = door.http.adminUrl('/oauth2/auth/sessions/consent', { subject: this.subject, client: this.client.id });
    return this.#send(door, 'deleteConsent', undefined, { operation: 'delete consent', method: 'DELETE', url });
  }

  deleteClient(door: Door): Promise<Said> {
    const url = door.http.adminUrl(`/clients/${this.client.id}`);
    return this.#send(door, 'deleteClient', undefined, { operation: 'delete client', method: 'DELETE', url });
  }

  #token(
    door: Door,
    kind: 'redeem' | 'refresh',
    token: string | undefined,
    form: Record<string, string>,
  ): Promise<Said> {
    const url = door.http.publicUrl('/oauth2/token');
    const own = { ...form, client_id: this.client.id };
    return this.#send(door, kind, token, { operation: kind, method: 'POST', url, form: own });
  }

  async #send(door: Door, kind: OperationKind, token: string | undefined, request: OauthRequest): Promise<Said> {
    const at = performance.now();
    const said = readAnswer(kind, await rawAnswer(door, request));
    const endedAt = performance.now();
    const until = said.is === 'unknown' ? Infinity : endedAt;
    const answer = this.#labelled(said);
    const operation = { kind, ...(token !== undefined && { token }), at, until, answer, via: door.name };
    this.recorded.push({ operation, endedAt, why: said.is === 'unknown' ? said.why : undefined });
    return said;
  }

  #labelled(said: Said): Answer {
    if (said.is !== 'tokens') return said.is === 'unknown' ? { is: 'unknown' } : { is: said.is };
    this.#pairs += 1;
    const [access, refresh] = [`a${this.#pairs}`, `r${this.#pairs}`];
    this.#values.set(access, said.access).set(refresh, said.refresh);
    return { is: 'tokens', access, refresh, byBlue: said.byBlue };
  }

  #value(label: string): string {
    const value = this.#values.get(label);
    if (value === undefined) throw new Error(`no token was handed out as ${label}`);
    return value;
  }
}

async function rawAnswer({ http, send }: Door, request: OauthRequest): Promise<RawAnswer> {
  try {
    const { statusCode, text } = await (send === undefined ? http.send(request) : send(request));
    return { statusCode, json: parsedJson(text) };
  } catch (error) {
    if (isCutoverFault(error) && error.code === 'HYDRA_UNREACHABLE') return { statusCode: undefined, json: undefined };
    throw error;
  }
}
