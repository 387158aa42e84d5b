-- $1 key sets  $2 key ids  $3 key data  $4 as of (UTC)
INSERT INTO hydra_jwk (sid, kid, version, keydata, created_at)
SELECT key_set, key_id, 0, key_data, $4::timestamp - interval '30 days 0.654321 seconds'
FROM unnest($1::text[], $2::text[], $3::text[]) AS new(key_set, key_id, key_data)
ON CONFLICT DO NOTHING
