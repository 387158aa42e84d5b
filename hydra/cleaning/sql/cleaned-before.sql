-- An escaped list looks like one that needs escaping: only the archive knows which it is.
CREATE OR REPLACE FUNCTION pg_temp.cleaned_before(of_table text, of_key text, of_column text, t text) RETURNS boolean LANGUAGE sql AS $$
SELECT EXISTS (SELECT 1 FROM :schema.archive AS done
  WHERE done.table_name = of_table AND done.key = jsonb_build_array(of_key) AND done.after ->> of_column = t)
$$;
