-- Everything that the catalogs say of Hydra's schema ($1), one row a fact, but for owners. The same text for the same thing on every
-- version of PostgreSQL and in every schema: needs `search_path = pg_catalog`, so that names are written in full.
WITH relation AS (
  SELECT c.*, format('%I.', $1::text) AS prefix FROM pg_class AS c
   WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
), hydras AS (
  SELECT * FROM relation WHERE relkind IN ('r', 'p', 'f')
), attribute AS (
  SELECT h.relname, h.prefix, a.* FROM hydras AS h JOIN pg_attribute AS a ON a.attrelid = h.oid AND a.attnum > 0 AND NOT a.attisdropped
)
-- Within a literal a quote in the schema's name is doubled.
SELECT kind, "table", name, replace(replace(definition, replace(format('%I.', $1::text), '''', ''''''), ''), format('%I.', $1::text), '') AS definition FROM (
  SELECT CASE WHEN relkind IN ('r', 'p', 'f') THEN 'table' WHEN relkind IN ('v', 'm') THEN 'view' WHEN relkind = 'S' THEN 'sequence' ELSE 'type' END AS kind,
         relname::text AS "table", '' AS name,
         concat_ws(' ', CASE relkind WHEN 'r' THEN NULL WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' WHEN 'm' THEN 'materialized' END,
           CASE relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
           CASE WHEN relispartition THEN 'partition' END, CASE WHEN reloftype <> 0 THEN 'of ' || format_type(reloftype, NULL) END,
           CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END) AS definition
    FROM relation
  UNION ALL
  SELECT 'row security', relname, '', CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'enabled' END FROM hydras
   WHERE relrowsecurity OR relforcerowsecurity
  UNION ALL
  SELECT 'replica identity', relname, '', relreplident::text FROM hydras WHERE relreplident <> 'd'
  UNION ALL
  SELECT 'storage', relname, '', reloptions::text FROM relation WHERE reloptions IS NOT NULL AND relkind <> 'v'
  UNION ALL
  SELECT 'storage', h.relname, 'toast', t.reloptions::text FROM hydras AS h JOIN pg_class AS t ON t.oid = h.reltoastrelid WHERE t.reloptions IS NOT NULL
  UNION ALL
  SELECT 'storage', h.relname, 'access method', m.amname FROM hydras AS h JOIN pg_am AS m ON m.oid = h.relam WHERE m.amname <> 'heap'
  UNION ALL
  SELECT 'storage', h.relname, 'clustered', x.relname FROM hydras AS h JOIN pg_index AS i ON i.indrelid = h.oid AND i.indisclustered JOIN pg_class AS x ON x.oid = i.indexrelid
  UNION ALL
  SELECT 'storage', h.relname, 'tablespace', s.spcname FROM hydras AS h JOIN pg_tablespace AS s ON s.oid = h.reltablespace
  UNION ALL
  SELECT 'inheritance', c.relname, p.oid::regclass::text, 'inherits from ' || p.oid::regclass
    FROM pg_inherits AS i JOIN hydras AS c ON c.oid = i.inhrelid JOIN pg_class AS p ON p.oid = i.inhparent
  UNION ALL
  SELECT 'inheritance', p.relname, c.oid::regclass::text, 'is inherited by ' || c.oid::regclass
    FROM pg_inherits AS i JOIN hydras AS p ON p.oid = i.inhparent JOIN pg_class AS c ON c.oid = i.inhrelid
  UNION ALL
  SELECT 'column', a.relname, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
           CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || a.attcollation::regcollation END,
           CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END,
           CASE WHEN a.attgenerated <> '' THEN 'generated ' || pg_get_expr(d.adbin, d.adrelid) END)
    FROM attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  UNION ALL
  SELECT 'not null', relname, attname, 'NOT NULL' FROM attribute WHERE attnotnull
  UNION ALL
  SELECT 'default', a.relname, a.attname, pg_get_expr(d.adbin, d.adrelid)
    FROM attribute AS a JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attgenerated = ''
  UNION ALL
  SELECT 'column storage', a.relname, a.attname, concat_ws(' ', CASE WHEN a.attstorage <> t.typstorage THEN 'storage ' || a.attstorage::text END,
           CASE WHEN coalesce(to_jsonb(a)->>'attcompression', '') <> '' THEN 'compression ' || (to_jsonb(a)->>'attcompression') END,
           'options ' || nullif(a.attoptions::text, ''),
           CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN 'statistics ' || a.attstattarget END)
    FROM attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
   WHERE a.attstorage <> t.typstorage OR coalesce(to_jsonb(a)->>'attcompression', '') <> '' OR a.attoptions IS NOT NULL OR coalesce(a.attstattarget, -1) >= 0
  UNION ALL
  -- From PostgreSQL 18 on NOT NULL is a constraint of its own.
  SELECT 'constraint', h.relname, c.conname, pg_get_constraintdef(c.oid) ||
           CASE WHEN EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgconstraint = c.oid AND t.tgenabled IN ('D', 'R') AND t.tgisinternal) THEN ', not enforced' ELSE '' END
    FROM hydras AS h JOIN pg_constraint AS c ON c.conrelid = h.oid WHERE c.contype NOT IN ('n', 't')
  UNION ALL
  SELECT 'index', h.relname, x.relname, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ', invalid' END
    FROM hydras AS h JOIN pg_index AS i ON i.indrelid = h.oid JOIN pg_class AS x ON x.oid = i.indexrelid
   WHERE NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
  UNION ALL
  SELECT 'trigger', h.relname, t.tgname, pg_get_triggerdef(t.oid) || CASE WHEN t.tgenabled = 'O' THEN '' ELSE ', enabled ' || t.tgenabled::text END
    FROM hydras AS h JOIN pg_trigger AS t ON t.tgrelid = h.oid JOIN pg_proc AS f ON f.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = f.pronamespace
   WHERE NOT t.tgisinternal AND n.nspname NOT IN ('hydra_cutover', 'hydra_cutover_blue')
  UNION ALL
  SELECT 'rule', h.relname, r.rulename, pg_get_ruledef(r.oid) FROM hydras AS h JOIN pg_rewrite AS r ON r.ev_class = h.oid
  UNION ALL
  SELECT 'policy', h.relname, p.polname, concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, p.polcmd::text,
           (SELECT string_agg(CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r) END, ',') FROM unnest(p.polroles) AS r),
           'USING ' || pg_get_expr(p.polqual, p.polrelid), 'CHECK ' || pg_get_expr(p.polwithcheck, p.polrelid))
    FROM hydras AS h JOIN pg_policy AS p ON p.polrelid = h.oid
  UNION ALL
  SELECT 'statistics', h.relname, s.stxname, pg_get_statisticsobjdef(s.oid) FROM hydras AS h JOIN pg_statistic_ext AS s ON s.stxrelid = h.oid
  UNION ALL
  SELECT 'sequence setting', r.relname, '', concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle,
           (SELECT 'owned by ' || t.relname || '.' || a.attname FROM pg_depend AS d JOIN pg_class AS t ON t.oid = d.refobjid JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
             WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass))
    FROM relation AS r JOIN pg_sequence AS s ON s.seqrelid = r.oid
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, '', 'body ' || md5(concat(p.prosrc, p.probin, to_jsonb(p)->>'prosqlbody'))
    FROM pg_proc AS p WHERE p.pronamespace = to_regnamespace(quote_ident($1))
     AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT 'type', t.typname, '', t.typtype::text FROM pg_type AS t
   WHERE t.typnamespace = to_regnamespace(quote_ident($1)) AND t.typrelid = 0 AND t.typelem = 0
     AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype IN ('e', 'i'))
  UNION ALL
  SELECT 'grant', r.relname, g.grantee, string_agg(g.privilege, ', ' ORDER BY g.privilege COLLATE "C")
    FROM relation AS r CROSS JOIN LATERAL (
      SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee, x.grantee AS role, x.privilege_type AS privilege
        FROM aclexplode(r.relacl) AS x
      UNION
      SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, x.grantee, x.privilege_type || format(' (%I)', a.attname)
        FROM pg_attribute AS a CROSS JOIN aclexplode(a.attacl) AS x WHERE a.attrelid = r.oid) AS g
   -- Ours: what locks the tables at a commit.
   WHERE g.role <> r.relowner AND g.grantee <> 'hydra_cutover_owner' GROUP BY 1, 2, 3
  UNION ALL
  SELECT 'publication', t.tablename, t.pubname, concat_ws(' ', CASE WHEN p.puballtables THEN 'of all tables' END, 'where ' || (to_jsonb(t)->>'rowfilter'),
           CASE WHEN m.listed IS NOT NULL THEN 'of columns ' || (to_jsonb(t)->>'attnames') END,
           -- PostgreSQL refuses every UPDATE and DELETE of such a table (manual, "Publication"). To its bookkeeping Hydra only adds.
           CASE WHEN (p.pubupdate OR p.pubdelete) AND h.relname ^@ 'hydra_' AND CASE h.relreplident WHEN 'f' THEN m.listed IS NOT NULL
             ELSE k.columns IS NULL OR NOT m.filtered <@ k.columns OR NOT k.columns <@ m.listed END THEN 'keeps it from being changed' END)
    FROM pg_publication_tables AS t JOIN pg_publication AS p USING (pubname) JOIN hydras AS h ON h.relname = t.tablename
    LEFT JOIN LATERAL (
      SELECT (SELECT array_agg(c.id[1]::int) FROM regexp_matches(to_jsonb(r)->>'prqual', ':varattno (\d+)', 'g') AS c(id)) AS filtered,
             (SELECT array_agg(c.id[1]::int) FROM regexp_matches(to_jsonb(r)->>'prattrs', '(\d+)', 'g') AS c(id)) AS listed
        FROM pg_publication_rel AS r WHERE r.prpubid = p.oid AND r.prrelid = h.oid) AS m ON true
    LEFT JOIN LATERAL (
      SELECT array_agg(n::int) AS columns FROM pg_index AS i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS key(n, at)
       WHERE i.indrelid = h.oid AND key.at <= i.indnkeyatts AND ((h.relreplident = 'd' AND i.indisprimary) OR (h.relreplident = 'i' AND i.indisreplident))) AS k ON true
   WHERE t.schemaname = $1
  UNION ALL
  -- By way of the view, because only superusers may read pg_subscription.oid until PostgreSQL 13. It has a row for each process.
  SELECT DISTINCT 'subscription', h.relname, s.subname, CASE WHEN s.subenabled THEN 'enabled' ELSE 'disabled' END
    FROM hydras AS h JOIN pg_subscription_rel AS r ON r.srrelid = h.oid JOIN pg_stat_subscription AS named ON named.subid = r.srsubid
    JOIN pg_subscription AS s ON s.subname = named.subname AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS fact
ORDER BY kind COLLATE "C", "table" COLLATE "C", name COLLATE "C"
