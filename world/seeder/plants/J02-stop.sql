UPDATE hydra_oauth2_authentication_request_handled AS login SET context = 'device=phone'
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND attempt.n % 50 = 8;
SELECT count(*)::integer AS planted FROM hydra_oauth2_authentication_request_handled WHERE context = 'device=phone';
