import { Agent, request } from 'undici';
import { CutoverFault } from '../../domain/faults';
import { errorCode, errorMessage, unreachableReason } from '../network-errors';

export interface ControlAddress {
  /** Of whoever is called, for messages. */
  readonly name: string;
  readonly controlUrl: string;
  /** A function, so that the secret is in no object that could be printed. */
  readonly token: () => string;
}

export interface ControlCall {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** For the whole answer. @default 10_000 */
  readonly timeoutMs?: number;
}

export interface ControlAnswer {
  readonly status: number;
  /** undefined when it is not JSON. */
  readonly json: unknown;
  readonly text: string;
}

const TIMEOUT_MS = 10_000;
/** Longer than the time between two calls of a switchover: nothing connects while requests are held. */
const KEEP_ALIVE_MS = 30_000;
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;

/** JSON calls to a control listener over kept connections. Repeats nothing by itself. */
export class ControlClient {
  readonly #address: ControlAddress;
  readonly #agent = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, connections: 4, maxResponseSize: ANSWER_LIMIT_BYTES });

  constructor(address: ControlAddress) {
    this.#address = address;
  }

  get name(): string {
    return this.#address.name;
  }

  /** @throws CutoverFault TARGET_UNREACHABLE when there is no whole answer, or one of 5xx that is not in `known` */
  async call(
    { method, path, body, timeoutMs = TIMEOUT_MS }: ControlCall,
    known: readonly number[] = [],
  ): Promise<ControlAnswer> {
    const { name, controlUrl, token } = this.#address;
    let answer: ControlAnswer;
    try {
      const response = await request(`${controlUrl.replace(/\/+$/, '')}${path}`, {
        dispatcher: this.#agent,
        method,
        headers: {
          authorization: `Bearer ${token()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.body.text();
      answer = { status: response.statusCode, text, json: parse(text) };
    } catch (error) {
      throw new CutoverFault(
        'TARGET_UNREACHABLE',
        `${name} at ${controlUrl} did not answer ${method} ${path}: ${reasonOf(error, timeoutMs)}; check that it runs and its controlUrl`,
        { name, path },
        error,
      );
    }
    if (answer.status >= 500 && !known.includes(answer.status)) {
      throw new CutoverFault(
        'TARGET_UNREACHABLE',
        `${name} at ${controlUrl} answered ${method} ${path} with ${answer.status}${said(answer)}; see its log`,
        { name, path, status: answer.status },
      );
    }
    return answer;
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
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The listener's own words, as far as they are of our protocol. */
function said({ json }: ControlAnswer): string {
  if (typeof json !== 'object' || json === null) return '';
  const { code, message } = json as { code?: unknown; message?: unknown };
  const words = [code, message].filter((word): word is string => typeof word === 'string');
  return words.length === 0 ? '' : ` (${words.join(': ').slice(0, 300)})`;
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  return isTimeout
    ? `no answer within ${timeoutMs} ms`
    : (unreachableReason(error) ?? errorCode(error) ?? errorMessage(error));
}
