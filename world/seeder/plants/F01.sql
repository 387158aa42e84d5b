-- Somebody deleted a client by hand, past the foreign keys.
SELECT pg_temp.without_keys_to('hydra_client', $$
  DELETE FROM hydra_client WHERE id = (SELECT client_id FROM seed_attempt WHERE kind = 'granted' ORDER BY n LIMIT 1)
$$);
SELECT count(*)::integer AS planted FROM (
  SELECT client_id FROM hydra_oauth2_access UNION ALL SELECT client_id FROM hydra_oauth2_refresh
  UNION ALL SELECT client_id FROM hydra_oauth2_code UNION ALL SELECT client_id FROM hydra_oauth2_oidc
  UNION ALL SELECT client_id FROM hydra_oauth2_pkce UNION ALL SELECT client_id FROM hydra_oauth2_consent_request
  UNION ALL SELECT client_id FROM hydra_oauth2_authentication_request
  UNION ALL SELECT client_id FROM hydra_oauth2_obfuscated_authentication_session
) AS owned WHERE NOT EXISTS (SELECT 1 FROM hydra_client WHERE hydra_client.id = owned.client_id);
