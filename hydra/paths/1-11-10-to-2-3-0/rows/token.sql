-- Access, refresh, code, OpenID and PKCE rows are of one shape.
SELECT source.signature, source.request_id, source.requested_at, source.client_id, source.scope, source.granted_scope, source.form_data,
  source.session_data, source.subject, source.active, source.requested_audience, source.granted_audience,
  -- The migration empties the column where the consent does not exist.
  CASE WHEN consent_client.id IS NOT NULL THEN consent.challenge END AS challenge_id,
  NULL::timestamp AS expires_at, NULL::timestamp AS first_used_at, NULL::text AS access_token_signature
FROM :table AS source
JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = source.client_id :one_by_one) AS client ON true
LEFT JOIN LATERAL (
  SELECT one.challenge, one.client_id FROM hydra_oauth2_consent_request AS one WHERE one.challenge = source.challenge_id :one_by_one
) AS consent ON true
LEFT JOIN LATERAL (SELECT one.id FROM hydra_client AS one WHERE one.id = consent.client_id :one_by_one) AS consent_client ON true
WHERE :selected
  -- An answered consent of an unknown client takes its tokens with it (F01). Only then somebody looks for the answer.
  AND (consent_client.id IS NOT NULL OR (
    SELECT true FROM hydra_oauth2_consent_request_handled AS answer WHERE answer.challenge = consent.challenge
  ) IS NULL)
