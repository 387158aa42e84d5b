-- What was under way on the source when requests were held ($1), and cannot go on elsewhere. Placeholder: :schema is the quoted schema
-- of Hydra's tables. $2 is Hydra's own limit for a login, in milliseconds (ttl.login_consent_request).
WITH limits AS (
  SELECT ($1::timestamptz AT TIME ZONE 'UTC') - $2::float8 * interval '1 millisecond' AS since
)
SELECT
  (SELECT count(*) FROM :schema.hydra_oauth2_authentication_request l
     LEFT JOIN :schema.hydra_oauth2_authentication_request_handled h USING (challenge)
    WHERE l.requested_at > since AND COALESCE(h.error, '{}') = '{}'
      AND NOT EXISTS (SELECT 1 FROM :schema.hydra_oauth2_consent_request c WHERE c.login_challenge = l.challenge))::float8
    AS logins,
  (SELECT count(*) FROM :schema.hydra_oauth2_consent_request c
     LEFT JOIN :schema.hydra_oauth2_consent_request_handled h USING (challenge)
    WHERE c.requested_at > since AND COALESCE(h.error, '{}') = '{}' AND NOT COALESCE(h.was_used, false))::float8
    AS consents
FROM limits
