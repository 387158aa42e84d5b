SELECT 'hydra_oauth2_authentication_request_handled' AS table_name, answer.challenge AS key
FROM hydra_oauth2_authentication_request_handled AS answer
JOIN hydra_oauth2_authentication_request AS login ON login.challenge = answer.challenge
JOIN hydra_client AS client ON client.id = login.client_id
WHERE context <> '{}' AND pg_temp.mended_context(context) <> context
