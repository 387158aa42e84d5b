SELECT 'hydra_oauth2_consent_request_handled' AS table_name, answer.challenge AS key
FROM hydra_oauth2_consent_request_handled AS answer
JOIN hydra_oauth2_consent_request AS consent ON consent.challenge = answer.challenge
JOIN hydra_client AS client ON client.id = consent.client_id
WHERE session_access_token <> '{}' AND NOT pg_temp.is_json(session_access_token)
  OR session_id_token <> '{}' AND NOT pg_temp.is_json(session_id_token)
