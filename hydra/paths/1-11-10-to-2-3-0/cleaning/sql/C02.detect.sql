:consents
SELECT 'hydra_oauth2_consent_request' AS table_name, challenge AS key FROM ranked WHERE needed AND NOT has_login
