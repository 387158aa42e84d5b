-- One function per table: it names its columns, so that the large ones are never read. Placeholders: :name is an identifier, :table a
-- literal, :kind an expression, :old_key, :new_key and :any_key calls of jsonb_build_object.
CREATE FUNCTION hydra_cutover.:name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $log$
DECLARE
  old_key jsonb;
  new_key jsonb;
BEGIN
  BEGIN
    old_key := CASE WHEN TG_OP <> 'INSERT' THEN :old_key END;
    new_key := CASE WHEN TG_OP <> 'DELETE' THEN :new_key END;
  EXCEPTION WHEN datatype_mismatch THEN
    -- ALTER TABLE gave a column another type since this session planned the lines above, and PL/pgSQL keeps a plan for as long as the
    -- function is the same. A write of Hydra's would fail until its session ends.
    IF TG_OP <> 'INSERT' THEN EXECUTE $any$SELECT :any_key$any$ INTO old_key USING OLD; END IF;
    IF TG_OP <> 'DELETE' THEN EXECUTE $any$SELECT :any_key$any$ INTO new_key USING NEW; END IF;
  END;
  INSERT INTO hydra_cutover.change_log (kind, table_name, old_key, new_key) VALUES (:kind, :table, old_key, new_key);
  RETURN NULL;
END
$log$;
REVOKE ALL ON FUNCTION hydra_cutover.:name() FROM PUBLIC;
