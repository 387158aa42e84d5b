import { type CarriedTableName, type ColumnType, type TargetTable } from '../paths/copy-path';

const columns = (type: ColumnType, names: string): Record<string, ColumnType> =>
  Object.fromEntries(names.split(' ').map((name) => [name, type]));

const CLIENT_COLUMNS = {
  ...columns('text', 'id client_name client_secret scope owner policy_uri tos_uri client_uri logo_uri'),
  ...columns('integer', 'client_secret_expires_at'),
  ...columns('text', 'sector_identifier_uri jwks jwks_uri token_endpoint_auth_method request_object_signing_alg'),
  ...columns('text', 'userinfo_signed_response_alg subject_type'),
  ...columns('integer', 'pk_deprecated'),
  ...columns('timestamp', 'created_at updated_at'),
  ...columns('text', 'frontchannel_logout_uri'),
  ...columns('boolean', 'frontchannel_logout_session_required'),
  ...columns('text', 'backchannel_logout_uri'),
  ...columns('boolean', 'backchannel_logout_session_required'),
  ...columns('text', 'metadata token_endpoint_auth_signing_alg registration_access_token_signature'),
  ...columns('bigint', 'authorization_code_grant_access_token_lifespan authorization_code_grant_id_token_lifespan'),
  ...columns(
    'bigint',
    'authorization_code_grant_refresh_token_lifespan client_credentials_grant_access_token_lifespan',
  ),
  ...columns('bigint', 'implicit_grant_access_token_lifespan implicit_grant_id_token_lifespan'),
  ...columns('bigint', 'jwt_bearer_grant_access_token_lifespan password_grant_access_token_lifespan'),
  ...columns('bigint', 'password_grant_refresh_token_lifespan refresh_token_grant_id_token_lifespan'),
  ...columns('bigint', 'refresh_token_grant_access_token_lifespan refresh_token_grant_refresh_token_lifespan'),
  ...columns('jsonb', 'redirect_uris grant_types response_types audience allowed_cors_origins contacts request_uris'),
  ...columns('jsonb', 'post_logout_redirect_uris'),
  ...columns('text', 'access_token_strategy'),
  ...columns('boolean', 'skip_consent skip_logout_consent'),
};

const FLOW_COLUMNS = {
  ...columns('text', 'login_challenge login_verifier login_csrf subject request_url'),
  ...columns('boolean', 'login_skip'),
  ...columns('text', 'client_id'),
  ...columns('timestamp', 'requested_at login_initialized_at'),
  ...columns('jsonb', 'oidc_context'),
  ...columns('text', 'login_session_id'),
  ...columns('integer', 'state'),
  ...columns('boolean', 'login_remember'),
  ...columns('integer', 'login_remember_for'),
  ...columns('text', 'login_error acr'),
  ...columns('timestamp', 'login_authenticated_at'),
  ...columns('boolean', 'login_was_used'),
  ...columns('text', 'forced_subject_identifier'),
  ...columns('jsonb', 'context'),
  ...columns('text', 'consent_challenge_id'),
  ...columns('boolean', 'consent_skip'),
  ...columns('text', 'consent_verifier consent_csrf'),
  ...columns('boolean', 'consent_remember'),
  ...columns('integer', 'consent_remember_for'),
  ...columns('timestamp', 'consent_handled_at'),
  ...columns('text', 'consent_error'),
  ...columns('jsonb', 'session_access_token session_id_token'),
  ...columns('boolean', 'consent_was_used'),
  ...columns('jsonb', 'requested_scope requested_at_audience amr granted_scope granted_at_audience'),
  ...columns('boolean', 'login_extend_session_lifespan'),
  ...columns('text', 'identity_provider_session_id'),
};

const TOKEN_COLUMNS = {
  ...columns('text', 'signature request_id'),
  ...columns('timestamp', 'requested_at'),
  ...columns('text', 'client_id scope granted_scope form_data session_data subject'),
  ...columns('boolean', 'active'),
  ...columns('text', 'requested_audience granted_audience challenge_id'),
  ...columns('timestamp', 'expires_at'),
};

function token<Name extends CarriedTableName>(name: Name, more: Readonly<Record<string, ColumnType>> = {}) {
  return { name, key: ['signature'], columns: { ...TOKEN_COLUMNS, ...more } } as const satisfies TargetTable;
}

/**
 * What 2.3.0 keeps, in the order of `CARRIED_TABLE_NAMES`. Read of the catalog that its own migrations make; the transform is held
 * against that by test/integration/hydra/transform.
 */
export const TABLES_2_3_0 = [
  {
    name: 'hydra_client',
    key: ['id'],
    isKeyOfNetwork: true,
    columns: CLIENT_COLUMNS,
  },
  {
    name: 'hydra_jwk',
    key: ['sid', 'kid'],
    isKeyOfNetwork: true,
    columns: {
      ...columns('text', 'sid kid'),
      ...columns('integer', 'version'),
      ...columns('text', 'keydata'),
      ...columns('timestamp', 'created_at'),
      ...columns('integer', 'pk_deprecated'),
    },
  },
  {
    name: 'hydra_oauth2_trusted_jwt_bearer_issuer',
    key: ['id'],
    columns: {
      ...columns('uuid', 'id'),
      ...columns('text', 'issuer subject scope key_set key_id'),
      ...columns('timestamp', 'created_at expires_at'),
      ...columns('boolean', 'allow_any_subject'),
    },
  },
  {
    name: 'hydra_oauth2_jti_blacklist',
    key: ['signature'],
    isKeyOfNetwork: true,
    columns: { ...columns('text', 'signature'), ...columns('timestamp', 'expires_at') },
  },
  {
    name: 'hydra_oauth2_authentication_session',
    key: ['id'],
    columns: {
      ...columns('text', 'id'),
      ...columns('timestamp', 'authenticated_at'),
      ...columns('text', 'subject'),
      ...columns('boolean', 'remember'),
      ...columns('text', 'identity_provider_session_id'),
    },
  },
  {
    name: 'hydra_oauth2_obfuscated_authentication_session',
    key: ['subject', 'client_id'],
    isKeyOfNetwork: true,
    columns: columns('text', 'subject client_id subject_obfuscated'),
  },
  {
    name: 'hydra_oauth2_flow',
    key: ['login_challenge'],
    columns: FLOW_COLUMNS,
  },
  {
    name: 'hydra_oauth2_logout_request',
    key: ['challenge'],
    columns: {
      ...columns('text', 'challenge verifier subject sid client_id request_url redir_url'),
      ...columns('boolean', 'was_used accepted rejected rp_initiated'),
      ...columns('timestamp', 'expires_at requested_at'),
    },
  },
  token('hydra_oauth2_code'),
  token('hydra_oauth2_pkce'),
  token('hydra_oauth2_oidc'),
  token('hydra_oauth2_access'),
  token('hydra_oauth2_refresh', { first_used_at: 'timestamp', access_token_signature: 'text' }),
] as const satisfies readonly TargetTable[];
