SELECT table_name, table_name || '_challenge_id_fk' AS key
FROM (VALUES ('hydra_oauth2_access', to_regclass('hydra_oauth2_access')), ('hydra_oauth2_code', to_regclass('hydra_oauth2_code')),
  ('hydra_oauth2_oidc', to_regclass('hydra_oauth2_oidc')), ('hydra_oauth2_pkce', to_regclass('hydra_oauth2_pkce')),
  ('hydra_oauth2_refresh', to_regclass('hydra_oauth2_refresh'))) AS named(table_name, relation)
WHERE NOT EXISTS (SELECT 1 FROM pg_constraint
  WHERE conrelid = relation AND contype = 'f' AND conname = table_name || '_challenge_id_fk')
