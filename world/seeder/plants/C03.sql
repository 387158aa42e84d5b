DELETE FROM hydra_oauth2_authentication_request_handled
WHERE challenge IN (SELECT login_challenge FROM seed_attempt WHERE kind = 'consent-pending' AND NOT shares_login AND n % 2 = 1);
SELECT count(*)::integer AS planted
FROM hydra_oauth2_consent_request AS consent JOIN seed_attempt AS attempt ON attempt.consent_challenge = consent.challenge
WHERE attempt.kind = 'consent-pending' AND consent.login_challenge IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM hydra_oauth2_authentication_request_handled AS answer WHERE answer.challenge = consent.login_challenge);
