import { isOAuthOutcome, type OAuthEndpoint, type OAuthGrant, type OAuthOutcome } from '../../domain/oauth-answers';
import { adminPath } from '../../hydra/versions';
import { type ListenerName } from './feature';
import { isIntrospection } from './introspection';
import { pathOf } from './path-of';
import { isJsonObject, parsedJson } from '../../domain/json';

const PUBLIC: readonly (readonly [prefix: string, endpoint: OAuthEndpoint])[] = [
  ['/oauth2/token', 'token'],
  ['/oauth2/auth', 'authorize'],
  ['/oauth2/revoke', 'revocation'],
  ['/oauth2/sessions/logout', 'logout'],
  ['/userinfo', 'userinfo'],
  ['/.well-known', 'discovery'],
];
const ADMIN: readonly (readonly [prefix: string, endpoint: OAuthEndpoint])[] = [
  ['/oauth2/introspect', 'introspection'],
  ['/oauth2/auth/requests', 'requests'],
  ['/oauth2/auth/sessions', 'sessions'],
  ['/clients', 'clients'],
];

const GRANTS: ReadonlyMap<string, OAuthGrant> = new Map([
  ['authorization_code', 'authorization_code'],
  ['refresh_token', 'refresh_token'],
  ['client_credentials', 'client_credentials'],
  ['urn:ietf:params:oauth:grant-type:jwt-bearer', 'jwt_bearer'],
]);

/** An error of Hydra is far smaller. */
const BODY_LIMIT_BYTES = 16 * 1024;

/** Of answers that are compared. */
const KEPT_LIMIT_BYTES = 256 * 1024;

/** What a request asks for, without anything of its contents. */
export interface OAuthQuestion {
  readonly endpoint: OAuthEndpoint;
  readonly grant: OAuthGrant;
}

/** @param form of the body, when there is one */
export function oauthQuestion(
  listener: ListenerName,
  method: string,
  target: string,
  form: () => URLSearchParams | undefined,
): OAuthQuestion {
  const endpoint = endpointOf(listener, method, target);
  if (endpoint !== 'token') return { endpoint, grant: 'none' };
  return { endpoint, grant: GRANTS.get(form()?.get('grant_type') ?? '') ?? 'other' };
}

function endpointOf(listener: ListenerName, method: string, target: string): OAuthEndpoint {
  if (isIntrospection(method, target)) return 'introspection';
  const path = listener === 'admin' ? pathOf(adminPath(target, 1)) : pathOf(target);
  for (const [prefix, endpoint] of listener === 'admin' ? ADMIN : PUBLIC) {
    if (path === prefix || path.startsWith(`${prefix}/`)) return endpoint;
  }
  return 'other';
}

/** Reads what an answer says, while it passes: a status, for an error its name. Of the body nothing else is looked at, and nothing kept. */
export class OAuthAnswerReader {
  status = 0;
  /** The answer lets a browser's script of another origin read it. */
  allowsOrigin = false;
  /** Name, value, name, value… */
  headers: readonly string[] = [];
  private location: string | undefined;
  private readsBody = false;
  private text = '';
  private bytes = 0;
  private readonly decoder = new TextDecoder();
  private kept: Uint8Array[] | undefined;
  private keptBytes = 0;

  constructor(readonly question: OAuthQuestion) {}

  onHead(status: number, rawHeaders: readonly string[]): void {
    this.status = status;
    this.headers = rawHeaders;
    let isJson = false;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = (rawHeaders[index] as string).toLowerCase();
      if (name === 'location') this.location = rawHeaders[index + 1];
      else if (name === 'access-control-allow-origin') this.allowsOrigin = true;
      else if (name === 'content-type')
        isJson = /^application\/(?:[a-z.+-]*\+)?json/i.test(rawHeaders[index + 1] ?? '');
    }
    this.readsBody = isJson && (status >= 400 || (status === 200 && this.question.endpoint === 'introspection'));
  }

  /** Keeps the body, if it is no larger. */
  keep(): void {
    this.kept = [];
  }

  /** The whole of it, when it was to be kept and could be. */
  get body(): string | undefined {
    const decoder = new TextDecoder();
    return this.kept && this.kept.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode();
  }

  onData(chunk: Uint8Array): void {
    if (this.kept !== undefined) {
      this.keptBytes += chunk.length;
      if (this.keptBytes > KEPT_LIMIT_BYTES) this.kept = undefined;
      else this.kept.push(chunk);
    }
    if (!this.readsBody) return;
    this.bytes += chunk.length;
    if (this.bytes > BODY_LIMIT_BYTES && this.status >= 400) {
      this.readsBody = false;
      this.text = '';
      return;
    }
    this.text += this.decoder.decode(chunk, { stream: true });
  }

  /** Of the whole answer. */
  get outcome(): OAuthOutcome {
    const { status, question } = this;
    if (status >= 300 && status < 400) return this.named(errorInLocation(question.endpoint, this.location)) ?? 'ok';
    if (status < 400) return question.endpoint === 'introspection' && isInactive(this.text) ? 'inactive' : 'ok';
    return this.named(errorInJson(this.text)) ?? (status < 500 ? 'other_4xx' : 'other_5xx');
  }

  private named(error: string | undefined): OAuthOutcome | undefined {
    return isOAuthOutcome(error) ? error : undefined;
  }
}

/** Hydra tells the client by its redirect URI, in the query or the fragment, or the browser at its own error page. */
function errorInLocation(endpoint: OAuthEndpoint, location: string | undefined): string | undefined {
  if (location === undefined || (endpoint !== 'authorize' && endpoint !== 'logout')) return undefined;
  return /[?&#]error=([a-z_]+)(?:[&#]|$)/.exec(location)?.[1];
}

function errorInJson(text: string): string | undefined {
  const body = parsed(text);
  return body !== undefined && typeof body['error'] === 'string' ? body['error'] : undefined;
}

function isInactive(text: string): boolean {
  return parsed(text)?.['active'] !== true;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parsedJson(text);
  return isJsonObject(value) ? value : undefined;
}
