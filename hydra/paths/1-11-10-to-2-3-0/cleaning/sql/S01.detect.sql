:consents
SELECT 'hydra_oauth2_authentication_request' AS table_name, login.challenge AS key
FROM hydra_oauth2_authentication_request AS login
JOIN hydra_client AS client ON client.id = login.client_id
LEFT JOIN hydra_oauth2_authentication_request_handled AS answer ON answer.challenge = login.challenge
-- A login without answer gets one by C03b, with the subject of its consent.
LEFT JOIN ranked ON ranked.login_challenge = login.challenge AND answer.challenge IS NULL AND needed AND NOT surplus
WHERE login.subject = '' AND coalesce(answer.subject, ranked.subject, '') <> ''
