-- $1 attempts  $2 signatures  $3 times  $4 sessions
INSERT INTO hydra_oauth2_access (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject,
  active, requested_audience, granted_audience, challenge_id)
SELECT token.signature, consent_challenge, token.requested_at, client_id, requested_scope, granted_scope, '', token.session_data, subject,
  true, '', '', consent_challenge
FROM unnest($1::integer[], $2::text[], $3::timestamp[], $4::text[]) AS token(n, signature, requested_at, session_data)
JOIN seed_attempt USING (n)
ON CONFLICT DO NOTHING
