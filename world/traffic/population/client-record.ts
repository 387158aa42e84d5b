import { type KeyObject } from 'node:crypto';

/** How clients prove who they are at the token endpoint. */
export const AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** One OAuth client as its owner knows it. Mutable: its owner edits it. */
export interface ClientRecord {
  readonly id: string;
  readonly authMethod: AuthMethod;
  readonly pairwise: boolean;
  readonly scope: string;
  readonly grantTypes: readonly string[];
  secret: string | undefined;
  /** The first one is in use. */
  redirectUris: readonly string[];
  /** Signs client assertions. */
  readonly privateKey?: KeyObject;
  /** What the server is told about the key; needed again for every edit. */
  readonly jwks?: object;
}

export const GRANT_SCOPE = 'openid offline api';
export const SIGNING_KEY_ID = 'traffic-key';
