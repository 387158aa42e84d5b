import { z } from 'zod';
import { type ConsentSample, type HydraApi, type HydraMetrics } from '../../domain/ports/hydra-api';
import { type SideName } from '../../domain/sides';
import { parseHydraMetrics } from '../metrics';
import { type HydraCall, type HydraEndpoints, HydraHttp, unexpected } from './hydra-http';
import { listConsents } from './list-consents';
import { syntheticLogin, syntheticWrites } from './synthetic-login';

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
const discoveryBody = z.object({ issuer: z.string() });
const clientBody = z.record(z.string(), z.unknown());

/** {@link HydraApi} over the HTTP APIs of 1.x and 2.x. */
export class HttpHydraApi implements HydraApi {
  readonly #sides: Readonly<Record<SideName, HydraHttp>>;
  readonly #ready: Readonly<Record<SideName, HydraHttp>>;

  constructor({ sides, timeoutMs = TIMEOUT_MS }: HttpHydraApiOptions) {
    const both = (limitMs: number) => ({
      blue: new HydraHttp('blue', sides.blue, limitMs),
      green: new HydraHttp('green', sides.green, limitMs),
    });
    this.#sides = both(timeoutMs);
    this.#ready = both(Math.min(timeoutMs, READY_TIMEOUT_MS));
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
    const parsed = clientBody.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw unexpected(http, call, answer, '200 with a client, or 404');
    return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => !SECRET_FIELDS.has(name)));
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

  async issuer(side: SideName): Promise<string> {
    return (await this.#get(side, 'public', '/.well-known/openid-configuration', discoveryBody)).issuer;
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

  async syntheticLogin(side: SideName): Promise<{ readonly durationMs: number; readonly steps: readonly string[] }> {
    return syntheticLogin(this.#sides[side]);
  }

  async syntheticWrites(side: SideName): Promise<{ readonly durationMs: number; readonly steps: readonly string[] }> {
    return syntheticWrites(this.#sides[side]);
  }

  async close(): Promise<void> {
    for (const http of [...Object.values(this.#sides), ...Object.values(this.#ready)]) await http.close();
  }

  async #get<Schema extends z.ZodType>(
    side: SideName,
    listener: HydraCall['listener'],
    path: string,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const http = this.#sides[side];
    const call: HydraCall = { listener, method: 'GET', path };
    const answer = await http.call(call);
    const parsed = schema.safeParse(answer.json);
    if (answer.status === 200 && parsed.success) return parsed.data;
    throw unexpected(http, call, answer, '200 with the body of the protocol');
  }
}
