-- $1 first attempt  $2 last attempt
INSERT INTO hydra_oauth2_consent_request_handled (challenge, granted_scope, remember, remember_for, error, requested_at,
  session_access_token, session_id_token, authenticated_at, was_used, granted_at_audience, handled_at)
SELECT consent_challenge, CASE WHEN rejected THEN '' ELSE granted_scope END, remember AND NOT rejected,
  CASE WHEN rejected THEN 0 ELSE remember_for END,
  CASE WHEN rejected THEN
    '{"error":"access_denied","error_description":"the user said no","error_hint":"","status_code":400,"error_debug":""}'
    ELSE '{}' END,
  login_at, CASE WHEN rejected THEN '{}' ELSE access_claims END, CASE WHEN rejected THEN '{}' ELSE id_claims END,
  NULL, kind <> 'consent-accepted', '', issued_at - interval '0.2 seconds'
FROM (SELECT *, kind = 'consent-rejected' AS rejected FROM seed_attempt
  WHERE n BETWEEN $1 AND $2
    AND kind IN ('granted', 'consent-rejected', 'consent-accepted', 'code-pending', 'code-expired')) AS answered
ON CONFLICT DO NOTHING
