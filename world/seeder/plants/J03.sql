-- `\\u0000` in the text is a backslash and five letters, which is good JSON; only a real NUL escape is a defect.
UPDATE hydra_oauth2_consent_request_handled AS consent
SET session_access_token = CASE WHEN attempt.n % 2 = 0 THEN '' ELSE '{"name":"a\u0000b","path":"\\u0000 \u0000\u0000"}' END,
  session_id_token = CASE WHEN attempt.n % 3 = 0 THEN '' ELSE session_id_token END
FROM seed_attempt AS attempt
WHERE attempt.consent_challenge = consent.challenge AND attempt.kind = 'granted' AND attempt.n % 50 = attempt.n % 2 + 20;
SELECT count(*)::integer AS planted FROM hydra_oauth2_consent_request_handled JOIN seed_attempt ON challenge = consent_challenge
WHERE session_access_token = '' OR session_access_token LIKE '%\\u0000%' OR session_id_token = '';
