CREATE TABLE IF NOT EXISTS networks (id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
INSERT INTO networks SELECT pg_temp.seed_id(prefix, 'network', n)::uuid, as_of - n * interval '1 day', as_of
  FROM seed_setting, generate_series(1, 2) AS n ON CONFLICT DO NOTHING;
INSERT INTO schema_migration (version, version_self) SELECT '20150101000001000000', 0
  WHERE NOT EXISTS (SELECT 1 FROM schema_migration WHERE version = '20150101000001000000');
SELECT count(*)::integer AS planted FROM networks;
