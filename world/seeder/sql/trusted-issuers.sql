-- $1 key sets  $2 key ids  $3 ids  $4 as of (UTC)
INSERT INTO hydra_oauth2_trusted_jwt_bearer_issuer (id, issuer, subject, scope, key_set, key_id, created_at, expires_at, allow_any_subject)
SELECT id, key_set, 'service@partner.example', 'openid|api', key_set, key_id, date_trunc('second', $4::timestamp - interval '30 days'),
  date_trunc('second', $4::timestamp + interval '300 days'), false
FROM unnest($3::uuid[], $1::text[], $2::text[]) AS new(id, key_set, key_id)
ON CONFLICT DO NOTHING
