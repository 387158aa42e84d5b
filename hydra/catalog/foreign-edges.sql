-- What hangs on Hydra's tables in the schema $1 and is none of Hydra's own, in every schema of the database, and what hangs on that in
-- turn: one row for each dependency. $2: names of Hydra's tables; $3: "table name" of its indexes and constraints.
WITH RECURSIVE hydras AS (
  SELECT c.oid, c.relname::text, c.reltype, t.typarray FROM pg_class AS c JOIN pg_type AS t ON t.oid = c.reltype
   WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p') AND c.relname = ANY ($2)
), own (classid, objid, kind, "table", name) AS (
  SELECT 'pg_class'::regclass::oid, oid, 'table', relname, '' FROM hydras
  UNION ALL SELECT 'pg_type'::regclass, reltype, 'type', relname, '' FROM hydras
  UNION ALL SELECT 'pg_type'::regclass, typarray, 'type', relname, '' FROM hydras WHERE typarray <> 0
  UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, 'default', h.relname, '' FROM hydras AS h JOIN pg_attrdef AS d ON d.adrelid = h.oid
  UNION ALL SELECT 'pg_constraint'::regclass, c.oid, 'constraint', h.relname, c.conname::text FROM hydras AS h JOIN pg_constraint AS c ON c.conrelid = h.oid
   WHERE c.contype = 'n' OR format('%s %s', h.relname, c.conname) = ANY ($3)
  UNION ALL SELECT 'pg_class'::regclass, x.oid, CASE WHEN k.oid IS NULL THEN 'index' ELSE 'constraint' END, h.relname, x.relname::text
    FROM hydras AS h JOIN pg_index AS i ON i.indrelid = h.oid JOIN pg_class AS x ON x.oid = i.indexrelid
    LEFT JOIN pg_constraint AS k ON k.conindid = x.oid AND k.contype IN ('p', 'u', 'x')
   WHERE format('%s %s', h.relname, x.relname) = ANY ($3)
  -- A sequence has a row type until PostgreSQL 14.
  UNION ALL SELECT part.classid, part.objid, 'sequence', h.relname, s.relname::text
    FROM hydras AS h JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = h.oid
    JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
    CROSS JOIN LATERAL (VALUES ('pg_class'::regclass::oid, s.oid), ('pg_type'::regclass::oid, s.reltype)) AS part(classid, objid) WHERE part.objid <> 0
), dependency AS (
  -- A view hangs on a table by its rule, and others hang on the view.
  SELECT d.refclassid, d.refobjid, d.refobjsubid, d.objsubid, d.deptype,
         CASE WHEN r.ev_class IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END AS classid, coalesce(r.ev_class, d.objid) AS objid
    FROM pg_depend AS d LEFT JOIN (pg_rewrite AS r JOIN pg_class AS v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')) ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_class AS t ON d.classid = 'pg_class'::regclass AND t.oid = d.objid
   WHERE d.deptype IN ('n', 'a', 'i') AND t.relkind IS DISTINCT FROM 't' AND (d.classid, d.objid) NOT IN (SELECT also.classid, also.objid FROM own AS also)
), edge AS (
  SELECT d.* FROM own AS o JOIN dependency AS d ON d.refclassid = o.classid AND d.refobjid = o.objid
  UNION
  SELECT d.* FROM edge AS e JOIN dependency AS d ON d.refclassid = e.classid AND d.refobjid = e.objid AND (e.objsubid = 0 OR d.refobjsubid IN (0, e.objsubid))
)
SELECT DISTINCT o.kind AS "onKind", o."table" AS "onTable",
       CASE WHEN o.kind = 'table' AND e.refobjsubid <> 0 THEN a.attname::text ELSE o.name END AS "onName",
       CASE WHEN o.kind IS NULL THEN format('%s %s %s', e.refclassid, e.refobjid, e.refobjsubid) END AS "onObject",
       format('%s %s %s', e.classid, e.objid, e.objsubid) AS object, e.deptype::text AS how
  FROM edge AS e LEFT JOIN own AS o ON o.classid = e.refclassid AND o.objid = e.refobjid
  LEFT JOIN pg_attribute AS a ON o.kind = 'table' AND a.attrelid = o.objid AND a.attnum = e.refobjsubid
