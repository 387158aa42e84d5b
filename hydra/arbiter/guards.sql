-- The guards of one side's tables, and what makes them worth less than they seem. Beside arbiter.sql, which comes first.

-- Every guard as it was made, or as it was when the fence came.
CREATE TABLE hydra_cutover.guarded (
  table_oid    oid PRIMARY KEY,
  -- As statements know it: a table that is called otherwise now has another one in its place.
  table_name   name NOT NULL,
  relfilenode  oid NOT NULL,
  columns_hash text NOT NULL,
  -- Of the trigger's row in the catalog, which every ALTER TABLE ... TRIGGER writes anew: a guard that was off for a while is not
  -- the one that was recorded. For equality only.
  trigger_xmin xid NOT NULL
);

-- DDL that changes what rows say without a new relfilenode: a column that is dropped and comes again with a default that is stored in
-- the catalog, or two that exchange their names. Source: PostgreSQL manual, "pg_attribute".
CREATE FUNCTION hydra_cutover.columns_hash(p_table oid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $columns$
BEGIN
  RETURN (
    SELECT md5(COALESCE(string_agg(
             (attnum, attname, atttypid, atttypmod, attisdropped, atthasmissing, attmissingval)::text, ',' ORDER BY attnum), ''))
      FROM pg_attribute WHERE attrelid = p_table AND attnum > 0);
END
$columns$;

-- The change log replaces this; without one nothing can be undone.
CREATE FUNCTION hydra_cutover.undone_changes() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT 0::bigint';

-- The capture replaces this too.
CREATE FUNCTION hydra_cutover.capture_problems() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT NULL::text WHERE false';

-- Refuses a statement's writes while this side must not take any.
CREATE FUNCTION hydra_cutover.guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $guard$
DECLARE
  changed_by bigint;
  refusal text := 'snapshot from before a fence';
BEGIN
  -- First the barrier: what is read before it may be outdated once it is granted.
  IF current_setting('lock_timeout') = '0' AND current_setting('statement_timeout') = '0' THEN
    LOCK TABLE hydra_cutover_barrier.barrier IN ROW EXCLUSIVE MODE;
  ELSE
    BEGIN
      LOCK TABLE hydra_cutover_barrier.barrier IN ROW EXCLUSIVE MODE;
    EXCEPTION WHEN lock_not_available OR query_canceled THEN
      -- The writer's own limit ended while a fence or an opening was under way: refused as well as what comes after it.
      PERFORM nextval('hydra_cutover.refused');
      RAISE;
    END;
  END IF;
  -- By the function, because reading the sequence is a query of its own, in each statement. Null where there is no value: not unarmed.
  changed_by := pg_sequence_last_value('hydra_cutover.armed'::regclass);
  IF changed_by = 0 THEN
    RETURN NULL;
  END IF;
  -- Under READ COMMITTED the statement below has a snapshot of its own. An older one shows run as it is only if it shows the
  -- transaction that changed it last. No row is locked: all writers would meet at that one.
  IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted')
     OR pg_visible_in_snapshot(changed_by::text::xid8, pg_current_snapshot()) THEN
    SELECT CASE
             -- session_user, because current_user is whoever a function or a foreign key's cascade runs as.
             WHEN state = 'closed' AND sync_role = session_user THEN 'none'
             -- Once open, a late sync would revive what was revoked here.
             WHEN sync_role = session_user THEN 'the sync is over'
             WHEN state IN ('committed', 'closed', 'abandoned') THEN state
             WHEN state = 'fenced' AND lease_until > clock_timestamp() THEN state
             ELSE 'none'
           END
      INTO refusal FROM hydra_cutover.run;
  END IF;
  IF refusal = 'none' THEN
    RETURN NULL;
  END IF;
  PERFORM nextval('hydra_cutover.refused');
  -- Never 40001: clients repeat that by themselves and take the second answer for the first.
  RAISE EXCEPTION 'hydra-cutover: writes to % are refused (%)', TG_TABLE_NAME, COALESCE(refusal, 'no run row')
    USING ERRCODE = 'HC001', HINT = 'A cutover moves the writes of this database. hydra-cutover status says more.';
END
$guard$;

-- On schema_migration, without an end: a stray `hydra migrate sql` stops at its first statement.
CREATE FUNCTION hydra_cutover.guard_migrations() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $guard$
BEGIN
  PERFORM nextval('hydra_cutover.refused');
  RAISE EXCEPTION 'hydra-cutover: migrations are refused on this database while a cutover is under way'
    USING ERRCODE = 'HC002', HINT = 'Stop whatever runs "hydra migrate sql" here. hydra-cutover status says more.';
END
$guard$;

-- After the guard of one table was made, in the same transaction.
CREATE FUNCTION hydra_cutover.record_guard(p_table regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $record$
DECLARE
  state_now text;
BEGIN
  SELECT state INTO state_now FROM hydra_cutover.run
   WHERE state IN ('committed', 'abandoned', 'removing') OR (state = 'fenced' AND lease_until > clock_timestamp());
  IF FOUND THEN
    -- Now it would hide that the table had no guard.
    RAISE EXCEPTION 'hydra-cutover: % gets no guard while this side is %', p_table, state_now
      USING ERRCODE = 'HC004', HINT = 'hydra-cutover status says how far the cutover of this database is.';
  END IF;
  INSERT INTO hydra_cutover.guarded (table_oid, table_name, relfilenode, columns_hash, trigger_xmin)
  SELECT c.oid, c.relname, c.relfilenode, hydra_cutover.columns_hash(c.oid), t.xmin FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid
   WHERE c.oid = p_table AND t.tgname = 'hydra_cutover_guard'
  ON CONFLICT (table_oid) DO UPDATE
     SET table_name = EXCLUDED.table_name, relfilenode = EXCLUDED.relfilenode, columns_hash = EXCLUDED.columns_hash, trigger_xmin = EXCLUDED.trigger_xmin;
END
$record$;

-- Waits for DDL on every guarded table and keeps it out until the caller's transaction ends: DDL that is under way is seen by nobody
-- until it commits. Not in the way of VACUUM and ANALYZE. A table that is gone is for guard_problems() to tell.
CREATE FUNCTION hydra_cutover.lock_guarded() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $lock$
DECLARE
  guarded_table regclass;
BEGIN
  FOR guarded_table IN
    SELECT c.oid FROM hydra_cutover.guarded g JOIN pg_class c ON c.oid = g.table_oid
     -- The others are a problem of guard_problems(), which is asked next.
     WHERE has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') ORDER BY c.oid
  LOOP
    EXECUTE format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', guarded_table);
  END LOOP;
END
$lock$;

-- Every function of ours as it was made. Its row in the catalog is written anew by whatever replaces or alters it.
CREATE TABLE hydra_cutover.made (
  function_oid  oid PRIMARY KEY,
  -- As in `guarded`, for equality only. Null in hydra_cutover_asks, where each grant to a gateway writes it anew.
  function_xmin xid,
  definition    text NOT NULL
);

-- Without a search_path of its own, so that the planner puts it in place of each call: functions of ours are hashed in the pause.
CREATE FUNCTION hydra_cutover.function_hash(p_function pg_catalog.pg_proc) RETURNS text
LANGUAGE sql STABLE AS $hash$
  SELECT pg_catalog.md5(pg_catalog.concat_ws('|', p_function.proowner, p_function.prolang, p_function.prosecdef, p_function.provolatile,
                                             p_function.proconfig, p_function.prosrc, p_function.probin))
$hash$;

-- Last in each transaction that makes functions. Only those that were not there before it, or that it has made anew itself, are taken.
CREATE FUNCTION hydra_cutover.record_made() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $record$
  DELETE FROM hydra_cutover.made WHERE function_oid NOT IN (SELECT oid FROM pg_proc);
  INSERT INTO hydra_cutover.made (function_oid, function_xmin, definition)
  SELECT p.oid, CASE n.nspname WHEN 'hydra_cutover' THEN p.xmin END, hydra_cutover.function_hash(p)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname IN ('hydra_cutover', 'hydra_cutover_asks')
     AND (p.xmin::text::bigint = pg_current_xact_id()::text::bigint % (1::bigint << 32)
          OR p.oid NOT IN (SELECT function_oid FROM hydra_cutover.made))
  ON CONFLICT (function_oid) DO UPDATE SET function_xmin = EXCLUDED.function_xmin, definition = EXCLUDED.definition
$record$;

-- Functions of ours that are not as we made them.
CREATE FUNCTION hydra_cutover.function_problems() RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $problems$
BEGIN
  -- In the pause, on a server with thousands of functions: each of ours is looked up by itself.
  RETURN QUERY
    SELECT CASE WHEN p.oid IS NULL THEN 'a function that we made is gone'
                ELSE format('function %s was replaced or changed (it belongs to %s)', p.oid::regprocedure, pg_get_userbyid(p.proowner)) END
      FROM hydra_cutover.made m LEFT JOIN LATERAL (
             -- Every change of a function writes its row anew: where that tells, nothing has to be hashed while everybody waits.
             SELECT f.oid, f.proowner, CASE WHEN m.function_xmin IS NULL THEN hydra_cutover.function_hash(f) <> m.definition ELSE f.xmin <> m.function_xmin END AS changed
               FROM pg_proc f WHERE f.oid = m.function_oid OFFSET 0) p ON true
     WHERE p.oid IS NULL OR p.changed
    UNION ALL
    -- By what it depends on, because pg_proc has no index for its schema. Source: PostgreSQL manual, "pg_depend".
    SELECT format('function %s is none that we made (it belongs to %s)', p.oid::regprocedure, pg_get_userbyid(p.proowner))
      FROM (SELECT oid FROM pg_namespace WHERE nspname IN ('hydra_cutover', 'hydra_cutover_asks') OFFSET 0) n
      CROSS JOIN LATERAL (SELECT objid FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = n.oid AND classid = 'pg_proc'::regclass OFFSET 0) d
      CROSS JOIN LATERAL (SELECT oid, proowner FROM pg_proc WHERE oid = d.objid OFFSET 0) p
     WHERE d.objid NOT IN (SELECT function_oid FROM hydra_cutover.made);
END
$problems$;

-- Everything that makes the guards worth less than they seem; empty when all is well.
CREATE FUNCTION hydra_cutover.guard_problems() RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $problems$
BEGIN
  RETURN QUERY
    WITH known AS MATERIALIZED (
      -- Each by itself, because this is asked in the pause and a database may have thousands of tables.
      SELECT g.*, c.oid IS NULL AS is_gone, c.relname, c.relnamespace, c.relhastriggers, c.relfilenode <> g.relfilenode AS rewritten
        FROM hydra_cutover.guarded g LEFT JOIN LATERAL (
               SELECT oid, relname, relnamespace, relhastriggers, relfilenode FROM pg_class WHERE oid = g.table_oid OFFSET 0) c ON true
    ), hydra_schema AS (
      SELECT DISTINCT relnamespace FROM known WHERE NOT is_gone
    ), guarded AS (
      SELECT k.table_oid, k.relname, k.relnamespace, k.rewritten,
             hydra_cutover.columns_hash(k.table_oid) <> k.columns_hash AS reshaped, t.xmin <> k.trigger_xmin AS touched,
             -- The executor looks for no trigger where pg_class says that there is none.
             k.relhastriggers AND EXISTS (
               SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE p.oid = t.tgfoid AND n.nspname = 'hydra_cutover' AND p.proname IN ('guard', 'guard_migrations')
                  -- before (2), insert (4), delete (8), update (16), truncate (32), for each statement (not 1)
                  AND t.tgenabled = 'A' AND t.tgtype = 62 AND t.tgqual IS NULL AND t.tgattr = ''
             ) AS fires
        FROM known k LEFT JOIN pg_trigger t ON t.tgrelid = k.table_oid AND t.tgname = 'hydra_cutover_guard' WHERE NOT k.is_gone
    ), compared AS (
      -- Not while this side takes writes: the next fence adopts what is there, and the capture has its own look at it.
      SELECT guarded.* FROM guarded, hydra_cutover.run WHERE run.state NOT IN ('open', 'removing')
    )
    SELECT format('table %s is gone', table_oid) FROM known WHERE is_gone
    UNION ALL
    SELECT format('%s is called %s now, and statements that name %s meet something else', table_name, table_oid::regclass, table_name)
      FROM known WHERE relname <> table_name
    UNION ALL
    SELECT format('%s was rewritten', relname) FROM compared WHERE rewritten
    UNION ALL
    SELECT format('the columns of %s were changed', relname) FROM compared WHERE reshaped AND NOT rewritten
    UNION ALL
    SELECT format('%s has no guard that always fires', relname) FROM guarded WHERE NOT fires
    UNION ALL
    SELECT format('the guard of %s was off, or was changed', relname) FROM compared WHERE fires AND touched
    UNION ALL
    -- Hydra writes no table of others, and whoever may create in its schema must not keep a commit away by one, or, after a commit, the other side
    -- closed: only what has the name of a table of Hydra's, or is of somebody who may act as an owner of these.
    SELECT format('%s has no guard (it belongs to %s)', c.relname, pg_get_userbyid(c.relowner)) FROM pg_class c JOIN hydra_schema USING (relnamespace)
     WHERE c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT 1 FROM hydra_cutover.guarded g WHERE g.table_oid = c.oid)
       AND (c.relname = ANY (:hydras_tables)
            OR EXISTS (SELECT 1 FROM hydra_cutover.guarded g JOIN pg_class hydras ON hydras.oid = g.table_oid
                        WHERE pg_has_role(c.relowner, hydras.relowner, 'MEMBER')))
    UNION ALL
    SELECT format('role %s may use the barrier, and so stop every write', a.grantee::regrole)
      FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'hydra_cutover_barrier' AND a.grantee <> n.nspowner
    UNION ALL
    -- Whoever may use this schema may lock its tables, which every write reads. The login of the sync, which needs some of them, is this
    -- cutover's own, and nobody else has its password. A member of Hydra's role could lock the tables themselves: what reads rows of Hydra for us.
    SELECT format('role %s may use schema hydra_cutover, and so stop every write', a.grantee::regrole)
      FROM pg_namespace n, aclexplode(n.nspacl) a
     WHERE n.nspname = 'hydra_cutover' AND a.grantee <> n.nspowner
       AND (a.grantee = 0 OR EXISTS (SELECT FROM hydra_cutover.guarded g JOIN pg_class c ON c.oid = g.table_oid WHERE NOT pg_has_role(a.grantee, c.relowner, 'MEMBER')))
       AND a.grantee NOT IN (SELECT r.oid FROM pg_roles r JOIN hydra_cutover.run ON run.sync_role = r.rolname AND run.state = 'closed')
    UNION ALL
    SELECT hydra_cutover.function_problems()
    UNION ALL
    SELECT 'no table has a guard' WHERE NOT EXISTS (SELECT 1 FROM hydra_cutover.guarded)
    UNION ALL
    -- DDL that is under way on it would go unseen at the commit.
    SELECT format('%s may not be locked by %s', relname, current_user) FROM guarded
     WHERE NOT has_table_privilege(table_oid, 'UPDATE, DELETE, TRUNCATE')
    UNION ALL
    -- A guard for each statement fires for the table that the statement names, and for no other one that it writes.
    SELECT format('%s inherits from %s and has no guard', i.inhrelid::regclass, relname)
      FROM guarded JOIN pg_inherits i ON i.inhparent = table_oid
     WHERE NOT EXISTS (SELECT 1 FROM hydra_cutover.guarded g WHERE g.table_oid = i.inhrelid)
    UNION ALL
    SELECT format('%s can be written through %s, which has no guard', relname, i.inhparent::regclass)
      FROM guarded JOIN pg_inherits i ON i.inhrelid = table_oid
     WHERE NOT EXISTS (SELECT 1 FROM hydra_cutover.guarded g WHERE g.table_oid = i.inhparent)
    UNION ALL
    -- Unqualified statements write the table of an earlier schema of their search_path instead: "$user", which comes first by default,
    -- or one that is set for a role or a database. What settings of a session or of the server say cannot be seen here.
    SELECT format('%s.%s comes before %s in the search_path of some who write it, and has no guard', n.nspname, c.relname, table_oid::regclass)
      FROM guarded JOIN pg_namespace hydras ON hydras.oid = guarded.relnamespace
      CROSS JOIN LATERAL (SELECT relname, relnamespace, relkind FROM pg_class WHERE relname = guarded.relname OFFSET 0) c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relnamespace <> guarded.relnamespace AND c.relkind IN ('r', 'p', 'v', 'f', 'm')
       AND (EXISTS (SELECT 1 FROM pg_roles r
                     WHERE r.rolname = n.nspname AND has_table_privilege(r.oid, table_oid, 'INSERT, UPDATE, DELETE'))
            OR EXISTS (SELECT 1 FROM pg_db_role_setting s, unnest(s.setconfig) line,
                              string_to_array(translate(split_part(line, '=', 2), ' "', ''), ',') path
                        -- Any role may set its own, to a schema of its own, and most of them write nothing of Hydra's.
                        WHERE (s.setrole = 0 OR has_table_privilege(s.setrole, table_oid, 'INSERT, UPDATE, DELETE')
                               OR pg_has_role(s.setrole, (SELECT relowner FROM pg_class WHERE oid = table_oid), 'MEMBER'))
                          AND line ^@ 'search_path=' AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                          AND array_position(path, n.nspname::text)
                              < COALESCE(array_position(path, hydras.nspname::text), cardinality(path) + 1)))
    UNION ALL
    -- PostgreSQL manual, "Logical Replication", "Architecture": the apply process fires row triggers only.
    SELECT DISTINCT format('a subscription writes %s, past every guard', relname)
      FROM guarded JOIN pg_subscription_rel s ON s.srrelid = table_oid
    UNION ALL
    SELECT format('rule %s of %s changes what its statements do', r.rulename, relname)
      FROM guarded JOIN pg_rewrite r ON r.ev_class = table_oid
    UNION ALL
    -- A fresh Hydra has no trigger but foreign keys. Those of an operator that fire in ordinary sessions alone (an audit) change nothing
    -- behind a refused statement; one that fires for replicas too was made for writes that come another way.
    SELECT format('trigger %s of %s is not ours and fires for replicated writes', t.tgname, relname)
      FROM guarded JOIN pg_trigger t ON t.tgrelid = table_oid
      CROSS JOIN LATERAL (SELECT pronamespace FROM pg_proc WHERE oid = t.tgfoid OFFSET 0) p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE NOT t.tgisinternal AND t.tgenabled IN ('A', 'R') AND n.nspname <> 'hydra_cutover';
END
$problems$;

-- Everything that says that something may have been written here past the guards since the fence: what a commit cannot see because
-- it ends after it (DDL that needs weaker locks, or begins later). To be asked after the commit, before the other side opens.
CREATE FUNCTION hydra_cutover.problems_since_commit() RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $problems$
BEGIN
  RETURN QUERY
    SELECT hydra_cutover.guard_problems()
    UNION ALL
    SELECT hydra_cutover.capture_problems()
    UNION ALL
    SELECT format('%s changes are logged and not carried', undone) FROM hydra_cutover.undone_changes() undone WHERE undone > 0
    UNION ALL
    SELECT format('this side is %s, not committed', state) FROM hydra_cutover.run WHERE state <> 'committed';
END
$problems$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hydra_cutover FROM PUBLIC;
