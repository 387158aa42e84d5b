SELECT 'schema_migration' AS table_name, version AS key FROM schema_migration
WHERE version IN ('20211019000001', '20220210000001', '20220513000001')
