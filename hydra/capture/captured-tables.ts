/**
 * The tables of Hydra 1.11.10 that carry state, with what the change log keeps of a row: what identifies it, and what leads to
 * the rows that belong to it. Names are blue's columns. Clients and keys go by their natural keys, never by `pk`, which each side
 * numbers for itself.
 */
export const CAPTURED_TABLES = [
  { table: 'hydra_client', key: ['id'], relations: [] },
  { table: 'hydra_jwk', key: ['sid', 'kid'], relations: [] },
  { table: 'hydra_oauth2_trusted_jwt_bearer_issuer', key: ['id'], relations: ['key_set', 'key_id'] },
  { table: 'hydra_oauth2_authentication_session', key: ['id'], relations: [] },
  { table: 'hydra_oauth2_authentication_request', key: ['challenge'], relations: ['login_session_id', 'client_id'] },
  { table: 'hydra_oauth2_authentication_request_handled', key: ['challenge'], relations: [] },
  {
    table: 'hydra_oauth2_consent_request',
    key: ['challenge'],
    // Both are set to null when a login session goes; only the old values still lead to the login.
    relations: ['login_challenge', 'login_session_id', 'client_id'],
  },
  { table: 'hydra_oauth2_consent_request_handled', key: ['challenge'], relations: [] },
  { table: 'hydra_oauth2_access', key: ['signature'], relations: ['request_id', 'challenge_id', 'client_id'] },
  { table: 'hydra_oauth2_refresh', key: ['signature'], relations: ['request_id', 'challenge_id', 'client_id'] },
  { table: 'hydra_oauth2_code', key: ['signature'], relations: ['request_id', 'challenge_id', 'client_id'] },
  { table: 'hydra_oauth2_oidc', key: ['signature'], relations: ['request_id', 'challenge_id', 'client_id'] },
  { table: 'hydra_oauth2_pkce', key: ['signature'], relations: ['request_id', 'challenge_id', 'client_id'] },
  { table: 'hydra_oauth2_obfuscated_authentication_session', key: ['subject', 'client_id'], relations: [] },
  { table: 'hydra_oauth2_logout_request', key: ['challenge'], relations: ['client_id'] },
  { table: 'hydra_oauth2_jti_blacklist', key: ['signature'], relations: [] },
] as const satisfies readonly CapturedTable[];

export interface CapturedTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly relations: readonly string[];
}

export type CapturedTableName = (typeof CAPTURED_TABLES)[number]['table'];
