-- A login ended when its consent was asked for.
WITH size AS (
  SELECT greatest(1, pg_relation_size('hydra_oauth2_consent_request'::regclass) / current_setting('block_size')::bigint) AS pages
)
SELECT count(*)::float8 AS slower, coalesce(max(extract(epoch FROM took)) * 1000, 0)::float8 AS slowest_ms
  FROM hydra_oauth2_consent_request AS consent
         TABLESAMPLE SYSTEM ((SELECT least(100, 100.0 * $1::int / pages) FROM size))
  JOIN hydra_oauth2_authentication_request AS login ON login.challenge = consent.login_challenge
  -- Infinity cannot be subtracted, and neither can the ends of the calendar.
  CROSS JOIN LATERAL (SELECT CASE WHEN least(login.requested_at, consent.requested_at) >= '1970-01-01' AND greatest(login.requested_at, consent.requested_at) < '9999-01-01'
    THEN consent.requested_at - login.requested_at END AS took) AS time
 WHERE took > $2::float8 * interval '1 millisecond'
