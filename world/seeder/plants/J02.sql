UPDATE hydra_oauth2_authentication_request_handled AS login
SET context = CASE WHEN attempt.n % 2 = 0 THEN '' ELSE '{"note":"a\u0000b","path":"\\u0000 \u0000\u0000"}' END
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND attempt.n % 50 = attempt.n % 2 + 12;
SELECT count(*)::integer AS planted FROM hydra_oauth2_authentication_request_handled JOIN seed_attempt ON challenge = login_challenge
WHERE NOT shares_login AND (context = '' OR context LIKE '%\\u0000%');
