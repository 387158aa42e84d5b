import { type JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import {
  type CanaryStep,
  type CanaryStepTaken,
  type CanaryTokens,
  type CanaryUser,
  type SealedUser,
} from '../../domain/ports/canary-user';
import { type HydraEndpoints, HydraHttp } from '../hydra-api/hydra-http';
import { Walk, expectJson } from '../hydra-api/oauth-walk';
import { type BackChannel, listenForLogout } from './logout-listener';
import { logoutTokenProblem } from './logout-token';
import { seal, unseal } from './seal';

export interface HttpCanaryUserOptions {
  /** Of the gateway; its admin listener takes the paths of generation 1 whoever serves. */
  readonly gateway: Omit<HydraEndpoints, 'apiGeneration'>;
  readonly key: () => string;
  readonly backChannel?: BackChannel;
  /** For one request. @default 10_000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** A run from capture to flip may take days, and a person thinks for as long. */
const REMEMBER_SECONDS = 90 * 24 * 3_600;
/** Hydra calls before it answers the browser, and tries again for a while. */
const CALL_MS = 15_000;

const jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

const token = z.object({ accessToken: z.string(), refreshToken: z.string(), idToken: z.string() });
const kept = z.object({
  memory: z.object({ clientSecret: z.string(), cookies: z.record(z.string(), z.string()) }),
  login: token,
  code: z.object({ code: z.string(), verifier: z.string() }),
  /** Grants that came of steps, still to be revoked. */
  since: z.array(token),
});
type Kept = z.infer<typeof kept>;

/** {@link CanaryUser} over HTTP. What is secret leaves it sealed alone, but for the tokens that are asked for. */
export class HttpCanaryUser implements CanaryUser {
  readonly #http: HydraHttp;

  constructor(readonly options: HttpCanaryUserOptions) {
    const { gateway, timeoutMs = TIMEOUT_MS } = options;
    this.#http = new HydraHttp('gateway', { ...gateway, apiGeneration: 1 }, timeoutMs);
  }

  async logIn(name: string): Promise<SealedUser> {
    // A key that cannot be used is told before anything is made.
    this.#seal(name, null);
    const walk = this.#walk(name);
    const login = await walk.logIn();
    const code = await walk.authorize({ prompt: 'none' });
    return this.#seal(name, { memory: walk.memory, login, code, since: [] });
  }

  async renewCode(name: string, sealed: SealedUser): Promise<SealedUser> {
    const known = this.#open(name, sealed);
    const walk = this.#walk(name, known);
    const code = await walk.authorize({ prompt: 'none' });
    return this.#seal(name, { ...known, memory: walk.memory, code });
  }

  async tokens(name: string, sealed: SealedUser): Promise<CanaryTokens> {
    const { accessToken, refreshToken } = this.#open(name, sealed).login;
    return { accessToken, refreshToken };
  }

  async take(step: CanaryStep, name: string, sealed: SealedUser): Promise<CanaryStepTaken> {
    const known = this.#open(name, sealed);
    const walk = this.#walk(name, known);
    const { changes = {}, notAsked } = await this.#steps[step](walk, known);
    const now = this.#seal(name, { ...known, ...changes, memory: walk.memory });
    return { sealed: now, notAsked };
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  readonly #steps: Readonly<
    Record<CanaryStep, (walk: Walk, known: Kept) => Promise<{ changes?: Partial<Kept>; notAsked?: string }>>
  > = {
    session: async (walk, { login, since }) => {
      const code = await walk.authorize({ prompt: 'none', id_token_hint: login.idToken });
      return { changes: { since: [...since, await walk.redeem(code)] } };
    },
    refresh: async (walk, { login, since }) => ({
      changes: { since: [...since, await walk.refresh(login.refreshToken)] },
    }),
    code: async (walk, { code, since }) => ({ changes: { since: [...since, await walk.redeem(code)] } }),
    logout: async (walk) => this.#logOut(walk),
    revocation: async (walk, { login, since }) => {
      for (const one of since.length > 0 ? since : [login]) await walk.step('revoke', () => walk.revoke(one));
      return {};
    },
  };

  async #logOut(walk: Walk): Promise<{ notAsked?: string }> {
    const { backChannel } = this.options;
    if (backChannel === undefined) {
      await this.#endSession(walk);
      return { notAsked: 'whether clients are told over the back channel: there is no `canary.backChannel`' };
    }
    const listener = await listenForLogout(backChannel);
    try {
      await this.#endSession(walk);
      const told = await listener.token(CALL_MS);
      const problem =
        told === undefined
          ? `no call came to ${backChannel.url} within ${CALL_MS} ms`
          : logoutTokenProblem(told, walk.user.clientId, await this.#keys());
      if (problem === null) return {};
      throw new CutoverFault('HYDRA_UNEXPECTED', `the client was not told over the back channel: ${problem}`);
    } finally {
      await listener.close();
    }
  }

  /** And asks whether it is over. */
  async #endSession(walk: Walk): Promise<void> {
    await walk.step('log out', () => walk.logOut());
    try {
      await walk.authorize({ prompt: 'none' });
    } catch (error) {
      if (isCutoverFault(error) && error.details['oauthError'] === 'login_required') return;
      throw error;
    }
    throw new CutoverFault('HYDRA_UNEXPECTED', 'a user who logged out is still logged in');
  }

  async #keys(): Promise<readonly (JsonWebKey & { readonly kid?: string })[]> {
    const call = { listener: 'public', method: 'GET', path: '/.well-known/jwks.json' } as const;
    return (await expectJson(this.#http, call, 200, jwks)).keys;
  }

  #walk(name: string, known?: Kept): Walk {
    const { backChannel } = this.options;
    return new Walk(
      this.#http,
      {
        clientId: name,
        clientName: 'Canary user of hydra-cutover: removed at the end of the cutover',
        subject: name,
        rememberSeconds: REMEMBER_SECONDS,
        remembersConsent: true,
        ...(backChannel === undefined ? {} : { backChannelUrl: backChannel.url }),
      },
      known?.memory,
    );
  }

  #seal(name: string, value: Kept | null): SealedUser {
    return seal(this.options.key(), name, value);
  }

  #open(name: string, sealed: SealedUser): Kept {
    const parsed = kept.safeParse(unseal(this.options.key(), name, sealed));
    if (parsed.success) return parsed.data;
    throw new CutoverFault('SECRET_UNUSABLE', 'what is kept of the canary user is of another version');
  }
}
