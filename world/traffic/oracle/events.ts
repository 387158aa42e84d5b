/** One token by its hashed id; the token itself never enters the ledger. */
export interface TokenRef {
  readonly id: string;
  readonly kind: 'access_token' | 'refresh_token';
  /** Milliseconds since the epoch. @default never within a run */
  readonly expiresAtMs?: number;
  readonly scope: string;
}

/**
 * What an answer promised. `chain` is one grant: a consent's code and every token that came from it (Hydra's
 * `request_id`). A token without a user (client_credentials, jwt-bearer) is a chain of its own without a subject.
 */
export type PromiseEvent =
  | { readonly type: 'client_registered'; readonly client: string }
  | { readonly type: 'client_deleted'; readonly client: string }
  | { readonly type: 'secret_set'; readonly client: string; readonly secret: string }
  | { readonly type: 'redirect_uris_set'; readonly client: string; readonly uris: readonly string[] }
  | { readonly type: 'issuer_trusted'; readonly issuer: string }
  | { readonly type: 'issuer_distrusted'; readonly issuer: string }
  | {
      readonly type: 'code_issued';
      readonly code: string;
      readonly chain: string;
      readonly client: string;
      readonly subject: string;
      readonly expiresAtMs: number;
    }
  /** From its code on: 1.x lists a consent when it is accepted, 2.x when its verifier comes back. */
  | { readonly type: 'consent_given'; readonly subject: string; readonly client: string }
  | { readonly type: 'code_used'; readonly code: string }
  | {
      readonly type: 'tokens_issued';
      readonly chain: string;
      readonly client: string;
      readonly subject?: string;
      readonly tokens: readonly TokenRef[];
    }
  /** Refresh: everything of the chain before is dead, `tokens` are its only live ones. */
  | { readonly type: 'chain_rotated'; readonly chain: string; readonly tokens: readonly TokenRef[] }
  /** Revoked by a token, by reuse of a refresh token or of a code. */
  | { readonly type: 'chain_ended'; readonly chain: string; readonly cause: string }
  | { readonly type: 'access_tokens_deleted'; readonly client: string }
  | { readonly type: 'consents_revoked'; readonly subject: string; readonly client?: string }
  | { readonly type: 'consent_remembered'; readonly subject: string; readonly client: string }
  | { readonly type: 'session_started'; readonly session: string; readonly subject: string }
  | { readonly type: 'session_ended'; readonly session: string; readonly cause: string }
  | { readonly type: 'sessions_deleted'; readonly subject: string };

/** What the server said about one fact when asked. */
export interface Observation {
  readonly key: string;
  readonly present: boolean;
  /** When the question was sent. */
  readonly atMs: number;
}
