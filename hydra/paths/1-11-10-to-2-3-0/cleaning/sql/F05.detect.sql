SELECT 'hydra_oauth2_authentication_request' AS table_name, challenge AS key FROM hydra_oauth2_authentication_request AS request
WHERE login_session_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM hydra_oauth2_authentication_session AS session WHERE session.id = request.login_session_id)
  -- Others go with their client (F01).
  AND EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = request.client_id)
UNION ALL
SELECT 'hydra_oauth2_consent_request' AS table_name, challenge AS key FROM hydra_oauth2_consent_request AS request
WHERE login_session_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM hydra_oauth2_authentication_session AS session WHERE session.id = request.login_session_id)
  -- Others go with their client (F01).
  AND EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = request.client_id)
