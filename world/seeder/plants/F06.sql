-- Somebody deleted the key of an issuer by hand, past the foreign key.
SELECT pg_temp.without_keys_to('hydra_jwk', $$
  DELETE FROM hydra_jwk WHERE (sid, kid) IN (SELECT key_set, key_id FROM hydra_oauth2_trusted_jwt_bearer_issuer ORDER BY id LIMIT 1)
$$);
SELECT count(*)::integer AS planted FROM hydra_oauth2_trusted_jwt_bearer_issuer AS issuer
WHERE NOT EXISTS (SELECT 1 FROM hydra_jwk AS key WHERE key.sid = issuer.key_set AND key.kid = issuer.key_id);
