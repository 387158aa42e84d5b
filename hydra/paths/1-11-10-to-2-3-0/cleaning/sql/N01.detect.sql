-- In Hydra's schema alone: another product may have its own `networks` in another schema of the search_path.
SELECT 'networks' AS table_name, 'networks' AS key
WHERE EXISTS (SELECT 1 FROM pg_class AS client JOIN pg_class AS other ON other.relnamespace = client.relnamespace
    WHERE client.oid = 'hydra_client'::regclass AND other.relname = 'networks')
  AND NOT EXISTS (SELECT 1 FROM schema_migration WHERE version LIKE '20150101000001%')
