-- One row for each object of a schema, with what it is, in words that say nothing of the schema's name.
-- Definitions are made with the schema alone on the search path, so that names within it stand unqualified.
SELECT kind, name, is_ AS is FROM (
  SELECT 'table' AS kind, c.relname::text AS name, c.relkind::text || ' ' || c.relpersistence::text AS is_
    FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'column', c.relname || '.' || a.attname,
         pg_catalog.format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
           || coalesce(' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') || a.attgenerated::text || a.attidentity::text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE c.relnamespace = pg_catalog.to_regnamespace($1) AND c.relkind IN ('r', 'p')
  UNION ALL
  SELECT 'index', c.relname::text,
         pg_catalog.pg_get_indexdef(c.oid) || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' INVALID' END
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
   WHERE c.relnamespace = pg_catalog.to_regnamespace($1)
  UNION ALL
  -- From version 18 on NOT NULL is a constraint with a name of its own; the column says it already.
  SELECT 'constraint', c.relname || '.' || k.conname,
         pg_catalog.pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' UNCHECKED' END
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
   WHERE c.relnamespace = pg_catalog.to_regnamespace($1) AND k.contype <> 'n'
  UNION ALL
  SELECT 'sequence', c.relname::text, pg_catalog.format_type(s.seqtypid, NULL)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
   WHERE c.relnamespace = pg_catalog.to_regnamespace($1)
  UNION ALL
  SELECT 'trigger', c.relname || '.' || t.tgname, pg_catalog.pg_get_triggerdef(t.oid)
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
   WHERE c.relnamespace = pg_catalog.to_regnamespace($1) AND NOT t.tgisinternal
) AS objects ORDER BY 1, 2
