SELECT 'schema_migration' AS table_name, version AS key FROM schema_migration WHERE version = ANY (:hiding)
