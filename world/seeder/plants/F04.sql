DO $$
BEGIN
  IF to_regclass('hydra_jwk_idx_id_uq') IS NOT NULL THEN
    ALTER TABLE hydra_oauth2_trusted_jwt_bearer_issuer DROP CONSTRAINT hydra_oauth2_trusted_jwt_bearer_issuer_key_set_key_id_fkey;
    DROP INDEX hydra_jwk_idx_id_uq;
    INSERT INTO hydra_jwk (sid, kid, version, keydata, created_at)
      SELECT sid, kid, version, keydata, created_at FROM hydra_jwk ORDER BY pk LIMIT 1;
  END IF;
END $$;
SELECT count(*)::integer AS planted FROM (SELECT 1 FROM hydra_jwk GROUP BY sid, kid HAVING count(*) > 1) AS twice;
