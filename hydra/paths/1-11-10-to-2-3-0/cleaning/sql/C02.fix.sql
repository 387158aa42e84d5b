CREATE TEMP TABLE cleaning_consent ON COMMIT DROP AS
:consents
SELECT challenge, needed FROM ranked WHERE needed AND NOT has_login;
:synthetic_logins
