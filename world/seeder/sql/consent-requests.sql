-- $1 first attempt  $2 last attempt  $3 prefix
INSERT INTO hydra_oauth2_consent_request (challenge, verifier, client_id, subject, request_url, skip, requested_scope, csrf,
  authenticated_at, requested_at, oidc_context, forced_subject_identifier, login_session_id, login_challenge,
  requested_at_audience, acr, context, amr)
SELECT consent_challenge, pg_temp.seed_id($3, 'consent-verifier', n), client_id, subject, request_url, consent_skip, requested_scope,
  pg_temp.seed_id($3, 'consent-csrf', n), authenticated_at, login_at, '{}', forced_subject, session_id, login_challenge, '', '', login_context, ''
FROM seed_attempt
WHERE n BETWEEN $1 AND $2 AND kind NOT IN ('login-pending', 'login-rejected', 'login-accepted')
ON CONFLICT DO NOTHING
