-- $1 first attempt  $2 last attempt
INSERT INTO hydra_oauth2_authentication_request_handled (challenge, subject, remember, remember_for, error, acr, requested_at,
  authenticated_at, was_used, forced_subject_identifier, context, amr)
SELECT login_challenge, CASE WHEN kind = 'login-rejected' THEN '' ELSE subject END,
  session_remember AND kind <> 'login-rejected', 0,
  CASE WHEN kind = 'login-rejected' THEN
    '{"error":"access_denied","error_description":"the user did not log in","error_hint":"","status_code":400,"error_debug":""}'
    ELSE '{}' END,
  '', login_at, CASE WHEN kind <> 'login-rejected' THEN authenticated_at END, kind <> 'login-accepted', CASE WHEN kind = 'login-rejected' THEN '' ELSE forced_subject END,
  CASE WHEN kind = 'login-rejected' THEN '{}' ELSE login_context END, ''
FROM seed_attempt
WHERE n BETWEEN $1 AND $2 AND NOT shares_login AND kind <> 'login-pending'
ON CONFLICT DO NOTHING
