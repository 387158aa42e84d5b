import { type CapturedTable } from '../copy-path';

const OF_TOKENS = ['request_id', 'challenge_id', 'client_id'] as const;

/**
 * The tables of Hydra 1.11.10 that carry state, with what the change log keeps of a row: what identifies it, and what leads to
 * the rows that belong to it. Names are blue's columns. Clients and keys go by their natural keys, never by `pk`, which each side
 * numbers for itself.
 */
export const CAPTURED_TABLES: readonly CapturedTable[] = [
  { table: 'hydra_client', key: ['id'], relations: [], revokes: { what: 'client' } },
  { table: 'hydra_jwk', key: ['sid', 'kid'], relations: [] },
  { table: 'hydra_oauth2_trusted_jwt_bearer_issuer', key: ['id'], relations: ['key_set', 'key_id'] },
  { table: 'hydra_oauth2_authentication_session', key: ['id'], relations: [], revokes: { what: 'login session' } },
  {
    table: 'hydra_oauth2_authentication_request',
    key: ['challenge'],
    relations: ['login_session_id', 'client_id'],
    flow: { login: 'challenge', begins: 'login' },
  },
  {
    table: 'hydra_oauth2_authentication_request_handled',
    key: ['challenge'],
    relations: [],
    flow: { login: 'challenge' },
  },
  {
    table: 'hydra_oauth2_consent_request',
    key: ['challenge'],
    // Both are set to null when a login session goes; only the old values still lead to the login.
    relations: ['login_challenge', 'login_session_id', 'client_id'],
    flow: { consent: 'challenge', login: 'login_challenge', begins: 'consent' },
  },
  {
    table: 'hydra_oauth2_consent_request_handled',
    key: ['challenge'],
    relations: [],
    flow: { consent: 'challenge' },
    revokes: { what: 'consent', by: 'challenge', when: `OLD.error OPERATOR(pg_catalog.=) '{}'` },
  },
  { table: 'hydra_oauth2_access', key: ['signature'], relations: OF_TOKENS, revokes: { what: 'access' } },
  { table: 'hydra_oauth2_refresh', key: ['signature'], relations: OF_TOKENS, revokes: { what: 'chain' } },
  { table: 'hydra_oauth2_code', key: ['signature'], relations: OF_TOKENS },
  { table: 'hydra_oauth2_oidc', key: ['signature'], relations: OF_TOKENS },
  { table: 'hydra_oauth2_pkce', key: ['signature'], relations: OF_TOKENS },
  { table: 'hydra_oauth2_obfuscated_authentication_session', key: ['subject', 'client_id'], relations: [] },
  { table: 'hydra_oauth2_logout_request', key: ['challenge'], relations: ['client_id'] },
  { table: 'hydra_oauth2_jti_blacklist', key: ['signature'], relations: [] },
];
