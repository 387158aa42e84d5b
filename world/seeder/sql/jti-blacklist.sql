-- $1 prefix  $2 rows  $3 as of (UTC)
INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at)
SELECT md5($1 || 'jti' || n) || md5($1 || 'assertion' || n),
  date_trunc('second', $3::timestamp + interval '2 hours' * (pg_temp.seed_part(md5($1 || 'jti' || n), 0) - 0.5))
FROM generate_series(1, $2::integer) AS n
ON CONFLICT DO NOTHING
