/**
 * Every relation that the migration of 1.11.10 to 2.3.0 makes, also what it drops again on its way: a relation of another's that has
 * one of these names stops it. Recorded from the real binary; a test records it anew and compares.
 */
export const NAMES_MADE: readonly string[] = [
  'hydra_jwk_nid_sid_created_at_idx',
  'hydra_jwk_nid_sid_kid_created_at_idx',
  'hydra_jwk_sid_kid_nid_key',
  'hydra_oauth2_access_expires_at_idx',
  'hydra_oauth2_access_expires_at_v2_idx',
  'hydra_oauth2_code_expires_at_idx',
  'hydra_oauth2_code_expires_at_v2_idx',
  'hydra_oauth2_flow',
  'hydra_oauth2_flow_cid_idx',
  'hydra_oauth2_flow_client_id_subject_idx',
  'hydra_oauth2_flow_consent_challenge_idx',
  'hydra_oauth2_flow_consent_verifier_idx',
  'hydra_oauth2_flow_login_session_id_idx',
  'hydra_oauth2_flow_login_verifier_idx',
  'hydra_oauth2_flow_multi_query_idx',
  'hydra_oauth2_flow_pkey',
  'hydra_oauth2_flow_previous_consents_idx',
  'hydra_oauth2_flow_sub_idx',
  'hydra_oauth2_jti_blacklist_expires_at_idx',
  'hydra_oauth2_oidc_expires_at_idx',
  'hydra_oauth2_pkce_expires_at_idx',
  'hydra_oauth2_pkce_expires_at_v2_idx',
  'hydra_oauth2_refresh_expires_at_idx',
  'hydra_oauth2_refresh_expires_at_v2_idx',
  'hydra_oauth2_refresh_requested_at_idx',
  'hydra_oauth2_trusted_jwt_bearer_issuer_nid_idx',
];
