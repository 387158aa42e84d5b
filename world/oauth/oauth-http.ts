import { errorMessage } from '../../domain/error-message';
import { Agent, type Dispatcher, request } from 'undici';
import { CutoverFault } from '../../domain/faults';

/** Where a Hydra, or the gateway before two of them, is reached. */
export interface OauthEndpoints {
  /** Public listener, without a trailing slash. */
  readonly publicUrl: string;
  /** Admin listener, without a trailing slash. */
  readonly adminUrl: string;
  /** What stands before `/clients` and `/oauth2/introspect`: nothing in 1.x, `/admin` in 2.x. */
  readonly adminPrefix: '' | '/admin';
  /** Redirects that name the issuer are sent to `publicUrl`. @default publicUrl */
  readonly issuer?: string;
}

/** One request as its caller saw it. */
export interface RequestSample {
  /** Constant name, for example `refresh` or `authorize`. */
  readonly operation: string;
  readonly durationMs: number;
  /** undefined when there was no answer. */
  readonly statusCode: number | undefined;
}

export interface OauthHttpOptions {
  /** PEM of the authority behind an `https` endpoint. @default the system's */
  readonly ca?: string;
  /** Keep-alive connections for each origin. @default 32 */
  readonly connections?: number;
  /** Sends `X-Forwarded-Proto: https`: for a 1.x in TLS-termination form with no gateway in front. @default false */
  readonly forwardedProto?: boolean;
  /** @default 15_000 */
  readonly timeoutMs?: number;
  /** Called once for each request, failed ones too. */
  readonly onRequest?: (sample: RequestSample) => void;
  /** Called with what was sent and answered: both hold secrets. */
  readonly onAnswer?: (request: OauthRequest, response: OauthResponse) => void;
}

export interface OauthRequest {
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

export interface OauthResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const DEFAULT_TIMEOUT_MS = 15_000;

/** HTTP to one pair of endpoints over keep-alive connections. Redirects are never followed here. */
export class OauthHttp {
  readonly endpoints: OauthEndpoints;
  readonly #options: OauthHttpOptions;
  readonly #agent: Agent;
  readonly #issuerOrigin: string;

  constructor(endpoints: OauthEndpoints, options: OauthHttpOptions = {}) {
    this.endpoints = endpoints;
    this.#options = options;
    this.#issuerOrigin = new URL(endpoints.issuer ?? endpoints.publicUrl).origin;
    this.#agent = new Agent({
      connections: options.connections ?? 32,
      ...(options.ca === undefined ? {} : { connect: { ca: options.ca } }),
    });
  }

  publicUrl(path: string, query: Readonly<Record<string, string>> = {}): URL {
    return withQuery(`${this.endpoints.publicUrl}${path}`, query);
  }

  adminUrl(path: string, query: Readonly<Record<string, string>> = {}): URL {
    return withQuery(`${this.endpoints.adminUrl}${this.endpoints.adminPrefix}${path}`, query);
  }

  /** Whether a redirect leads to Hydra itself (and not to the login app or the client). */
  isPublic(url: URL): boolean {
    return url.origin === this.#issuerOrigin || url.origin === new URL(this.endpoints.publicUrl).origin;
  }

  /**
   * Sends one request and reads the whole answer, whatever its status.
   *
   * @throws CutoverFault HYDRA_UNREACHABLE when there was no complete answer: what the request did is then unknown
   */
  async send(wanted: OauthRequest): Promise<OauthResponse> {
    const startedAt = performance.now();
    let statusCode: number | undefined;
    try {
      const response = await request(this.#reachable(wanted.url), this.#requestOptions(wanted));
      const text = await response.body.text();
      statusCode = response.statusCode;
      const answer = { statusCode, headers: response.headers, text };
      this.#options.onAnswer?.(wanted, answer);
      return answer;
    } catch (error) {
      const said = errorMessage(error);
      throw new CutoverFault(
        'HYDRA_UNREACHABLE',
        `${wanted.method} ${wanted.url.origin}${wanted.url.pathname} got no answer (${wanted.operation}): ${said}`,
        { operation: wanted.operation, endpoint: wanted.url.host },
        error,
      );
    } finally {
      this.#options.onRequest?.({
        operation: wanted.operation,
        durationMs: performance.now() - startedAt,
        statusCode,
      });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #reachable(url: URL): URL {
    if (url.origin !== this.#issuerOrigin) return url;
    return new URL(`${url.pathname}${url.search}`, this.endpoints.publicUrl);
  }

  #requestOptions(
    wanted: OauthRequest,
  ): { dispatcher: Dispatcher } & Omit<Dispatcher.RequestOptions, 'origin' | 'path'> {
    const timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const headers: Record<string, string> = { accept: 'application/json, text/html', ...wanted.headers };
    if (this.#options.forwardedProto === true) headers['x-forwarded-proto'] = 'https';
    let body: string | undefined;
    if (wanted.form !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      body = new URLSearchParams(wanted.form).toString();
    } else if (wanted.json !== undefined) {
      headers['content-type'] = 'application/json';
      body = JSON.stringify(wanted.json);
    }
    return {
      dispatcher: this.#agent,
      method: wanted.method,
      headers,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(body === undefined ? {} : { body }),
    };
  }
}

function withQuery(url: string, query: Readonly<Record<string, string>>): URL {
  const result = new URL(url);
  for (const [name, value] of Object.entries(query)) result.searchParams.set(name, value);
  return result;
}
