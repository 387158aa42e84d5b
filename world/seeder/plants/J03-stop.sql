UPDATE hydra_oauth2_consent_request_handled AS consent SET session_id_token = '{"name":'
FROM seed_attempt AS attempt
WHERE attempt.consent_challenge = consent.challenge AND attempt.kind = 'granted' AND attempt.n % 50 = 8;
SELECT count(*)::integer AS planted FROM hydra_oauth2_consent_request_handled WHERE session_id_token = '{"name":';
