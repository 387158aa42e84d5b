UPDATE hydra_oauth2_authentication_request AS login SET requested_scope = login.requested_scope || '|read:"all"|a\b'
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND attempt.n % 50 = 31
  AND login.requested_scope = attempt.requested_scope;
UPDATE hydra_oauth2_consent_request AS consent
SET requested_scope = attempt.requested_scope || CASE WHEN attempt.n % 50 = 31 THEN '|read:"all"|a\b' ELSE '' END, amr = E'pwd|"otp"|\x01||sms\\|call'
FROM seed_attempt AS attempt WHERE attempt.consent_challenge = consent.challenge AND attempt.n % 50 IN (29, 31);
UPDATE hydra_oauth2_authentication_request_handled AS login SET amr = E'pwd|"otp"|\x01||sms\\|call'
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND attempt.n % 50 IN (29, 31);
UPDATE hydra_oauth2_consent_request_handled AS consent
SET granted_scope = attempt.granted_scope || '|read:"all"', granted_at_audience = 'https://api.example/a\nb'
FROM seed_attempt AS attempt WHERE attempt.consent_challenge = consent.challenge AND attempt.n % 50 = 31 AND attempt.kind = 'granted';
SELECT ((SELECT count(*) FROM hydra_oauth2_authentication_request WHERE requested_scope LIKE '%read:"all"%')
  + (SELECT count(*) FROM hydra_oauth2_authentication_request_handled WHERE amr LIKE '%"otp"%')
  + (SELECT count(*) FROM hydra_oauth2_consent_request_handled WHERE granted_scope LIKE '%read:"all"%'))::integer AS planted;
