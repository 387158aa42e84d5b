-- One login request and answer for each consent that has none of its own; the ids follow from the consent, so that everybody who
-- meets it makes the same ones.
INSERT INTO hydra_oauth2_authentication_request (challenge, requested_scope, verifier, csrf, subject, request_url, skip, client_id,
  requested_at, authenticated_at, oidc_context, login_session_id, requested_at_audience)
SELECT 'cut-' || md5('l' || challenge), pg_temp.escaped_list(requested_scope), 'cut-' || md5('v' || challenge),
  'cut-' || md5('x' || challenge), subject, request_url, false, client_id, requested_at, authenticated_at,
  pg_temp.mended_json(oidc_context), login_session_id, coalesce(pg_temp.escaped_list(requested_at_audience), '')
FROM hydra_oauth2_consent_request JOIN cleaning_consent USING (challenge) WHERE needed
ON CONFLICT DO NOTHING;
INSERT INTO hydra_oauth2_authentication_request_handled (challenge, subject, remember, remember_for, error, acr, requested_at,
  authenticated_at, was_used, forced_subject_identifier, context, amr)
SELECT 'cut-' || md5('l' || challenge), subject, false, 0, '{}', coalesce(acr, ''), requested_at, authenticated_at, true,
  forced_subject_identifier, pg_temp.mended_json(context), coalesce(pg_temp.escaped_list(amr), '')
FROM hydra_oauth2_consent_request JOIN cleaning_consent USING (challenge) WHERE needed
ON CONFLICT DO NOTHING;
UPDATE hydra_oauth2_consent_request SET login_challenge = 'cut-' || md5('l' || challenge)
WHERE challenge IN (SELECT challenge FROM cleaning_consent WHERE needed);
