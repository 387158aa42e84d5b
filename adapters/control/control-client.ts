import { errorMessage } from '../../domain/error-message';
import { Agent, request } from 'undici';
import { type z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { errorCode, isClosedSocket, unreachableReason } from '../network-errors';
import { parsedJson } from '../../domain/json';

export interface ControlAddress {
  /** Of whoever is called, for messages. */
  readonly name: string;
  readonly controlUrl: string;
  /** A function, so that the secret is in no object that could be printed. */
  readonly token: () => string;
  /** For an https address: the only authorities whose certificate is taken. @default those of the system */
  readonly ca?: string | undefined;
  /** What this end shows to a listener that asks for a certificate. */
  readonly clientCertificate?: { readonly cert: string; readonly key: () => string } | undefined;
  /** Looks whether there is a newer token. @returns whether there is */
  readonly renew?: () => Promise<boolean>;
  /** For the whole answer to a call that names no limit of its own. @default 10_000 */
  readonly timeoutMs?: () => number;
}

export interface ControlCall {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  /** In no message: what is in it may be somebody's name. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Value of `If-Match`. */
  readonly ifMatch?: string;
  /** For the whole answer. @default that of the address */
  readonly timeoutMs?: number;
}

export interface ControlAnswer {
  readonly status: number;
  /** undefined when it is not JSON. */
  readonly json: unknown;
  readonly text: string;
  /** undefined when it has none. */
  readonly etag: string | undefined;
}

const TIMEOUT_MS = 10_000;
/** Longer than the time between two calls of a switchover: nothing connects while requests are held. */
const KEEP_ALIVE_MS = 30_000;
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;

function tlsOf({ ca, clientCertificate }: ControlAddress) {
  return {
    ...(ca !== undefined && { ca }),
    ...(clientCertificate && { cert: clientCertificate.cert, key: clientCertificate.key() }),
  };
}

/** JSON calls to a control listener over kept connections. What is called must take repeats. */
export class ControlClient {
  readonly #address: ControlAddress;
  readonly #agent: Agent;

  constructor(address: ControlAddress) {
    this.#address = address;
    this.#agent = new Agent({
      keepAliveTimeout: KEEP_ALIVE_MS,
      connections: 4,
      maxResponseSize: ANSWER_LIMIT_BYTES,
      connect: tlsOf(address),
    });
  }

  /**
   * Sends a call, and once more where the other side closed the connection at that moment, or refused a token that was rotated.
   *
   * @param known statuses of 5xx that are answers of the protocol
   * @throws CutoverFault TARGET_UNREACHABLE when there is no whole answer, or another one of 5xx
   */
  async call(call: ControlCall, known: readonly number[] = []): Promise<ControlAnswer> {
    const first = await this.#sendTwice(call);
    const renewed = first.status === 401 && (await this.#address.renew?.()) === true;
    const answer = renewed ? await this.#sendTwice(call) : first;
    if (answer.status < 500 || known.includes(answer.status)) return answer;
    throw this.#unreachable(call, `it answered ${answer.status}${said(answer)}`);
  }

  async #sendTwice(call: ControlCall): Promise<ControlAnswer> {
    return this.#send(call)
      .catch((error: unknown) => (isClosedSocket(error) ? this.#send(call) : Promise.reject(error as Error)))
      .catch((error: unknown) => Promise.reject(this.#unreachable(call, reasonOf(error, this.#limitMs(call)), error)));
  }

  /**
   * As {@link call}, for calls with one good answer: 200 in this shape.
   * @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED | TARGET_STATE_INVALID
   */
  async expect<T>(call: ControlCall, shape: z.ZodType<T>): Promise<T> {
    const answer = await this.call(call);
    const body = shape.safeParse(answer.json);
    if (answer.status === 200 && body.success) return body.data;
    throw this.refusal(call, answer);
  }

  /** What an answer other than the expected one amounts to. */
  refusal(call: ControlCall, answer: ControlAnswer): CutoverFault {
    const { name, controlUrl } = this.#address;
    const code = answer.status === 422 ? 'TARGET_STATE_INVALID' : 'TARGET_REFUSED';
    const fix =
      answer.status === 401
        ? 'correct its token'
        : answer.status === 404
          ? 'correct its controlUrl'
          : 'see its state and log';
    return new CutoverFault(
      code,
      `${name} at ${controlUrl} refused ${call.method} ${call.path} with ${answer.status}${said(answer)}; ${fix}`,
      { name, path: call.path, status: answer.status },
    );
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #send(call: ControlCall): Promise<ControlAnswer> {
    const { method, path, query, body, ifMatch } = call;
    const { controlUrl, token } = this.#address;
    const response = await request(`${controlUrl.replace(/\/+$/, '')}${path}`, {
      dispatcher: this.#agent,
      method,
      ...(query === undefined ? {} : { query }),
      headers: {
        authorization: `Bearer ${token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(this.#limitMs(call)),
    });
    const text = await response.body.text();
    const { etag } = response.headers;
    return {
      status: response.statusCode,
      text,
      json: parsedJson(text),
      etag: typeof etag === 'string' ? etag : undefined,
    };
  }

  #limitMs(call: ControlCall): number {
    return call.timeoutMs ?? this.#address.timeoutMs?.() ?? TIMEOUT_MS;
  }

  #unreachable({ method, path }: ControlCall, reason: string, cause?: unknown): CutoverFault {
    const { name, controlUrl } = this.#address;
    return new CutoverFault(
      'TARGET_UNREACHABLE',
      `${name} at ${controlUrl} gave no answer to ${method} ${path}: ${reason}; check that it runs, its log and its controlUrl`,
      { name, path },
      cause,
    );
  }
}

/** The listener's own words, as far as they are of our protocol. */
function said({ json }: ControlAnswer): string {
  if (typeof json !== 'object' || json === null) return '';
  const { code, message } = json as { code?: unknown; message?: unknown };
  const words = [code, message].filter((word): word is string => typeof word === 'string');
  return words.length === 0 ? '' : ` (${words.join(': ').slice(0, 300)})`;
}

function reasonOf(error: unknown, limitMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `nothing within ${limitMs} ms`;
  return unreachableReason(error) ?? errorCode(error) ?? errorMessage(error);
}
