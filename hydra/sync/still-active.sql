-- Of the revocations in $1, those whose object is still there and active. One index look-up each.
SELECT kind, key FROM json_to_recordset($1::json) AS revocation(kind text, key text, "requestId" text)
WHERE CASE kind
  WHEN 'chain_revoked' THEN
    EXISTS (SELECT 1 FROM hydra_oauth2_refresh WHERE request_id = key AND active)
    OR EXISTS (SELECT 1 FROM hydra_oauth2_access WHERE request_id = key AND active)
  WHEN 'access_deleted' THEN EXISTS (SELECT 1 FROM hydra_oauth2_access WHERE signature = key AND active)
  WHEN 'consent_deleted' THEN
    EXISTS (SELECT 1 FROM hydra_oauth2_flow WHERE consent_challenge_id = key)
    OR EXISTS (SELECT 1 FROM hydra_oauth2_refresh WHERE request_id = key AND active)
    OR EXISTS (SELECT 1 FROM hydra_oauth2_access WHERE request_id = key AND active)
  WHEN 'login_session_deleted' THEN EXISTS (SELECT 1 FROM hydra_oauth2_authentication_session WHERE id = key)
  WHEN 'client_deleted' THEN EXISTS (SELECT 1 FROM hydra_client WHERE id = key)
  ELSE true
END
