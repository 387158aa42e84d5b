UPDATE hydra_oauth2_authentication_request AS request SET login_session_id = NULL
WHERE login_session_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM hydra_oauth2_authentication_session AS session WHERE session.id = request.login_session_id);
UPDATE hydra_oauth2_consent_request AS request SET login_session_id = NULL
WHERE login_session_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM hydra_oauth2_authentication_session AS session WHERE session.id = request.login_session_id);
