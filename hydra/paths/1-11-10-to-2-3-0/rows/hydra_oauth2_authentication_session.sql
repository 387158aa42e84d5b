SELECT id, authenticated_at, subject, remember, NULL::text AS identity_provider_session_id
FROM hydra_oauth2_authentication_session AS source
WHERE :selected
