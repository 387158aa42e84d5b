-- A login ended when its consent was asked for.
WITH size AS (
  SELECT greatest(1, pg_relation_size('hydra_oauth2_consent_request'::regclass) / current_setting('block_size')::bigint) AS pages
)
SELECT count(*)::float8 AS slower, coalesce(max(extract(epoch FROM consent.requested_at - login.requested_at)) * 1000, 0)::float8 AS slowest_ms
  FROM hydra_oauth2_consent_request AS consent
         TABLESAMPLE SYSTEM ((SELECT least(100, 100.0 * $1::int / pages) FROM size))
  JOIN hydra_oauth2_authentication_request AS login ON login.challenge = consent.login_challenge
 WHERE consent.requested_at - login.requested_at > $2::float8 * interval '1 millisecond'
