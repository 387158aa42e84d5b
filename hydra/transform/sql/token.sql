-- Access, refresh, code, OpenID and PKCE rows are of one shape.
SELECT source.signature, source.request_id, source.requested_at, source.client_id, source.scope, source.granted_scope, source.form_data,
  source.session_data, source.subject, source.active, source.requested_audience, source.granted_audience,
  -- The migration empties the column where the consent does not exist.
  CASE WHEN consent_client.id IS NOT NULL THEN consent.challenge END AS challenge_id,
  NULL::timestamp AS expires_at, NULL::timestamp AS first_used_at, NULL::text AS access_token_signature
FROM :table AS source
JOIN hydra_client AS client ON client.id = source.client_id
LEFT JOIN hydra_oauth2_consent_request AS consent ON consent.challenge = source.challenge_id
LEFT JOIN hydra_client AS consent_client ON consent_client.id = consent.client_id
LEFT JOIN hydra_oauth2_consent_request_handled AS answer ON answer.challenge = consent.challenge
WHERE :selected
  -- An answered consent of an unknown client takes its tokens with it (F01).
  AND (answer.challenge IS NULL OR consent_client.id IS NOT NULL)
