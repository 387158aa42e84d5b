-- $1 signatures  $2 request ids  $3 times  $4 client ids  $5 sessions
INSERT INTO hydra_oauth2_access (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject,
  active, requested_audience, granted_audience, challenge_id)
SELECT signature, request_id, requested_at, client_id, 'api', 'api', '', session_data, client_id, true, '', '', NULL
FROM unnest($1::text[], $2::text[], $3::timestamp[], $4::text[], $5::text[])
  AS token(signature, request_id, requested_at, client_id, session_data)
ON CONFLICT DO NOTHING
