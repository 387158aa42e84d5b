-- Comments and security labels on Hydra's tables in the schema $1 and on what is part of them, each with the statement that makes it again.
-- Needs `search_path = pg_catalog`. What is of others and is no part of such a table has its own in the statement that makes it.
WITH relation AS (
  SELECT c.oid, c.relname::text, c.relkind FROM pg_class AS c WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p', 'S')
), part (classid, objid, objsubid, kind, "table", name) AS (
  SELECT 'pg_class'::regclass::oid, oid, 0, CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, relname, '' FROM relation
  UNION ALL SELECT 'pg_class'::regclass, r.oid, a.attnum, 'column', r.relname, a.attname::text FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT 'pg_class'::regclass, x.oid, 0, CASE WHEN k.oid IS NULL THEN 'index' ELSE 'constraint' END, r.relname, coalesce(k.conname, x.relname)::text
    FROM relation AS r JOIN pg_index AS i ON i.indrelid = r.oid JOIN pg_class AS x ON x.oid = i.indexrelid
    LEFT JOIN pg_constraint AS k ON k.conindid = x.oid AND k.contype IN ('p', 'u', 'x')
  UNION ALL SELECT 'pg_constraint'::regclass, c.oid, 0, 'constraint', r.relname, c.conname::text FROM relation AS r JOIN pg_constraint AS c ON c.conrelid = r.oid
  UNION ALL SELECT 'pg_trigger'::regclass, t.oid, 0, 'trigger', r.relname, t.tgname::text FROM relation AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid
  UNION ALL SELECT 'pg_policy'::regclass, p.oid, 0, 'policy', r.relname, p.polname::text FROM relation AS r JOIN pg_policy AS p ON p.polrelid = r.oid
  UNION ALL SELECT 'pg_rewrite'::regclass, w.oid, 0, 'rule', r.relname, w.rulename::text FROM relation AS r JOIN pg_rewrite AS w ON w.ev_class = r.oid
  UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid, 0, 'statistics', r.relname, s.stxname::text FROM relation AS r JOIN pg_statistic_ext AS s ON s.stxrelid = r.oid
), remark AS (
  SELECT d.classoid, d.objoid, d.objsubid, 'comment' AS kind, '' AS provider, 'COMMENT ON' AS verb, d.description AS text FROM pg_description AS d
  UNION ALL
  SELECT s.classoid, s.objoid, s.objsubid, 'security label', s.provider, format('SECURITY LABEL FOR %I ON', s.provider), s.label FROM pg_seclabel AS s
)
SELECT r.kind, r.provider, p.kind AS "ofKind", p."table", p.name, format('%s %s %s IS %L', r.verb, :word, i.identity, r.text) AS make
  FROM part AS p JOIN remark AS r ON r.classoid = p.classid AND r.objoid = p.objid AND r.objsubid = p.objsubid
  CROSS JOIN LATERAL pg_identify_object(p.classid, p.objid, p.objsubid) AS i
 ORDER BY p."table" COLLATE "C", p.kind COLLATE "C", p.name COLLATE "C", r.kind, r.provider COLLATE "C"
