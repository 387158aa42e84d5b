-- $1 attempts  $2 signatures  $3 times  $4 sessions  $5 active
INSERT INTO hydra_oauth2_refresh (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject,
  active, requested_audience, granted_audience, challenge_id)
SELECT token.signature, consent_challenge, token.requested_at, client_id, requested_scope, granted_scope, '', token.session_data, subject,
  token.active, '', '', consent_challenge
FROM unnest($1::integer[], $2::text[], $3::timestamp[], $4::text[], $5::boolean[])
  AS token(n, signature, requested_at, session_data, active)
JOIN seed_attempt USING (n)
ON CONFLICT DO NOTHING
