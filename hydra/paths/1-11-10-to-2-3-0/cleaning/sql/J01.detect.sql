SELECT 'hydra_oauth2_authentication_request' AS table_name, challenge AS key
FROM hydra_oauth2_authentication_request AS login JOIN hydra_client AS client ON client.id = login.client_id
WHERE oidc_context <> '{}' AND pg_temp.mended_context(oidc_context) <> oidc_context
