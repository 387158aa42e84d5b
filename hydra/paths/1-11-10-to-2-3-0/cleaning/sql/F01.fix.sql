-- Children first. 1.x would have removed all of this with the client; no token of an unknown client is good for anything.
DELETE FROM hydra_oauth2_access AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_refresh AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_code AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_oidc AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_pkce AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_logout_request AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_obfuscated_authentication_session AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_consent_request AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
DELETE FROM hydra_oauth2_authentication_request AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id);
