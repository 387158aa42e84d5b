-- $1 first attempt  $2 last attempt. Times in milliseconds, UTC.
SELECT n, kind, subject, client_id, forced_subject, consent_challenge, session_id, granted_scope, request_url, access_claims, id_claims,
  chain, rotations, keeps_code,
  floor(extract(epoch FROM authenticated_at) * 1000)::double precision AS authenticated_ms,
  floor(extract(epoch FROM issued_at) * 1000)::double precision AS issued_ms,
  floor(extract(epoch FROM last_used_at) * 1000)::double precision AS last_used_ms
FROM seed_attempt
WHERE n BETWEEN $1 AND $2 AND kind IN ('granted', 'code-pending', 'code-expired')
ORDER BY n
