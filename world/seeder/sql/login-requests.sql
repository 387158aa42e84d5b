-- $1 first attempt  $2 last attempt  $3 prefix
INSERT INTO hydra_oauth2_authentication_request (challenge, requested_scope, verifier, csrf, subject, request_url, skip, client_id,
  requested_at, authenticated_at, oidc_context, login_session_id, requested_at_audience)
SELECT login_challenge, requested_scope, pg_temp.seed_id($3, 'login-verifier', n), pg_temp.seed_id($3, 'login-csrf', n),
  CASE WHEN login_skip THEN subject ELSE '' END, request_url, login_skip, client_id, login_at,
  CASE WHEN login_skip THEN authenticated_at END, '{}', session_id, ''
FROM seed_attempt
WHERE n BETWEEN $1 AND $2 AND NOT shares_login
ON CONFLICT DO NOTHING
