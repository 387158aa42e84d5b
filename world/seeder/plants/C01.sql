-- Before the rows are written: every 21st attempt is the second consent of the login request before it, one in four still unanswered.
-- 21 is a multiple of three: both belong to one visit, and the first of them is the login that began it.
UPDATE seed_attempt AS second
SET login_challenge = first.login_challenge, subject = first.subject, forced_subject = first.forced_subject, client_id = first.client_id,
  session_id = first.session_id, owns_session = false, login_skip = first.login_skip, login_at = first.login_at,
  authenticated_at = first.authenticated_at, shares_login = true,
  kind = CASE WHEN second.n % 84 = 23 THEN 'consent-pending' ELSE 'granted' END
FROM seed_attempt AS first
WHERE second.n % 21 = 2 AND second.kind = 'granted' AND first.n = second.n - 1;
SELECT count(*)::integer AS planted FROM seed_attempt WHERE shares_login;
