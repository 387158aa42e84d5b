SELECT 'hydra_oauth2_trusted_jwt_bearer_issuer' AS table_name, id::text AS key FROM hydra_oauth2_trusted_jwt_bearer_issuer AS issuer
WHERE NOT EXISTS (SELECT 1 FROM hydra_jwk AS key WHERE key.sid = issuer.key_set AND key.kid = issuer.key_id)
