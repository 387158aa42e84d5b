-- $1 first attempt  $2 last attempt
INSERT INTO hydra_oauth2_obfuscated_authentication_session (subject, client_id, subject_obfuscated)
SELECT DISTINCT subject, client_id, forced_subject
FROM seed_attempt
WHERE n BETWEEN $1 AND $2 AND forced_subject <> '' AND kind NOT IN ('login-pending', 'login-rejected', 'login-accepted')
ON CONFLICT DO NOTHING
