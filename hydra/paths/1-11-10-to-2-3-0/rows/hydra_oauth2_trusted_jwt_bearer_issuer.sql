SELECT id, issuer, subject, scope, key_set, key_id, created_at, expires_at, allow_any_subject
FROM hydra_oauth2_trusted_jwt_bearer_issuer AS source
WHERE :selected AND EXISTS (SELECT 1 FROM hydra_jwk AS key WHERE key.sid = source.key_set AND key.kid = source.key_id)
