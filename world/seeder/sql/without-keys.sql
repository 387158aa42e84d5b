-- Runs a statement as somebody does who drops the foreign keys to a table first and puts them back without checking.
CREATE OR REPLACE FUNCTION pg_temp.without_keys_to(parent regclass, work text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  fk record;
  keys text[] := '{}';
  statement text;
BEGIN
  FOR fk IN SELECT conname, conrelid::regclass AS child, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND confrelid = parent LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', fk.child, fk.conname);
    keys := keys || format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', fk.child, fk.conname, fk.definition);
  END LOOP;
  EXECUTE work;
  FOREACH statement IN ARRAY keys LOOP EXECUTE statement; END LOOP;
END $$;
