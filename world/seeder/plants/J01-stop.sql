UPDATE hydra_oauth2_authentication_request AS login SET oidc_context = '{"ui_locales":'
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND attempt.n % 50 = 8;
SELECT count(*)::integer AS planted FROM hydra_oauth2_authentication_request WHERE oidc_context = '{"ui_locales":';
