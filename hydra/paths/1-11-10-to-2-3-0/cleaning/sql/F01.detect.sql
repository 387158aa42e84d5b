SELECT 'hydra_oauth2_access' AS table_name, signature AS key FROM hydra_oauth2_access AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_refresh' AS table_name, signature AS key FROM hydra_oauth2_refresh AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_code' AS table_name, signature AS key FROM hydra_oauth2_code AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_oidc' AS table_name, signature AS key FROM hydra_oauth2_oidc AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_pkce' AS table_name, signature AS key FROM hydra_oauth2_pkce AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_logout_request' AS table_name, challenge AS key FROM hydra_oauth2_logout_request AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_obfuscated_authentication_session' AS table_name, subject AS key FROM hydra_oauth2_obfuscated_authentication_session AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_consent_request' AS table_name, challenge AS key FROM hydra_oauth2_consent_request AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
UNION ALL
SELECT 'hydra_oauth2_authentication_request' AS table_name, challenge AS key FROM hydra_oauth2_authentication_request AS owned
WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hydra_client AS client WHERE client.id = owned.client_id)
