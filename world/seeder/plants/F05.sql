-- Somebody deleted login sessions by hand, past the foreign keys.
SELECT pg_temp.without_keys_to('hydra_oauth2_authentication_session', $$
  DELETE FROM hydra_oauth2_authentication_session
  WHERE id IN (SELECT session_id FROM seed_attempt WHERE kind = 'granted' AND n % 5 = 3 OR kind = 'consent-pending' AND n % 2 = 1)
$$);
SELECT count(*)::integer AS planted FROM (
  SELECT client_id, login_session_id FROM hydra_oauth2_authentication_request
  UNION ALL SELECT client_id, login_session_id FROM hydra_oauth2_consent_request
) AS request WHERE login_session_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM hydra_oauth2_authentication_session AS session WHERE session.id = request.login_session_id)
  AND EXISTS (SELECT 1 FROM hydra_client WHERE hydra_client.id = request.client_id);
