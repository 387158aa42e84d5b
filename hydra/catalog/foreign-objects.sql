-- What the objects of $1 ("class oid column") are: `same` is the object that PostgreSQL takes for the same, as a view's rule is its view;
-- "table" is set where an object is part of a table of the schema $2. With the statements that drop it and make it again, for whom it was
-- before, and whether the role $3 may drop it.
WITH wanted AS (
  SELECT text AS object, split_part(text, ' ', 1)::oid AS classid, split_part(text, ' ', 2)::oid AS objid, split_part(text, ' ', 3)::int AS objsubid
    FROM unnest($1::text[]) AS text
), told AS (
  SELECT w.object, 'view' AS kind, NULL::oid AS relation, c.oid::regclass::text AS name, CASE WHEN w.objsubid <> 0 THEN format('%s %s 0', w.classid, w.objid) END AS same, c.relowner AS owner, c.relnamespace AS namespace,
         format('DROP %s %s', k.word, c.oid::regclass) AS drop,
         concat(format('CREATE %s %s', k.word, c.oid::regclass), ' WITH (' || array_to_string(c.reloptions, ', ') || ')', ' AS ', rtrim(pg_get_viewdef(c.oid), ';'),
           (SELECT string_agg(format('; ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', c.oid::regclass, a.attname, pg_get_expr(d.adbin, d.adrelid)), '' ORDER BY a.attnum)
              FROM pg_attrdef AS d JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = c.oid),
           (SELECT string_agg('; ' || rtrim(pg_get_ruledef(r.oid), ';'), '' ORDER BY r.rulename) FROM pg_rewrite AS r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'),
           format('; ALTER %s %s OWNER TO %I', k.word, c.oid::regclass, pg_get_userbyid(c.relowner)), g.rights) AS make
    FROM wanted AS w JOIN pg_class AS c ON w.classid = 'pg_class'::regclass AND c.oid = w.objid AND c.relkind IN ('v', 'm')
    CROSS JOIN LATERAL (SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS word) AS k
    CROSS JOIN LATERAL (
      SELECT string_agg(format('; GRANT %s ON %s TO %s', x.what, c.oid::regclass, t.whom), '' ORDER BY t.whom, x.what) AS rights FROM (
        SELECT r.grantee, r.privilege_type AS what, r.is_grantable FROM aclexplode(c.relacl) AS r
        UNION ALL
        SELECT r.grantee, r.privilege_type || format(' (%I)', a.attname), r.is_grantable FROM pg_attribute AS a CROSS JOIN aclexplode(a.attacl) AS r WHERE a.attrelid = c.oid
      ) AS x CROSS JOIN LATERAL (SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS whom) AS t
       WHERE x.grantee <> c.relowner) AS g
  UNION ALL
  SELECT w.object, 'rule', r.ev_class, r.rulename, CASE WHEN c.relkind IN ('v', 'm') THEN format('%s %s 0', 'pg_class'::regclass::oid, c.oid) END, c.relowner, c.relnamespace,
         format('DROP RULE %I ON %s', r.rulename, c.oid::regclass), pg_get_ruledef(r.oid)
    FROM wanted AS w JOIN pg_rewrite AS r ON w.classid = 'pg_rewrite'::regclass AND r.oid = w.objid JOIN pg_class AS c ON c.oid = r.ev_class
  UNION ALL
  SELECT w.object, 'index', i.indrelid, c.relname, (SELECT format('%s %s 0', 'pg_constraint'::regclass::oid, k.oid) FROM pg_constraint AS k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')),
         c.relowner, c.relnamespace, format('DROP INDEX %s', c.oid::regclass), pg_get_indexdef(c.oid)
    FROM wanted AS w JOIN pg_class AS c ON w.classid = 'pg_class'::regclass AND c.oid = w.objid AND c.relkind IN ('i', 'I') JOIN pg_index AS i ON i.indexrelid = c.oid
  UNION ALL
  SELECT w.object, CASE WHEN w.objsubid = 0 THEN 'table' ELSE 'column' END, NULL, concat_ws('.', c.oid::regclass, a.attname), NULL, c.relowner, c.relnamespace,
         CASE WHEN w.objsubid = 0 THEN format('DROP TABLE %s', c.oid::regclass) ELSE format('ALTER TABLE %s DROP COLUMN %I', c.oid::regclass, a.attname) END,
         CASE WHEN w.objsubid <> 0 THEN format('ALTER TABLE %s ADD COLUMN %I %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod)) END
    FROM wanted AS w JOIN pg_class AS c ON w.classid = 'pg_class'::regclass AND c.oid = w.objid AND c.relkind NOT IN ('v', 'm', 'i', 'I')
    LEFT JOIN pg_attribute AS a ON w.objsubid <> 0 AND a.attrelid = c.oid AND a.attnum = w.objsubid
  UNION ALL
  SELECT w.object, 'type', NULL, format_type(t.oid, NULL), CASE WHEN t.typrelid <> 0 THEN format('%s %s 0', 'pg_class'::regclass::oid, t.typrelid)
           WHEN t.typelem <> 0 AND t.typlen = -1 THEN format('%s %s 0', w.classid, t.typelem) END, t.typowner, t.typnamespace,
         format('DROP TYPE %s', format_type(t.oid, NULL)), NULL
    FROM wanted AS w JOIN pg_type AS t ON w.classid = 'pg_type'::regclass AND t.oid = w.objid
  UNION ALL
  -- The key of a partition is that of its table, which alone can be dropped.
  SELECT w.object, 'constraint', c.conrelid, c.conname, CASE WHEN c.conparentid <> 0 THEN format('%s %s 0', w.classid, c.conparentid) END, r.relowner, r.relnamespace, format('ALTER TABLE %s DROP CONSTRAINT %I', r.oid::regclass, c.conname),
         format('ALTER TABLE %s ADD CONSTRAINT %I %s', r.oid::regclass, c.conname, pg_get_constraintdef(c.oid))
    FROM wanted AS w JOIN pg_constraint AS c ON w.classid = 'pg_constraint'::regclass AND c.oid = w.objid JOIN pg_class AS r ON r.oid = c.conrelid
  UNION ALL
  SELECT w.object, 'trigger', t.tgrelid, t.tgname, CASE WHEN t.tgisinternal THEN format('%s %s 0', 'pg_constraint'::regclass::oid, t.tgconstraint) END, r.relowner, r.relnamespace,
         format('DROP TRIGGER %I ON %s', t.tgname, r.oid::regclass), pg_get_triggerdef(t.oid)
    FROM wanted AS w JOIN pg_trigger AS t ON w.classid = 'pg_trigger'::regclass AND t.oid = w.objid JOIN pg_class AS r ON r.oid = t.tgrelid
  UNION ALL
  SELECT w.object, 'policy', p.polrelid, p.polname, NULL, r.relowner, r.relnamespace, format('DROP POLICY %I ON %s', p.polname, r.oid::regclass),
         concat_ws(' ', format('CREATE POLICY %I ON %s AS %s FOR %s TO', p.polname, r.oid::regclass, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
             CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END),
           (SELECT string_agg(CASE WHEN one = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(one)) END, ', ') FROM unnest(p.polroles) AS one),
           format('USING (%s)', pg_get_expr(p.polqual, p.polrelid)), 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
    FROM wanted AS w JOIN pg_policy AS p ON w.classid = 'pg_policy'::regclass AND p.oid = w.objid JOIN pg_class AS r ON r.oid = p.polrelid
  UNION ALL
  SELECT w.object, 'statistics', s.stxrelid, s.stxname, NULL, s.stxowner, s.stxnamespace, format('DROP STATISTICS %I.%I', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
    FROM wanted AS w JOIN pg_statistic_ext AS s ON w.classid = 'pg_statistic_ext'::regclass AND s.oid = w.objid JOIN pg_namespace AS n ON n.oid = s.stxnamespace
  UNION ALL
  SELECT w.object, 'publication', m.prrelid, p.pubname, NULL, p.pubowner, NULL, format('ALTER PUBLICATION %I DROP TABLE %s', p.pubname, m.prrelid::regclass),
         concat_ws(' ', format('ALTER PUBLICATION %I ADD TABLE %s', p.pubname, m.prrelid::regclass),
           -- What it leaves out must not be published by a statement that somebody copies.
           (SELECT concat_ws(' ', CASE WHEN to_jsonb(m)->>'prattrs' IS NOT NULL THEN
                     format('(%s)', (SELECT string_agg(quote_ident(name), ', ') FROM jsonb_array_elements_text(to_jsonb(t)->'attnames') AS name)) END,
                     'WHERE ' || (to_jsonb(t)->>'rowfilter'))
              FROM pg_publication_tables AS t JOIN pg_class AS r ON r.oid = m.prrelid
             WHERE t.pubname = p.pubname AND t.tablename = r.relname AND t.schemaname = r.relnamespace::regnamespace::text))
    FROM wanted AS w JOIN pg_publication_rel AS m ON w.classid = 'pg_publication_rel'::regclass AND m.oid = w.objid JOIN pg_publication AS p ON p.oid = m.prpubid
  UNION ALL
  SELECT w.object, 'function', NULL, f.oid::regprocedure::text, NULL, f.proowner, f.pronamespace, format('DROP ROUTINE %s', f.oid::regprocedure),
         CASE WHEN f.prokind <> 'a' THEN concat(rtrim(pg_get_functiondef(f.oid), E'\n'), format('; ALTER ROUTINE %s OWNER TO %I', f.oid::regprocedure, pg_get_userbyid(f.proowner)),
           -- Everybody may call one that is made.
           CASE WHEN f.proacl IS NOT NULL THEN format('; REVOKE ALL ON ROUTINE %s FROM PUBLIC', f.oid::regprocedure) END, g.rights) END
    FROM wanted AS w JOIN pg_proc AS f ON w.classid = 'pg_proc'::regclass AND f.oid = w.objid
    CROSS JOIN LATERAL (
      SELECT string_agg(format('; GRANT %s ON ROUTINE %s TO %s', x.privilege_type, f.oid::regprocedure, t.whom), '' ORDER BY t.whom) AS rights
        FROM aclexplode(f.proacl) AS x
        CROSS JOIN LATERAL (SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS whom) AS t
       WHERE x.grantee <> f.proowner) AS g
  UNION ALL
  SELECT w.object, 'default', NULL, d.adrelid::regclass::text, format('%s %s %s', 'pg_class'::regclass::oid, d.adrelid, d.adnum), NULL, NULL, NULL, NULL
    FROM wanted AS w JOIN pg_attrdef AS d ON w.classid = 'pg_attrdef'::regclass AND d.oid = w.objid
)
SELECT w.object, coalesce(t.kind, i.type) AS kind, coalesce(t.name, i.identity) AS name, t.same,
       CASE WHEN r.relnamespace = to_regnamespace(quote_ident($2)) THEN r.relname::text END AS "table", r.oid::regclass::text AS "onTable",
       coalesce(t.drop, format('DROP %s %s', upper(i.type), i.identity)) AS drop, t.make || coalesce(said.again, '') AS make,
       coalesce(pg_has_role(me.oid, t.owner, 'USAGE'), false) OR coalesce(pg_has_role(me.oid, n.nspowner, 'USAGE'), false) AS droppable
  FROM wanted AS w LEFT JOIN told AS t USING (object) LEFT JOIN pg_class AS r ON r.oid = t.relation LEFT JOIN pg_namespace AS n ON n.oid = t.namespace
  LEFT JOIN pg_roles AS me ON me.rolname = coalesce($3, current_user)
  CROSS JOIN LATERAL pg_identify_object(w.classid, w.objid, w.objsubid) AS i
  -- Comments and labels, those of a view's columns and rules too.
  CROSS JOIN LATERAL (
    SELECT string_agg(format('; %s %s %s IS %L', r.verb, :word, i.identity, r.text), '' ORDER BY r.classoid, i.identity, r.verb) AS again
      FROM (
        SELECT d.classoid, d.objoid, d.objsubid, 'COMMENT ON' AS verb, d.description AS text FROM pg_description AS d
         WHERE d.classoid = w.classid AND d.objoid = w.objid AND w.objsubid IN (0, d.objsubid)
        UNION ALL
        SELECT d.classoid, d.objoid, d.objsubid, 'COMMENT ON', d.description FROM pg_rewrite AS rule JOIN pg_description AS d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = rule.oid
         WHERE w.classid = 'pg_class'::regclass AND rule.ev_class = w.objid
        UNION ALL
        SELECT s.classoid, s.objoid, s.objsubid, format('SECURITY LABEL FOR %I ON', s.provider), s.label FROM pg_seclabel AS s
         WHERE s.classoid = w.classid AND s.objoid = w.objid AND w.objsubid IN (0, s.objsubid)
      ) AS r CROSS JOIN LATERAL pg_identify_object(r.classoid, r.objoid, r.objsubid) AS i) AS said
