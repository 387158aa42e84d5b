-- Session-local. Created inside a transaction that is rolled back when only counting, so that nothing of them stays.
-- The migration puts a list between JSON quotes as it is, so the text is escaped as JSON would. A list that reads `[]` it takes for
-- an empty one.
CREATE OR REPLACE FUNCTION pg_temp.escaped_list(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN t = '[]' THEN '\u005b]' ELSE substr(to_json(t)::text, 2, length(to_json(t)::text) - 2) END
$$;

CREATE OR REPLACE FUNCTION pg_temp.needs_escape(of_table text, of_key text, of_column text, t text) RETURNS boolean LANGUAGE sql AS $$
SELECT t IS NOT NULL AND pg_temp.escaped_list(t) <> t AND NOT pg_temp.cleaned_before(of_table, of_key, of_column, t)
$$;
