UPDATE hydra_oauth2_authentication_request_handled AS login
SET context = (ARRAY['', '{"note":"a\u0000b","path":"\\u0000 \u0000\u0000"}', 'device=phone', '{"cut":"🐎\ud83d","whole":"\ud83d\udc0e"}',
  '{"big":1e999999,"is":-12.5e3}'])[attempt.n % 50 - 11]
FROM seed_attempt AS attempt WHERE attempt.login_challenge = login.challenge AND NOT attempt.shares_login AND attempt.n % 50 BETWEEN 12 AND 16;
SELECT count(*)::integer AS planted FROM hydra_oauth2_authentication_request_handled JOIN seed_attempt ON challenge = login_challenge
WHERE NOT shares_login AND (context IN ('', 'device=phone') OR context ~ '\\\\u0000|"cut"|"big"');
