import { parsedJson } from '../../../domain/json';
import { type OauthRequest, type OauthResponse } from '../../oauth';

/** Fields of requests and answers that let somebody act as a client or a user. */
const SECRET_FIELDS = [
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'registration_access_token',
  'code',
  'code_verifier',
  'client_assertion',
  'token',
  'login_verifier',
  'consent_verifier',
  'logout_verifier',
] as const;

/** Everything secret that went over the wire between clients and servers; in memory only. */
export class SeenSecrets {
  readonly #values = new Set<string>();

  get values(): readonly string[] {
    return [...this.#values];
  }

  see(request: OauthRequest, response: OauthResponse): void {
    this.#fields(request.url.searchParams);
    if (request.form !== undefined) this.#fields(new URLSearchParams({ ...request.form }));
    this.#json(request.json);
    this.#json(parsedJson(response.text));
    const { location, 'set-cookie': cookies } = response.headers;
    if (typeof location === 'string' && URL.canParse(location, request.url.href)) {
      this.#fields(new URL(location, request.url.href).searchParams);
    }
    for (const line of [cookies].flat()) if (line !== undefined) this.#cookie(line);
  }

  #fields(fields: URLSearchParams): void {
    for (const name of SECRET_FIELDS) this.#add(fields.get(name));
  }

  #json(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && SECRET_FIELDS.some((known) => known === name)) this.#add(inner);
      else this.#json(inner);
    }
  }

  #cookie(line: string): void {
    const [pair = ''] = line.split(';');
    this.#add(pair.slice(pair.indexOf('=') + 1));
  }

  #add(value: string | null): void {
    // Shorter ones are words such as the kind of a token.
    if (value !== null && value.length >= 16) this.#values.add(value);
  }
}
