UPDATE hydra_oauth2_authentication_request AS login
SET oidc_context = CASE WHEN attempt.n % 2 = 0 THEN '' ELSE '{"login_hint":"a\u0000b","display":"\\u0000 \u0000\u0000"}' END
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND attempt.n % 50 = attempt.n % 2 + 6;
SELECT count(*)::integer AS planted FROM hydra_oauth2_authentication_request JOIN seed_attempt ON challenge = login_challenge
WHERE NOT shares_login AND (oidc_context = '' OR oidc_context LIKE '%\\u0000%');
