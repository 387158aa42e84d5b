SELECT id, client_name, client_secret, scope, owner, policy_uri, tos_uri, client_uri, logo_uri, client_secret_expires_at,
  sector_identifier_uri, jwks, jwks_uri, token_endpoint_auth_method, request_object_signing_alg, userinfo_signed_response_alg,
  subject_type, pk AS pk_deprecated, created_at, updated_at, frontchannel_logout_uri, frontchannel_logout_session_required,
  backchannel_logout_uri, backchannel_logout_session_required, metadata, token_endpoint_auth_signing_alg,
  authorization_code_grant_access_token_lifespan, authorization_code_grant_id_token_lifespan,
  authorization_code_grant_refresh_token_lifespan, client_credentials_grant_access_token_lifespan, implicit_grant_access_token_lifespan,
  implicit_grant_id_token_lifespan, jwt_bearer_grant_access_token_lifespan, password_grant_access_token_lifespan,
  password_grant_refresh_token_lifespan, refresh_token_grant_id_token_lifespan, refresh_token_grant_access_token_lifespan,
  refresh_token_grant_refresh_token_lifespan, registration_access_token_signature,
  pg_temp.as_list(redirect_uris) AS redirect_uris, pg_temp.as_list(grant_types) AS grant_types,
  pg_temp.as_list(response_types) AS response_types, pg_temp.as_list(audience) AS audience,
  pg_temp.as_list(allowed_cors_origins) AS allowed_cors_origins, pg_temp.as_list(contacts) AS contacts,
  pg_temp.as_list(request_uris) AS request_uris, pg_temp.as_list(post_logout_redirect_uris) AS post_logout_redirect_uris,
  '' AS access_token_strategy, false AS skip_consent, NULL::boolean AS skip_logout_consent
FROM hydra_client AS source
WHERE :selected
