import { type SideName } from '../sides';

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
  issuer(side: SideName): Promise<string>;
  /** From `/metrics/prometheus` of the admin listener. */
  metrics(side: SideName): Promise<HydraMetrics>;
  /**
   * An authorization-code login from the first redirect to introspection, the part of the login app played over the admin
   * API, with a client of our own that is removed afterwards.
   * @throws CutoverFault HYDRA_UNEXPECTED says at which step it broke
   */
  syntheticLogin(side: SideName): Promise<{ readonly durationMs: number; readonly steps: readonly string[] }>;
  /** The same, and then revocation, client credentials, a change of the client and of keys; nothing of it stays. */
  syntheticWrites(side: SideName): Promise<{ readonly durationMs: number; readonly steps: readonly string[] }>;
}

export interface ConsentSample {
  readonly consentId: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly remember: boolean;
  readonly rememberForSeconds: number;
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
