import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type EpochState } from '../../domain/target';
import { type HydraAdmin, type HydraAnswer, type HydraSide } from '../service/hydra-admin';
import { type ResourceApiConfig } from './config';

/** A flip in the middle of an introspection asks again; more than a few flips in one request are a defect somewhere. */
const ROUNDS_MAX = 5;
const CACHE_ENTRIES_MAX = 10_000;

export interface TokenInfo {
  readonly subject: string;
  readonly clientId: string;
  readonly scope: string;
}

const answerShape = z.union([
  z.object({
    active: z.literal(true),
    sub: z.string().optional(),
    client_id: z.string(),
    scope: z.string().optional(),
    token_use: z.string().optional(),
  }),
  z.object({ active: z.literal(false) }),
]);

interface CacheEntry {
  readonly info: TokenInfo;
  readonly until: number;
}

export interface IntrospectorDeps {
  readonly hydra: HydraAdmin;
  readonly side: () => EpochState<HydraSide>;
  readonly config: () => Pick<ResourceApiConfig, 'hydraDeadlineMs' | 'introspectionCacheMs'>;
}

/** Asks the Hydra that is in use about tokens. */
export class Introspector {
  private readonly cache = new Map<string, CacheEntry>();

  constructor(private readonly deps: IntrospectorDeps) {}

  /** What was believed of one side says nothing about the other. */
  forget(): void {
    this.cache.clear();
  }

  /**
   * @returns undefined for a token that Hydra, while ready, calls inactive, and for a refresh token
   * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED
   */
  async introspect(token: string): Promise<TokenInfo | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.cached(key);
    if (known !== undefined) return known;
    const deadlineAt = Date.now() + this.deps.config().hydraDeadlineMs;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const applied = this.deps.side();
      const info = await this.ask(applied.state, token, deadlineAt).catch((error: unknown) => {
        if (this.deps.side() === applied) throw error;
        return undefined; // the side that failed is not in use any more
      });
      // An answer of the side that was left may be out of date the moment the other one accepts a write.
      if (this.deps.side() !== applied) continue;
      if (info !== undefined) this.remember(key, info);
      return info;
    }
    throw new CutoverFault('HYDRA_UNEXPECTED', `the side in use changed ${ROUNDS_MAX} times during one introspection`);
  }

  private async ask(side: HydraSide, token: string, deadlineAt: number): Promise<TokenInfo | undefined> {
    const first = await this.askOnce(side, token, deadlineAt);
    if (first !== undefined) return first;
    // Hydra calls every token inactive, with 200, while it cannot reach its database: ask again between two proofs that it can.
    await this.assertReady(side, deadlineAt);
    const second = await this.askOnce(side, token, deadlineAt);
    if (second !== undefined) return second;
    await this.assertReady(side, deadlineAt);
    return undefined;
  }

  private async askOnce(side: HydraSide, token: string, deadlineAt: number): Promise<TokenInfo | undefined> {
    const answer = await this.deps.hydra.call(side, {
      method: 'POST',
      path: '/oauth2/introspect',
      form: { token },
      deadlineMs: remaining(deadlineAt),
    });
    const parsed = answer.status === 200 ? answerShape.safeParse(answer.body) : undefined;
    if (parsed?.success !== true) throw unexpected(answer);
    const read = parsed.data;
    if (!read.active) return undefined;
    if (read.token_use !== undefined && read.token_use !== 'access_token') return undefined;
    return { subject: read.sub ?? '', clientId: read.client_id, scope: read.scope ?? '' };
  }

  private async assertReady(side: HydraSide, deadlineAt: number): Promise<void> {
    if (await this.deps.hydra.isReady(side, remaining(deadlineAt))) return;
    throw new CutoverFault(
      'HYDRA_UNREACHABLE',
      'Hydra calls a token inactive while it is not ready, which says nothing; check its database and retry',
    );
  }

  private cached(key: string): TokenInfo | undefined {
    const entry = this.cache.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > Date.now() && this.deps.config().introspectionCacheMs > 0) return entry.info;
    this.cache.delete(key);
    return undefined;
  }

  private remember(key: string, info: TokenInfo): void {
    const { introspectionCacheMs } = this.deps.config();
    if (introspectionCacheMs === 0) return;
    const oldest = this.cache.keys().next();
    if (this.cache.size >= CACHE_ENTRIES_MAX && oldest.done !== true) this.cache.delete(oldest.value);
    this.cache.set(key, { info, until: Date.now() + introspectionCacheMs });
  }
}

function remaining(deadlineAt: number): number {
  return Math.max(1, deadlineAt - Date.now());
}

function unexpected(answer: HydraAnswer): CutoverFault {
  return new CutoverFault(
    'HYDRA_UNEXPECTED',
    `Hydra answered an introspection with status ${answer.status}${answer.body === undefined ? ' and no JSON' : ''}, expected 200 with "active"; check the admin URL and its API generation`,
    { status: answer.status },
  );
}
