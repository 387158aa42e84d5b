:consents
SELECT 'hydra_oauth2_authentication_request' AS table_name, login.challenge AS key
FROM hydra_oauth2_authentication_request AS login JOIN hydra_client AS client ON client.id = login.client_id
WHERE oidc_context <> '{}' AND NOT pg_temp.is_json(oidc_context) AND NOT pg_temp.is_json(pg_temp.mended_json(oidc_context))
UNION ALL
SELECT 'hydra_oauth2_consent_request', consent.challenge
FROM hydra_oauth2_consent_request AS consent JOIN ranked USING (challenge)
WHERE needed AND (NOT has_login OR surplus) AND NOT pg_temp.is_json(pg_temp.mended_json(oidc_context))
