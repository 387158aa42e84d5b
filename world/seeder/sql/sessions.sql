-- $1 first attempt  $2 last attempt
INSERT INTO hydra_oauth2_authentication_session (id, authenticated_at, subject, remember)
SELECT session_id,
  CASE WHEN kind IN ('login-pending', 'login-rejected', 'login-accepted') THEN NULL ELSE authenticated_at END,
  CASE WHEN kind IN ('login-pending', 'login-rejected', 'login-accepted') THEN '' ELSE subject END,
  session_remember AND kind NOT IN ('login-pending', 'login-rejected', 'login-accepted')
FROM seed_attempt
WHERE n BETWEEN $1 AND $2 AND NOT shares_login AND owns_session
ON CONFLICT DO NOTHING
