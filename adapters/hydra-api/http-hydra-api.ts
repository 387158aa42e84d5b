import { z } from 'zod';
import {
  type ClientReader,
  type ConsentSample,
  type HydraAnswer,
  type HydraApi,
  type HydraMetrics,
  type LoginClient,
  type SyntheticLogin,
  type SyntheticTokens,
  type SyntheticWrites,
} from '../../domain/ports/hydra-api';
import { type SideName } from '../../domain/sides';
import { type Calls, type CallersSample } from '../../domain/callers';
import { adminPath } from '../../hydra/versions';
import { parseHydraMetrics } from '../metrics';
import { HydraCallReader } from './hydra-calls';
import { type HydraCall, type HydraEndpoints, HydraHttp, unexpected } from './hydra-http';
import { listConsents } from './list-consents';
import { type LoginBegun, allowsOrigin, loginCookies, signingKeys } from './service-questions';
import { syntheticLogin, withSyntheticTokens } from './synthetic-login';
import { syntheticWrites } from './synthetic-writes';
import { thumbprintOf } from './thumbprint';
import { listTrustedIssuers } from './trusted-issuers';

export interface HttpHydraApiOptions {
  readonly sides: Readonly<Record<SideName, HydraEndpoints>>;
  /** For a whole request. @default 10_000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const READY_TIMEOUT_MS = 3_000;
/** What of a client nobody but its owner may see. */
const SECRET_FIELDS = new Set(['client_secret', 'registration_access_token', 'registration_client_uri']);

/** The set that signs ID tokens, in both generations. */
const ID_TOKEN_KEYS = 'hydra.openid.id-token';

const versionBody = z.object({ version: z.string().nullish() });
const jwksBody = z.object({ keys: z.array(z.object({ kid: z.string() })) });
const discoveryBody = z.looseObject({ issuer: z.string() });
const anyObject = z.record(z.string(), z.unknown());
const keySetBody = z.object({ keys: z.array(anyObject) });

/** {@link HydraApi} over the HTTP APIs of 1.x and 2.x. */
export class HttpHydraApi implements HydraApi, ClientReader {
  readonly #sides: Readonly<Record<SideName, HydraHttp>>;
  readonly #ready: Readonly<Record<SideName, HydraHttp>>;
  readonly #calls: Readonly<Record<SideName, HydraCallReader>>;

  constructor({ sides, timeoutMs = TIMEOUT_MS }: HttpHydraApiOptions) {
    const both = (limitMs: number) => ({
      blue: new HydraHttp('blue', sides.blue, limitMs),
      green: new HydraHttp('green', sides.green, limitMs),
    });
    this.#sides = both(timeoutMs);
    this.#ready = both(Math.min(timeoutMs, READY_TIMEOUT_MS));
    const reader = (of: HydraEndpoints) => new HydraCallReader(of.metricsUrls ?? [ownMetrics(of)], timeoutMs);
    this.#calls = { blue: reader(sides.blue), green: reader(sides.green) };
  }

  async isReady(side: SideName): Promise<boolean> {
    for (const listener of ['admin', 'public'] as const) {
      const call: HydraCall = { listener, method: 'GET', path: '/health/ready' };
      const answer = await this.#ready[side].call(call).catch(() => undefined);
      if (answer?.status !== 200) return false;
    }
    return true;
  }

  async version(side: SideName): Promise<string> {
    return (await this.#get(side, 'admin', '/version', versionBody)).version ?? '';
  }

  async consents(side: SideName, subject: string): Promise<readonly ConsentSample[]> {
    return listConsents(this.#sides[side], subject);
  }

  async client(side: SideName, clientId: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const http = this.#sides[side];
    const call: HydraCall = { listener: 'admin', method: 'GET', path: `/clients/${encodeURIComponent(clientId)}` };
    const answer = await http.call(call);
    if (answer.status === 404) return undefined;
    const parsed = anyObject.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw unexpected(http, call, answer, '200 with a client, or 404');
    return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => !SECRET_FIELDS.has(name)));
  }

  async readClients(side: SideName): Promise<void> {
    const http = this.#sides[side];
    const call: HydraCall = { listener: 'admin', method: 'GET', path: '/clients?limit=1' };
    const answer = await http.call(call);
    if (answer.status !== 200 || !Array.isArray(answer.json)) throw unexpected(http, call, answer, '200 with a list');
  }

