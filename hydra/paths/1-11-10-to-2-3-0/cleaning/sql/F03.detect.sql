SELECT 'hydra_oauth2_trusted_jwt_bearer_issuer' AS table_name, 'hydra_oauth2_trusted_jwt_bearer_issue_issuer_subject_key_id_key' AS key
WHERE NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass('hydra_oauth2_trusted_jwt_bearer_issuer')
  AND conname = 'hydra_oauth2_trusted_jwt_bearer_issue_issuer_subject_key_id_key')
