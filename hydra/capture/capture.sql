-- What the triggers of the capture write to, and what they call.

CREATE TABLE hydra_cutover.change_log (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
  -- A rewrite names no rows; while it is carried, new_key says how far that is.
  kind       text NOT NULL CHECK (kind IN ('insert', 'update', 'delete', 'truncate', 'rewrite', 'canary')),
  table_name text NOT NULL,
  old_key    jsonb,
  new_key    jsonb,
  done_at    timestamptz
  -- Rows come, are marked and go within minutes.
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX change_log_undone_idx ON hydra_cutover.change_log (id) WHERE done_at IS NULL;

-- What may have been a revocation, by OLD and NEW alone: a trigger function that read a table of Hydra's would evaluate what its owner
-- puts there (a policy, a type with casts of its own), with our rights. Whether it was one the sync judges when it reads the log, and the
-- drain proof once more; "none lost" is a comparison of those with the target's ledger.
CREATE TABLE hydra_cutover.revocation (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text NOT NULL
    CHECK (kind IN ('chain_revoked', 'access_deleted', 'consent_deleted', 'login_session_deleted', 'client_deleted')),
  key          text NOT NULL,
  request_id   text,
  -- Of an access token: a rotation makes one that is newer.
  requested_at text,
  at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When the sync saw that a rotation did it. Another row comes with each later change, so that this one stays judged.
  rotated_at   timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX revocation_key_idx ON hydra_cutover.revocation (kind, key);
CREATE INDEX revocation_request_idx ON hydra_cutover.revocation (request_id) WHERE kind = 'access_deleted';

-- Every trigger that must be there, recorded before the first of them is made. What is left of `captured` could not tell what was
-- never made, or has been taken off.
CREATE TABLE hydra_cutover.to_capture (
  table_name   text NOT NULL,
  table_oid    oid NOT NULL,
  trigger_name name NOT NULL,
  PRIMARY KEY (table_oid, trigger_name)
);

-- Every trigger of the capture as it was made; what differs from it is a problem.
CREATE TABLE hydra_cutover.captured (
  table_oid     oid NOT NULL,
  trigger_name  name NOT NULL,
  relfilenode   oid NOT NULL,
  columns_hash  text NOT NULL,
  definition    text NOT NULL,
  function_hash text NOT NULL,
  -- Of its row in the catalog, which every ALTER TABLE ... TRIGGER writes anew: one that was off for a while is not the one that was
  -- recorded. For equality only.
  trigger_xmin  xid NOT NULL,
  PRIMARY KEY (table_oid, trigger_name)
);

-- Carries the same triggers as Hydra's tables, so that a write to it takes the same way.
CREATE TABLE hydra_cutover.canary (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE OR REPLACE FUNCTION hydra_cutover.undone_changes() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
  'SELECT count(*) FROM hydra_cutover.change_log WHERE done_at IS NULL';

CREATE FUNCTION hydra_cutover.log_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $log$
BEGIN
  INSERT INTO hydra_cutover.change_log (kind, table_name) VALUES ('truncate', TG_TABLE_NAME);
  RETURN NULL;
END
$log$;

-- After the triggers of one table were made, in the same transaction.
CREATE FUNCTION hydra_cutover.record_captured(p_table regclass) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $record$
  INSERT INTO hydra_cutover.captured (table_oid, trigger_name, relfilenode, columns_hash, definition, function_hash, trigger_xmin)
  SELECT t.tgrelid, t.tgname, c.relfilenode, hydra_cutover.columns_hash(c.oid), pg_get_triggerdef(t.oid),
         md5(pg_get_functiondef(t.tgfoid)), t.xmin
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE t.tgrelid = p_table AND NOT t.tgisinternal AND n.nspname = 'hydra_cutover' AND t.tgname <> 'hydra_cutover_guard'
$record$;

-- Everything that makes the change log worth less than it seems; empty when all is well. A table that was rewritten, or of which a
-- trigger was off for a while, is none once it is logged as changed altogether, which is when its new state is adopted.
CREATE OR REPLACE FUNCTION hydra_cutover.capture_problems() RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $problems$
BEGIN
  -- In the pause, so that each thing is looked up once.
  RETURN QUERY
    WITH seen AS MATERIALIZED (
      SELECT k.*, c.oid IS NULL AS is_gone, c.relname, c.relhastriggers, c.relfilenode <> k.relfilenode AS is_rewritten,
             t.oid AS trigger_oid, t.tgname, t.tgenabled, t.xmin <> k.trigger_xmin AS is_touched, t.tgfoid,
             p.made_by IS DISTINCT FROM m.function_xmin AS is_function_touched
        FROM hydra_cutover.captured k LEFT JOIN pg_class c ON c.oid = k.table_oid
        LEFT JOIN pg_trigger t ON t.tgrelid = k.table_oid AND t.tgname = k.trigger_name
        LEFT JOIN LATERAL (SELECT xmin AS made_by FROM pg_proc WHERE oid = t.tgfoid OFFSET 0) p ON true
        LEFT JOIN hydra_cutover.made m ON m.function_oid = t.tgfoid
    )
    SELECT DISTINCT format('captured table %s is gone', table_oid) FROM seen WHERE is_gone
    UNION ALL
    SELECT format('%s has no trigger %s', relname, trigger_name) FROM seen WHERE NOT is_gone AND trigger_oid IS NULL
    UNION ALL
    SELECT CASE WHEN tgenabled <> 'A' OR NOT relhastriggers THEN format('trigger %s of %s does not fire always', tgname, relname)
                WHEN pg_get_triggerdef(trigger_oid) <> definition THEN format('trigger %s of %s was replaced', tgname, relname)
                ELSE format('the function of trigger %s of %s was replaced', tgname, relname) END
      FROM seen
     WHERE trigger_oid IS NOT NULL
       AND (tgenabled <> 'A' OR NOT relhastriggers OR pg_get_triggerdef(trigger_oid) <> definition
            -- Every change of a function writes its row anew: one that is as we made it need not be written out and hashed.
            OR (is_function_touched AND md5(pg_get_functiondef(tgfoid)) <> function_hash))
    UNION ALL
    SELECT DISTINCT format('a trigger of %s was off, and the rows of the table were not carried since', relname)
      FROM seen WHERE tgenabled = 'A' AND is_touched AND pg_get_triggerdef(trigger_oid) = definition
    UNION ALL
    SELECT DISTINCT format('%s was rewritten, and its rows were not carried since', relname) FROM seen WHERE is_rewritten
    UNION ALL
    -- The hash once for each table, not for each of its triggers.
    SELECT DISTINCT format('the columns of %s were changed, and its rows were not carried since', relname)
      FROM (SELECT DISTINCT table_oid, relname, columns_hash FROM seen WHERE NOT is_rewritten OFFSET 0) tables
     WHERE hydra_cutover.columns_hash(table_oid) <> columns_hash
    UNION ALL
    SELECT DISTINCT format('%s is not captured', m.table_name) FROM hydra_cutover.to_capture m
     WHERE NOT EXISTS (SELECT 1 FROM hydra_cutover.captured k
                        WHERE k.table_oid = m.table_oid AND k.trigger_name = m.trigger_name)
    UNION ALL
    SELECT 'no table is to be captured' WHERE NOT EXISTS (SELECT 1 FROM hydra_cutover.to_capture);
END
$problems$;

REVOKE ALL ON FUNCTION hydra_cutover.log_truncate(), hydra_cutover.record_captured(regclass) FROM PUBLIC;
