CREATE TEMP TABLE cleaning_consent ON COMMIT DROP AS
:consents
SELECT challenge, needed FROM ranked WHERE surplus;
DELETE FROM hydra_oauth2_consent_request WHERE challenge IN (SELECT challenge FROM cleaning_consent WHERE NOT needed);
:synthetic_logins
