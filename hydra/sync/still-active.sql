-- Of the revocations in $1, those of which the target has something active that the source has not: tokens in $2, consents in $3, login
-- sessions in $4, clients in $5 are alive on the source. One index look-up each.
SELECT kind, key FROM json_to_recordset($1::json) AS revocation(kind text, key text)
WHERE CASE
  WHEN kind = 'access_deleted' THEN EXISTS (
    SELECT 1 FROM hydra_oauth2_access WHERE signature = key AND active AND signature <> ALL ($2::text[]))
  WHEN kind = 'login_session_deleted' THEN key <> ALL ($4::text[])
    AND EXISTS (SELECT 1 FROM hydra_oauth2_authentication_session WHERE id = key)
  WHEN kind = 'client_deleted' THEN key <> ALL ($5::text[]) AND EXISTS (SELECT 1 FROM hydra_client WHERE id = key)
  ELSE
    EXISTS (SELECT 1 FROM hydra_oauth2_refresh WHERE request_id = key AND active AND signature <> ALL ($2::text[]))
    OR EXISTS (SELECT 1 FROM hydra_oauth2_access WHERE request_id = key AND active AND signature <> ALL ($2::text[]))
    OR kind = 'consent_deleted' AND key <> ALL ($3::text[])
      AND EXISTS (SELECT 1 FROM hydra_oauth2_flow WHERE consent_challenge_id = key)
END
