-- One function per table: it names its columns, so that the large ones are never read. Placeholders: :name and :table are
-- identifiers, :kind an expression, :old_key and :new_key calls of jsonb_build_object.
CREATE FUNCTION hydra_cutover.:name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $log$
BEGIN
  INSERT INTO hydra_cutover.change_log (kind, table_name, old_key, new_key)
  VALUES (
    :kind, :table,
    CASE WHEN TG_OP <> 'INSERT' THEN :old_key END,
    CASE WHEN TG_OP <> 'DELETE' THEN :new_key END
  );
  RETURN NULL;
END
$log$;
REVOKE ALL ON FUNCTION hydra_cutover.:name() FROM PUBLIC;
