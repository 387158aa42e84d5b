import { errorMessage } from '../../domain/error-message';
import { Agent } from 'undici';
import { type CallKind, type Calls } from '../../domain/callers';
import { CutoverFault } from '../../domain/faults';
import { type SideName } from '../../domain/sides';
import { type ApiGeneration, adminPath, callKind } from '../../hydra/versions';
import { parsedJson } from '../../domain/json';
import { isClosedSocket } from '../network-errors';

/** Where a Hydra itself is reached, and how its admin paths look: generation 1 as they are, generation 2 below `/admin`. */
export interface HydraEndpoints {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly apiGeneration: ApiGeneration;
  /** Of every Hydra of this side. @default that of `adminUrl` */
  readonly metricsUrls?: readonly string[];
  /** PEM of the authorities behind `https` addresses. @default those that Node.js trusts */
  readonly ca?: string;
}

export interface HydraCall {
  readonly listener: 'public' | 'admin';
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  /** As generation 1 spells it, for example `/oauth2/introspect`; with a query if there is one. */
  readonly path: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HydraAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** undefined when the answer is not JSON. */
  readonly json: unknown;
}

const CONNECTIONS = 8;
const ANSWER_LIMIT_BYTES = 32 * 1024 * 1024;

/** Which Hydra is meant: that of a side itself, or whichever serves behind the gateway. */
export type AskedHydra = SideName | 'gateway';

/** HTTP to one Hydra over kept-alive connections. Redirects are answers: their absolute addresses are wrong without the gateway. */
export class HydraHttp {
  readonly #agent: Agent;
  readonly #sent: Partial<Record<CallKind, number>> = {};

  constructor(
    readonly side: AskedHydra,
    readonly endpoints: HydraEndpoints,
    readonly timeoutMs: number,
  ) {
    this.#agent = new Agent({
      connections: CONNECTIONS,
      maxResponseSize: ANSWER_LIMIT_BYTES,
      connect: { timeout: timeoutMs, ca: endpoints.ca },
    });
  }

  /** For messages. */
  get name(): string {
    return this.side === 'gateway' ? 'Hydra behind the gateway' : `Hydra on ${this.side}`;
  }

  /** @throws CutoverFault HYDRA_UNREACHABLE when no whole answer came in time */
  async call(call: HydraCall): Promise<HydraAnswer> {
    const signal = AbortSignal.timeout(this.timeoutMs);
    try {
      return await this.#attempt(call, signal).catch((error: unknown) => {
        // A kept-alive connection that the server closed meanwhile: asking again is harmless, changing is not.
        if (call.method !== 'GET' || signal.aborted || !isClosedSocket(error)) throw error;
        return this.#attempt(call, signal);
      });
    } catch (error) {
      const { host } = new URL(this.#base(call.listener));
      const reason = errorMessage(error);
      throw new CutoverFault(
        'HYDRA_UNREACHABLE',
        `${call.method} ${pathOnly(call.path)} at the ${call.listener} API of ${this.name} (${host}) failed: ${reason}; check that it runs and is reachable`,
        { side: this.side, endpoint: host },
        error,
      );
    }
  }

  /** What was asked so far. */
  get sent(): Calls {
    return { ...this.#sent };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #attempt(call: HydraCall, signal: AbortSignal): Promise<HydraAnswer> {
    const { origin, pathname } = new URL(this.#base(call.listener));
    const path = call.listener === 'admin' ? adminPath(call.path, this.endpoints.apiGeneration) : call.path;
    const kind = callKind(path.replace(/\?.*$/s, ''));
    if (kind !== undefined) this.#sent[kind] = (this.#sent[kind] ?? 0) + 1;
    const { statusCode, headers, body } = await this.#agent.request({
      origin,
      path: `${pathname.replace(/\/$/, '')}${path}`,
      method: call.method,
      headers: {
        // A Hydra behind TLS termination refuses plain requests without it.
        'x-forwarded-proto': 'https',
        accept: 'application/json',
        ...(call.json !== undefined && { 'content-type': 'application/json' }),
        ...(call.form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...call.headers,
      },
      body:
        call.form !== undefined
          ? new URLSearchParams(call.form).toString()
          : call.json !== undefined
            ? JSON.stringify(call.json)
            : null,
      signal,
    });
    const text = await body.text();
    return { status: statusCode, headers, text, json: parsedJson(text) };
  }

  #base(listener: HydraCall['listener']): string {
    return listener === 'public' ? this.endpoints.publicUrl : this.endpoints.adminUrl;
  }
}

/** The answer is never quoted whole: it may hold tokens. @param wanted for example `200 with a list` */
export function unexpected(http: HydraHttp, call: HydraCall, answer: HydraAnswer, wanted: string): CutoverFault {
  const { error } = (answer.json ?? {}) as { error?: unknown };
  const said = typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? ` (${error})` : '';
  return new CutoverFault(
    'HYDRA_UNEXPECTED',
    `${http.name} answered ${call.method} ${pathOnly(call.path)} with ${answer.status}${said}; expected ${wanted}`,
    { side: http.side, statusCode: answer.status },
  );
}

/** @returns the values of its headers Set-Cookie */
export function setCookieLines(headers: HydraAnswer['headers']): readonly string[] {
  const lines = headers['set-cookie'] ?? [];
  return typeof lines === 'string' ? [lines] : lines;
}

/** Queries hold subjects and challenges; so do the ends of some paths. */
function pathOnly(path: string): string {
  return path.replace(/\?.*$/s, '').replace(/^(\/clients\/).*/, '$1…');
}
