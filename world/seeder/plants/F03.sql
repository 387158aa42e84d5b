DO $$
BEGIN
  IF EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'hydra_oauth2_trusted_jwt_bearer_issue_issuer_subject_key_id_key') THEN
    ALTER TABLE hydra_oauth2_trusted_jwt_bearer_issuer
      RENAME CONSTRAINT hydra_oauth2_trusted_jwt_bearer_issue_issuer_subject_key_id_key TO trusted_issuer_unique;
  END IF;
END $$;
SELECT 1 AS planted;
