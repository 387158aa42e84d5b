import { type Calls, type CallersSample } from '../callers';
import { type SideName } from '../sides';

/** What a browser is given when a login begins. */
export interface BegunCookie {
  readonly name: string;
  readonly value: string;
}

/** What is asked of a Hydra itself, not through a gateway. All @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED */
export interface HydraApi {
  /** @returns false when it answers that it is not, or does not answer */
  isReady(side: SideName): Promise<boolean>;
  /** As `/version` says; development builds say `master` or nothing. */
  version(side: SideName): Promise<string>;
  /** Consent sessions of a subject, in an order and form that both generations share. */
  consents(side: SideName, subject: string): Promise<readonly ConsentSample[]>;
  /** @returns undefined when there is no such client; without anything secret */
  client(side: SideName, clientId: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Public keys of `/.well-known/jwks.json`, by kid. */
  publicKeys(side: SideName): Promise<readonly string[]>;
  /** Thumbprints (RFC 7638) of a key set: the same key has the same one, whatever its kid. @returns empty when there is no such set */
  keyThumbprints(side: SideName, set: string): Promise<readonly string[]>;
  /** All of `/.well-known/openid-configuration`. */
  discovery(side: SideName): Promise<HydraAnswer>;
  /** Issuers whose assertions are taken as grants, by id. */
  trustedIssuers(side: SideName): Promise<ReadonlyMap<string, HydraAnswer>>;
  introspection(side: SideName, token: string): Promise<HydraAnswer>;
  userinfo(side: SideName, accessToken: string): Promise<HydraAnswer>;
  issuer(side: SideName): Promise<string>;
  /** SHA-256 of each key that it signs tokens with, of the public part: equal kids prove nothing, because 1.x calls its first ones alike. */
  signingKeys(side: SideName): Promise<readonly string[]>;
  /** Begins a login as a browser does and goes no further. 1.x keeps a row for it. @returns the cookies it sets, or why it begins none */
  loginCookies(
    side: SideName,
    client: LoginClient,
  ): Promise<{ readonly cookies: readonly BegunCookie[]; readonly refused?: string }>;
  /** Whether a page at this origin may call the token endpoint, by the answer to a preflight request. */
  allowsOrigin(side: SideName, origin: string): Promise<boolean>;
  /** From `/metrics/prometheus` of the admin listener. */
  metrics(side: SideName): Promise<HydraMetrics>;
  /** What was asked of it through this port so far. */
  probes?(side: SideName): Calls;
  /** What every Hydra of a side has answered, each by itself. Never rejects. */
  answered?(side: SideName): Promise<CallersSample['hydras']>;
  /**
   * An authorization-code login from the first redirect to introspection, the part of the login app played over the admin
   * API, with a client of our own that is removed afterwards.
   * @throws CutoverFault HYDRA_UNEXPECTED says at which step it broke
   */
  syntheticLogin(side: SideName): Promise<SyntheticLogin>;
  /** The same, and then revocation, client credentials, a change of the client and of keys; nothing of it stays. */
  syntheticWrites(side: SideName): Promise<SyntheticWrites>;
  /**
   * The same up to the tokens, which live until `work` has ended; then client, session and tokens are removed.
   * @throws CutoverFault HYDRA_UNEXPECTED says at which step it broke
   */
  withSyntheticTokens<T>(side: SideName, work: (tokens: SyntheticTokens) => Promise<T>): Promise<T>;
}

/** Has a Hydra read the table of clients, as every request with a token does. */
export interface ClientReader {
  /** @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED */
  readClients(side: SideName): Promise<void>;
}

/** A client as far as a login begins with it. */
export interface LoginClient {
  readonly id: string;
  readonly redirectUri: string;
  readonly scope: string;
}

export interface SyntheticWrites {
  readonly durationMs: number;
  readonly steps: readonly string[];
  /** A refresh token is taken a second time soon after it was used. */
  readonly refreshGrace: boolean;
}

export interface SyntheticLogin extends SyntheticWrites {
  /** Names of all cookies that were set. */
  readonly cookies: readonly string[];
}

/** Every field of one object as a Hydra answered it, but for what is secret. */
export type HydraAnswer = Readonly<Record<string, unknown>>;

/** Of a user who does not exist. Secrets. */
export interface SyntheticTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface ConsentSample {
  readonly consentId: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly remember: boolean;
  readonly rememberForSeconds: number;
  /** All of it. */
  readonly answer: HydraAnswer;
}

export interface HydraMetrics {
  readonly requests: number;
  readonly serverErrors: number;
  readonly p95Ms: number | null;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly goroutines: number;
  readonly cpuSeconds: number;
}
