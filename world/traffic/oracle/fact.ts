import { type FactKind } from './fact-kinds';

/** `unknown`: an answer was lost; either outcome is right, and the first settled observation pins it. */
export type Expectation = 'present' | 'absent' | 'unknown';

export interface Fact {
  readonly key: string;
  readonly kind: FactKind;
  /** Hashed id of the thing itself: token, session, client and so on. */
  readonly id: string;
  readonly client?: string;
  readonly subject?: string;
  readonly chain?: string;
  readonly scope?: string;
  readonly expiresAtMs?: number;
  expected: Expectation;
  /** What set `expected` last, such as `revoke_refresh_token`. */
  cause: string;
  sinceMs: number;
  /** The expectation comes from an observation and not from an answer. */
  pinned: boolean;
}

export const factKey = (kind: FactKind, ...parts: readonly string[]): string => [kind, ...parts].join(' ');
