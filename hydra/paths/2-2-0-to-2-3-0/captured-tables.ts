import { type CapturedTable } from '../copy-path';

const OF_TOKENS = ['request_id', 'challenge_id', 'client_id'] as const;

/**
 * The tables of 2.2.0 that carry state. A flow reaches its table only once its consent was granted: until then it lives encrypted in the
 * challenge, so that no row begins one.
 */
export const CAPTURED_TABLES: readonly CapturedTable[] = [
  { table: 'hydra_client', key: ['id'], relations: [], revokes: { what: 'client' } },
  { table: 'hydra_jwk', key: ['sid', 'kid'], relations: [] },
  { table: 'hydra_oauth2_trusted_jwt_bearer_issuer', key: ['id'], relations: ['key_set', 'key_id'] },
  {
    table: 'hydra_oauth2_authentication_session',
    key: ['id'],
    relations: [],
    revokes: { what: 'login session' },
  },
  {
    table: 'hydra_oauth2_flow',
    key: ['login_challenge'],
    relations: ['consent_challenge_id', 'login_session_id', 'client_id'],
    flow: { login: 'login_challenge', consent: 'consent_challenge_id' },
    revokes: { what: 'consent', by: 'consent_challenge_id', when: 'OLD.consent_challenge_id IS NOT NULL' },
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
