SELECT 'networks' AS table_name, version AS key FROM schema_migration WHERE version LIKE '20150101000001%'
