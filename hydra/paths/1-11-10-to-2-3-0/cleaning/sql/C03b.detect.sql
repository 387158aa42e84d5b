:consents
SELECT 'hydra_oauth2_consent_request' AS table_name, challenge AS key FROM ranked
WHERE needed AND has_login AND NOT login_answered AND NOT surplus
