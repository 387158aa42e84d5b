SELECT 'networks' AS table_name, 'networks' AS key
WHERE to_regclass('networks') IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM schema_migration WHERE version LIKE '20150101000001%')
