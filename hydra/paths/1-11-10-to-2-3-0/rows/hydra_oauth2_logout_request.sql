SELECT source.challenge, source.verifier, source.subject, source.sid, source.client_id, source.request_url, source.redir_url,
  source.was_used, source.accepted, source.rejected, source.rp_initiated, NULL::timestamp AS expires_at, NULL::timestamp AS requested_at
FROM hydra_oauth2_logout_request AS source
LEFT JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = source.client_id :one_by_one) AS client ON true
WHERE :selected AND (source.client_id IS NULL OR client.id IS NOT NULL)
