UPDATE hydra_oauth2_consent_request_handled
SET session_access_token = pg_temp.mended_json(session_access_token), session_id_token = pg_temp.mended_json(session_id_token)
WHERE session_access_token <> '{}' AND NOT pg_temp.is_json(session_access_token)
  OR session_id_token <> '{}' AND NOT pg_temp.is_json(session_id_token)
