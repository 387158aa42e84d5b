SELECT 'hydra_oauth2_authentication_request' AS table_name, listed.challenge AS key
FROM hydra_oauth2_authentication_request AS listed JOIN hydra_client AS client ON client.id = listed.client_id
WHERE (listed.requested_scope ~ :special AND pg_temp.needs_escape('hydra_oauth2_authentication_request', listed.challenge, 'requested_scope', listed.requested_scope))
  OR (listed.requested_at_audience ~ :special AND pg_temp.needs_escape('hydra_oauth2_authentication_request', listed.challenge, 'requested_at_audience', listed.requested_at_audience))
UNION ALL
SELECT 'hydra_oauth2_authentication_request_handled' AS table_name, listed.challenge AS key
FROM hydra_oauth2_authentication_request_handled AS listed JOIN hydra_oauth2_authentication_request AS login ON login.challenge = listed.challenge
JOIN hydra_client AS client ON client.id = login.client_id
WHERE (listed.amr ~ :special AND pg_temp.needs_escape('hydra_oauth2_authentication_request_handled', listed.challenge, 'amr', listed.amr))
UNION ALL
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, listed.challenge AS key
FROM hydra_oauth2_consent_request_handled AS listed JOIN hydra_oauth2_consent_request AS consent ON consent.challenge = listed.challenge
JOIN hydra_client AS client ON client.id = consent.client_id
WHERE (listed.granted_scope ~ :special AND pg_temp.needs_escape('hydra_oauth2_consent_request_handled', listed.challenge, 'granted_scope', listed.granted_scope))
  OR (listed.granted_at_audience ~ :special AND pg_temp.needs_escape('hydra_oauth2_consent_request_handled', listed.challenge, 'granted_at_audience', listed.granted_at_audience))
