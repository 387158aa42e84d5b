-- $1 client ids  $2 names  $3 authentication methods  $4 grant types  $5 subject types  $6 key sets  $7 bcrypt hash of the secret
-- $8 registration token signatures  $9 as of (UTC)
INSERT INTO hydra_client (id, client_name, client_secret, redirect_uris, grant_types, response_types, scope, owner, policy_uri, tos_uri,
  client_uri, logo_uri, contacts, sector_identifier_uri, jwks, jwks_uri, request_uris, token_endpoint_auth_method,
  userinfo_signed_response_alg, subject_type, allowed_cors_origins, audience, created_at, updated_at, metadata,
  registration_access_token_signature)
SELECT id, name, $7, 'https://app.example/callback|https://app.example/silent', grants, 'code|id_token',
  'openid offline_access profile email api', '', '', '', '', '', 'Operations <ops@app.example>', '', keys, '', '', method, 'none',
  subject_type, '', '', date_trunc('second', $9::timestamp - interval '400 days'), $9::timestamp - interval '100 days 0.123456 seconds',
  '{}', registration
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $8::text[])
  AS client(id, name, method, grants, subject_type, keys, registration)
ON CONFLICT DO NOTHING
