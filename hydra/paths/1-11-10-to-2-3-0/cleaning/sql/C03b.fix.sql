:consents
INSERT INTO hydra_oauth2_authentication_request_handled (challenge, subject, remember, remember_for, error, acr, requested_at,
  authenticated_at, was_used, forced_subject_identifier, context, amr)
SELECT consent.login_challenge, consent.subject, false, 0, '{}', coalesce(acr, ''), consent.requested_at, authenticated_at, true,
  forced_subject_identifier, pg_temp.mended_context(context), coalesce(pg_temp.escaped_list(amr), '')
FROM hydra_oauth2_consent_request AS consent JOIN ranked USING (challenge)
WHERE needed AND has_login AND NOT login_answered AND NOT surplus
