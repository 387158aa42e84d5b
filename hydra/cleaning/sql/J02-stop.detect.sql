:consents
SELECT 'hydra_oauth2_authentication_request_handled' AS table_name, answer.challenge AS key
FROM hydra_oauth2_authentication_request_handled AS answer
JOIN hydra_oauth2_authentication_request AS login ON login.challenge = answer.challenge
JOIN hydra_client AS client ON client.id = login.client_id
WHERE context <> '{}' AND NOT pg_temp.is_json(context) AND NOT pg_temp.is_json(pg_temp.mended_json(context))
UNION ALL
SELECT 'hydra_oauth2_consent_request', consent.challenge
FROM hydra_oauth2_consent_request AS consent JOIN ranked USING (challenge)
WHERE needed AND (NOT has_login OR surplus OR NOT login_answered) AND NOT pg_temp.is_json(pg_temp.mended_json(context))
