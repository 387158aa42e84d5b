import { errorMessage } from '../../domain/error-message';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { errorCode, isCertificateError, unreachableReason } from '../network-errors';
import { parsedJson } from '../../domain/json';

export interface EtcdOptions {
  /** Of the target, for messages. */
  readonly name: string;
  /** Base URLs of the members; another one is asked when one does not answer. */
  readonly endpoints: readonly string[];
  /** PEM */
  readonly ca?: string | undefined;
  readonly login?: { readonly user: string; readonly password: () => string } | undefined;
  /** Looks whether there is a newer password. @returns whether there is */
  readonly renew?: () => Promise<boolean>;
}

/** Source: etcd manual, "gRPC gateway": int64 are strings, bytes are base64. */
export interface Found {
  readonly value: string;
  readonly modRevision: string;
}

export interface EtcdTransaction {
  /** Key → the revision of its last change that was seen; `0` for a key that is not there. */
  readonly unchanged: ReadonlyMap<string, string>;
  /** Key → its value; null removes it. */
  readonly put: ReadonlyMap<string, string | null>;
}

const TIMEOUT_MS = 5_000;
/** Longer than the time between two calls of a switchover: nothing connects while requests are held. */
const KEEP_ALIVE_MS = 30_000;
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;

const rangeBody = z.object({
  kvs: z.array(z.object({ key: z.string(), value: z.string().default(''), mod_revision: z.string() })).default([]),
});
const readBody = z.object({
  responses: z.array(z.object({ response_range: rangeBody })).default([]),
});
const txnBody = z.object({ succeeded: z.boolean().default(false) });
const loginBody = z.object({ token: z.string() });
const errorBody = z.object({ code: z.number(), message: z.string() });

/** Source: google.golang.org/grpc/codes. */
const UNAUTHENTICATED = 16;
const REFUSALS: Readonly<Record<number, string>> = {
  3: 'correct its keys, user and password',
  7: 'grant the role of the user readwrite on its keys',
  16: 'correct user and password',
};

/** The few calls of etcd's v3 API that a target needs, over its JSON gateway. Reads are linearizable. */
export class EtcdClient {
  readonly #options: EtcdOptions;
  readonly #agent: Agent;
  /** The one that answered last is asked first. */
  #first = 0;
  #token: string | undefined;

  constructor(options: EtcdOptions) {
    this.#options = options;
    this.#agent = new Agent({
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxResponseSize: ANSWER_LIMIT_BYTES,
      connect: { timeout: TIMEOUT_MS, ca: options.ca },
    });
  }

  /** All keys at one revision. @returns those that are there @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED */
  async read(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const success = keys.map((key) => ({ request_range: { key: base64(key) } }));
    const { responses } = await this.#call('/v3/kv/txn', { success }, readBody);
    const found = responses.flatMap(({ response_range: { kvs } }) => kvs);
    return new Map(
      found.map(({ key, value, mod_revision: modRevision }) => [text(key), { value: text(value), modRevision }]),
    );
  }

  /**
   * All of it or nothing, and durable on a majority when it resolves.
   * @returns whether it was done: false when one of the keys was changed
   * @throws CutoverFault TARGET_UNREACHABLE (it may have been done) | TARGET_REFUSED
   */
  async commit({ unchanged, put }: EtcdTransaction): Promise<boolean> {
    const compare = [...unchanged].map(([key, revision]) => ({
      key: base64(key),
      target: 'MOD',
      result: 'EQUAL',
      mod_revision: revision,
    }));
    const success = [...put].map(([key, value]) =>
      value === null
        ? { request_delete_range: { key: base64(key) } }
        : { request_put: { key: base64(key), value: base64(value) } },
    );
    return (await this.#call('/v3/kv/txn', { compare, success }, txnBody)).succeeded;
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #call<T>(path: string, body: object, shape: z.ZodType<T>): Promise<T> {
    const { login } = this.#options;
    if (login === undefined) return this.#ask(path, body, shape);
    this.#token ??= await this.#authenticate(login);
    try {
      return await this.#ask(path, body, shape);
    } catch (error) {
      // Tokens are valid for a few minutes, and with the member that gave them.
      if (!(error instanceof CutoverFault) || error.details['grpcCode'] !== UNAUTHENTICATED) throw error;
      this.#token = await this.#authenticate(login);
      return this.#ask(path, body, shape);
    }
  }

  async #authenticate({ user, password }: NonNullable<EtcdOptions['login']>): Promise<string> {
    this.#token = undefined;
    const ask = () => this.#ask('/v3/auth/authenticate', { name: user, password: password() }, loginBody);
    try {
      return (await ask()).token;
    } catch (error) {
      const refused = error instanceof CutoverFault && error.code === 'TARGET_REFUSED';
      if (!refused || (await this.#options.renew?.()) !== true) throw error;
      return (await ask()).token;
    }
  }

  async #ask<T>(path: string, body: object, shape: z.ZodType<T>): Promise<T> {
    const { endpoints } = this.#options;
    let last: CutoverFault | undefined;
    for (let turn = 0; turn < endpoints.length; turn += 1) {
      const index = (this.#first + turn) % endpoints.length;
      try {
        const answer = await this.#send(endpoints[index] ?? '', path, body, shape);
        this.#first = index;
        return answer;
      } catch (error) {
        if (!(error instanceof CutoverFault) || error.code !== 'TARGET_UNREACHABLE') throw error;
        last = error;
      }
    }
    throw last ?? this.#fault('TARGET_UNREACHABLE', 'has no endpoint; add one');
  }

  async #send<T>(endpoint: string, path: string, body: object, shape: z.ZodType<T>): Promise<T> {
    let status = 0;
    let said = '';
    try {
      const response = await request(`${endpoint.replace(/\/+$/, '')}${path}`, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.#token === undefined ? {} : { authorization: this.#token }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      status = response.statusCode;
      said = await response.body.text();
    } catch (error) {
      const what = `gave no answer at ${endpoint}: ${reasonOf(error)}; check that it runs, and its endpoints`;
      throw this.#fault('TARGET_UNREACHABLE', what, {}, error);
    }
    const json = parsedJson(said);
    const answer = shape.safeParse(json);
    if (status === 200 && answer.success) return answer.data;
    const refusal = errorBody.safeParse(json);
    const fix = refusal.success ? REFUSALS[refusal.data.code] : undefined;
    const told = refusal.success ? refusal.data.message.slice(0, 300) : 'what no etcd says';
    const observed = `answered ${status} at ${endpoint} (${told})`;
    if (!refusal.success || fix === undefined) {
      throw this.#fault('TARGET_UNREACHABLE', `${observed}; check its state and its endpoints`);
    }
    throw this.#fault('TARGET_REFUSED', `${observed}; ${fix}`, { grpcCode: refusal.data.code });
  }

  #fault(
    code: 'TARGET_UNREACHABLE' | 'TARGET_REFUSED',
    what: string,
    details: { readonly grpcCode?: number } = {},
    cause?: unknown,
  ): CutoverFault {
    const { name } = this.#options;
    return new CutoverFault(code, `etcd of ${name} ${what}`, { name, ...details }, cause);
  }
}

function base64(value: string): string {
  return Buffer.from(value, 'utf8').toString('base64');
}

function text(value: string): string {
  return Buffer.from(value, 'base64').toString('utf8');
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `nothing within ${TIMEOUT_MS} ms`;
  if (isCertificateError(error)) return `its certificate does not verify (${errorCode(error)})`;
  return unreachableReason(error) ?? errorCode(error) ?? errorMessage(error);
}
