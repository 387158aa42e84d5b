import { type CapturedTable } from './copy-path';

const OF_TOKENS = ['request_id', 'challenge_id', 'client_id'] as const;

/**
 * The tables that carry state, with what the change log keeps of a row: what identifies it, and what leads to the rows that belong to it.
 * Clients and keys go by their natural keys, never by `pk`, which each side numbers for itself.
 *
 * @param flows where a version keeps logins and consents; all else 1.11.10 and 2.2.0 keep alike
 */
export function capturedTables(flows: readonly CapturedTable[]): readonly CapturedTable[] {
  return [
    { table: 'hydra_client', key: ['id'], relations: [], revokes: { what: 'client' } },
    { table: 'hydra_jwk', key: ['sid', 'kid'], relations: [] },
    { table: 'hydra_oauth2_trusted_jwt_bearer_issuer', key: ['id'], relations: ['key_set', 'key_id'] },
    { table: 'hydra_oauth2_authentication_session', key: ['id'], relations: [], revokes: { what: 'login session' } },
    ...flows,
    { table: 'hydra_oauth2_access', key: ['signature'], relations: OF_TOKENS, revokes: { what: 'access' } },
    { table: 'hydra_oauth2_refresh', key: ['signature'], relations: OF_TOKENS, revokes: { what: 'chain' } },
    { table: 'hydra_oauth2_code', key: ['signature'], relations: OF_TOKENS },
    { table: 'hydra_oauth2_oidc', key: ['signature'], relations: OF_TOKENS },
    { table: 'hydra_oauth2_pkce', key: ['signature'], relations: OF_TOKENS },
    { table: 'hydra_oauth2_obfuscated_authentication_session', key: ['subject', 'client_id'], relations: [] },
    { table: 'hydra_oauth2_logout_request', key: ['challenge'], relations: ['client_id'] },
    { table: 'hydra_oauth2_jti_blacklist', key: ['signature'], relations: [] },
  ];
}
