-- One login request and answer for each consent that has none of its own.
INSERT INTO hydra_oauth2_authentication_request (challenge, requested_scope, verifier, csrf, subject, request_url, skip, client_id,
  requested_at, authenticated_at, oidc_context, login_session_id, requested_at_audience)
SELECT pg_temp.own_id('l', challenge), pg_temp.escaped_list(requested_scope), pg_temp.own_id('v', challenge),
  pg_temp.own_id('x', challenge), subject, request_url, false, client_id, requested_at, authenticated_at,
  pg_temp.mended_context(oidc_context), login_session_id, coalesce(pg_temp.escaped_list(requested_at_audience), '')
FROM hydra_oauth2_consent_request JOIN cleaning_consent USING (challenge) WHERE needed
ON CONFLICT DO NOTHING;
INSERT INTO hydra_oauth2_authentication_request_handled (challenge, subject, remember, remember_for, error, acr, requested_at,
  authenticated_at, was_used, forced_subject_identifier, context, amr)
SELECT pg_temp.own_id('l', challenge), subject, false, 0, '{}', coalesce(acr, ''), requested_at, authenticated_at, true,
  forced_subject_identifier, pg_temp.mended_context(context), coalesce(pg_temp.escaped_list(amr), '')
FROM hydra_oauth2_consent_request JOIN cleaning_consent USING (challenge) WHERE needed
ON CONFLICT DO NOTHING;
UPDATE hydra_oauth2_consent_request SET login_challenge = pg_temp.own_id('l', challenge)
WHERE challenge IN (SELECT challenge FROM cleaning_consent WHERE needed);