  async publicKeys(side: SideName): Promise<readonly string[]> {
    const http = this.#sides[side];
    const call: HydraCall = { listener: 'public', method: 'GET', path: '/.well-known/jwks.json' };
    let answer = await http.call(call);
    // 2.x makes the sets that a migrated database has not, and fails as long as it may not write: then the old set is asked for.
    if (answer.status === 500) answer = await http.call({ ...call, listener: 'admin', path: `/keys/${ID_TOKEN_KEYS}` });
    const parsed = jwksBody.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw unexpected(http, call, answer, '200 with keys');
    return parsed.data.keys.map(({ kid }) => kid).sort();
  }

  async keyThumbprints(side: SideName, set: string): Promise<readonly string[]> {
    const http = this.#sides[side];
    // Private keys are in this answer; nothing of it but the thumbprints goes any further.
    const call: HydraCall = { listener: 'admin', method: 'GET', path: `/keys/${encodeURIComponent(set)}` };
    const answer = await http.call(call);
    if (answer.status === 404) return [];
    const parsed = keySetBody.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw unexpected(http, call, answer, '200 with keys, or 404');
    return [...new Set(parsed.data.keys.map(thumbprintOf))].sort();
  }

  async issuer(side: SideName): Promise<string> {
    return (await this.#discovery(side)).issuer;
  }

  async discovery(side: SideName): Promise<HydraAnswer> {
    return this.#discovery(side);
  }

  async trustedIssuers(side: SideName): Promise<ReadonlyMap<string, HydraAnswer>> {
    return listTrustedIssuers(this.#sides[side]);
  }

  async introspection(side: SideName, token: string): Promise<HydraAnswer> {
    return this.#answer(side, { listener: 'admin', method: 'POST', path: '/oauth2/introspect', form: { token } });
  }

  async userinfo(side: SideName, accessToken: string): Promise<HydraAnswer> {
    const headers = { authorization: `Bearer ${accessToken}` };
    return this.#answer(side, { listener: 'public', method: 'GET', path: '/userinfo', headers });
  }

  async withSyntheticTokens<T>(side: SideName, work: (tokens: SyntheticTokens) => Promise<T>): Promise<T> {
    return withSyntheticTokens(this.#sides[side], work);
  }

  async metrics(side: SideName): Promise<HydraMetrics> {
    const http = this.#sides[side];
    const call: HydraCall = {
      listener: 'admin',
      method: 'GET',
      path: '/metrics/prometheus',
      headers: { accept: 'text/plain' },
    };
    const answer = await http.call(call);
    if (answer.status !== 200) throw unexpected(http, call, answer, '200 with metrics');
    return parseHydraMetrics(answer.text);
  }

  probes(side: SideName): Calls {
    return this.#sides[side].sent;
  }

  answered(side: SideName): Promise<CallersSample['hydras']> {
    return this.#calls[side].read();
  }

  async signingKeys(side: SideName): Promise<readonly string[]> {
    return signingKeys(this.#sides[side]);
  }

  async loginCookies(side: SideName, client: LoginClient): Promise<LoginBegun> {
    return loginCookies(this.#sides[side], client);
  }

  async allowsOrigin(side: SideName, origin: string): Promise<boolean> {
    return allowsOrigin(this.#sides[side], origin);
  }

  async syntheticLogin(side: SideName): Promise<SyntheticLogin> {
    return syntheticLogin(this.#sides[side]);
  }

  async syntheticWrites(side: SideName): Promise<SyntheticWrites> {
    return syntheticWrites(this.#sides[side]);
  }

  async close(): Promise<void> {
    const { blue, green } = this.#calls;
    const all = [...Object.values(this.#sides), ...Object.values(this.#ready), blue, green];
    for (const each of all) await each.close();
  }

  async #get<Schema extends z.ZodType>(
    side: SideName,
    listener: HydraCall['listener'],
    path: string,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    return this.#answer(side, { listener, method: 'GET', path }, schema);
  }

  #discovery(side: SideName): Promise<z.infer<typeof discoveryBody>> {
    return this.#get(side, 'public', '/.well-known/openid-configuration', discoveryBody);
  }

  async #answer<Schema extends z.ZodType = typeof anyObject>(
    side: SideName,
    call: HydraCall,
    schema?: Schema,
  ): Promise<z.infer<Schema>> {
    const http = this.#sides[side];
    const answer = await http.call(call);
    const parsed = (schema ?? anyObject).safeParse(answer.json);
    if (answer.status === 200 && parsed.success) return parsed.data as z.infer<Schema>;
    throw unexpected(http, call, answer, '200 with the body of the protocol');
  }
}

function ownMetrics({ adminUrl, apiGeneration }: HydraEndpoints): string {
  return `${adminUrl.replace(/\/$/, '')}${adminPath('/metrics/prometheus', apiGeneration)}`;
}
