DELETE FROM hydra_oauth2_authentication_request_handled
WHERE challenge IN (SELECT login_challenge FROM seed_attempt WHERE kind = 'granted' AND n % 40 = 16);
SELECT count(*)::integer AS planted
FROM hydra_oauth2_consent_request AS consent JOIN hydra_oauth2_consent_request_handled USING (challenge)
JOIN seed_attempt AS attempt ON attempt.consent_challenge = consent.challenge
WHERE consent.login_challenge IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM hydra_oauth2_authentication_request_handled AS answer WHERE answer.challenge = consent.login_challenge);
