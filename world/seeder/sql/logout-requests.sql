-- $1 first attempt  $2 last attempt  $3 prefix  $4 issuer
INSERT INTO hydra_oauth2_logout_request (challenge, verifier, subject, sid, client_id, request_url, redir_url, was_used, accepted,
  rejected, rp_initiated)
SELECT pg_temp.seed_id($3, 'logout', n)::uuid::text, pg_temp.seed_id($3, 'logout-verifier', n)::uuid::text, subject, session_id, NULL,
  '/oauth2/sessions/logout', $4 || 'oauth2/fallbacks/logout/callback', n % 3 = 0, n % 3 = 0, n % 3 = 1, false
FROM seed_attempt
WHERE n BETWEEN $1 AND $2 AND n % 50 = 3 AND kind = 'granted'
ON CONFLICT DO NOTHING
