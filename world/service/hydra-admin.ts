import { errorMessage } from '../../domain/error-message';
import { type IncomingHttpHeaders } from 'node:http';
import { Agent } from 'undici';
import { z } from 'zod';
import { isClosedSocket } from '../../adapters/network-errors';
import { CutoverFault } from '../../domain/faults';
import { parsedJson } from '../../domain/json';
import { adminPath } from '../../hydra/versions';

const ANSWER_LIMIT_BYTES = 32 * 1024 * 1024;
const CONNECTIONS = 64;
const IDLE_MS = 30_000;

/** Base address of an HTTP service: no credentials, query or fragment; kept without a trailing slash. */
export const baseUrl = z
  .string()
  .refine(isBaseUrl, 'must be an http or https URL without credentials, query and fragment')
  .transform((url) => url.replace(/\/+$/, ''));

/** Where a Hydra's admin API is, and how its paths look: generation 1 as they are, generation 2 below `/admin`. */
export const hydraSide = z.strictObject({ adminUrl: baseUrl, apiGeneration: z.literal([1, 2]) });
export type HydraSide = z.infer<typeof hydraSide>;

export interface HydraCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As generation 1 spells it, for example `/oauth2/introspect`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** For the whole call: connecting, waiting, reading. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

export interface HydraAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** undefined when the answer is not JSON. */
  readonly body: unknown;
}

/**
 * Calls Hydra's admin API over kept-alive connections. Redirects are answers: a side of generation 2 meets generation-1
 * paths with a 307 to an address of its own that is wrong behind any proxy.
 */
export class HydraAdmin {
  private readonly agent = new Agent({
    connections: CONNECTIONS,
    keepAliveTimeout: IDLE_MS,
    maxResponseSize: ANSWER_LIMIT_BYTES,
  });

  /** @throws CutoverFault HYDRA_UNREACHABLE when no whole answer came within the deadline */
  async call(side: HydraSide, call: HydraCall): Promise<HydraAnswer> {
    const deadline = new AbortController();
    const timer = setTimeout(
      () => deadline.abort(new Error(`no answer within ${call.deadlineMs} ms`)),
      call.deadlineMs,
    );
    const signal = call.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, call.signal]);
    try {
      return await this.attempt(side, call, signal).catch((error: unknown) => {
        // A kept-alive connection that the server closed meanwhile: reading again is harmless, writing is not.
        if (call.method !== 'GET' || signal.aborted || !isClosedSocket(error)) throw error;
        return this.attempt(side, call, signal);
      });
    } catch (error) {
      const { host } = new URL(side.adminUrl);
      const reason = errorMessage(error);
      throw new CutoverFault(
        'HYDRA_UNREACHABLE',
        `${call.method} ${call.path} at Hydra's admin API on ${host} failed: ${reason}; check that it runs and is reachable`,
        { endpoint: host, path: call.path },
        error,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns whether this Hydra says it is ready: it reaches its database and misses no migration. False on any failure. */
  async isReady(side: HydraSide, deadlineMs: number, signal?: AbortSignal): Promise<boolean> {
    const call: HydraCall = { method: 'GET', path: '/health/ready', deadlineMs, ...(signal && { signal }) };
    const answer = await this.call(side, call).catch(() => undefined);
    return answer?.status === 200;
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async attempt(side: HydraSide, call: HydraCall, signal: AbortSignal): Promise<HydraAnswer> {
    const { origin, pathname } = new URL(side.adminUrl);
    const { statusCode, headers, body } = await this.agent.request({
      origin,
      path: `${pathname.replace(/\/$/, '')}${adminPath(call.path, side.apiGeneration)}${queryText(call.query)}`,
      method: call.method,
      headers: {
        // A Hydra behind TLS termination refuses plain requests without it.
        'X-Forwarded-Proto': 'https',
        Accept: 'application/json',
        ...(call.json !== undefined && { 'Content-Type': 'application/json' }),
        ...(call.form !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded' }),
      },
      body:
        call.form !== undefined
          ? new URLSearchParams(call.form).toString()
          : call.json !== undefined
            ? JSON.stringify(call.json)
            : null,
      signal,
    });
    return { status: statusCode, headers, body: parsedJson(await body.text()) };
  }
}

function queryText(query: Readonly<Record<string, string>> | undefined): string {
  return query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
}

function isBaseUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  return url.username === '' && url.password === '' && !/[?#]/.test(text);
}
