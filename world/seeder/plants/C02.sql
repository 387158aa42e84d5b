-- Sessions end as a logout ends them; the cascade takes the login requests and orphans the consents.
DELETE FROM hydra_oauth2_authentication_session
WHERE id IN (SELECT session_id FROM seed_attempt
  WHERE kind = 'granted' AND n % 25 = 4 OR kind = 'consent-pending' AND NOT shares_login AND n % 2 = 0);
SELECT count(*)::integer AS planted FROM hydra_oauth2_consent_request JOIN seed_attempt ON challenge = consent_challenge
WHERE hydra_oauth2_consent_request.login_challenge IS NULL;
