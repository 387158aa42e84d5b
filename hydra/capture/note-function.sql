-- What may have been a revocation, by OLD alone. Placeholders: :name is an identifier, :kind a literal, :old_columns and :any_columns lists
-- of expressions (key, request_id, requested_at; what is left out is null).
CREATE FUNCTION hydra_cutover.:name() RETURNS trigger
-- Times are as every session of ours reads them.
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET DateStyle = 'ISO, YMD' AS $note$
DECLARE
  noted text[];
BEGIN
  BEGIN
    noted := ARRAY[:old_columns];
  EXCEPTION WHEN datatype_mismatch THEN
    -- As in log-function.sql.
    EXECUTE $any$SELECT ARRAY[:any_columns]$any$ INTO noted USING OLD;
  END;
  INSERT INTO hydra_cutover.revocation (kind, key, request_id, requested_at) VALUES (:kind, noted[1], noted[2], noted[3]);
  RETURN NULL;
END
$note$;
REVOKE ALL ON FUNCTION hydra_cutover.:name() FROM PUBLIC;
