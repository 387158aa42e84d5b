SELECT table_name, table_name || '_challenge_id_fk' AS key
FROM unnest(ARRAY['hydra_oauth2_access', 'hydra_oauth2_code', 'hydra_oauth2_oidc', 'hydra_oauth2_pkce', 'hydra_oauth2_refresh'])
  AS named(table_name)
WHERE NOT EXISTS (SELECT 1 FROM pg_constraint
  WHERE conrelid = to_regclass(table_name) AND contype = 'f' AND conname = table_name || '_challenge_id_fk')
