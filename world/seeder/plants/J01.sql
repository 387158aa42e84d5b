UPDATE hydra_oauth2_authentication_request AS login
SET oidc_context = CASE attempt.n % 50 WHEN 6 THEN '' WHEN 7 THEN '{"login_hint":"a\u0000b","display":"\\u0000 \u0000\u0000"}'
  ELSE '{"ui_locales":' END
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND NOT attempt.shares_login AND attempt.n % 50 IN (6, 7, 8);
SELECT count(*)::integer AS planted FROM hydra_oauth2_authentication_request JOIN seed_attempt ON challenge = login_challenge
WHERE NOT shares_login AND (oidc_context IN ('', '{"ui_locales":') OR oidc_context LIKE '%\\u0000%');
