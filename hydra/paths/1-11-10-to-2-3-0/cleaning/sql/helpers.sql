-- Session-local. Created inside a transaction that is rolled back when only counting, so that nothing of them stays.
-- The migration splits a list at every bar and puts the parts between JSON quotes as they are. So each element is written as JSON
-- would, and a bar inside one as an escape, which the migration does not see. A list that reads `[]` it takes for an empty one.
CREATE OR REPLACE FUNCTION pg_temp.escaped_list(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN t IS NULL OR escaped <> '[]' THEN escaped ELSE '\u005b]' END FROM (
  SELECT CASE WHEN t IS NOT NULL THEN coalesce(string_agg(replace(substr(quoted, 2, length(quoted) - 2), '|', '\u007c'), '|' ORDER BY place), '')
    END AS escaped
  FROM unnest(pg_temp.read_list(t)) WITH ORDINALITY AS read(element, place), LATERAL (SELECT to_json(element)::text) AS json(quoted)
) AS written
$$;

CREATE OR REPLACE FUNCTION pg_temp.needs_escape(of_table text, of_key text, of_column text, t text) RETURNS boolean LANGUAGE sql AS $$
SELECT t IS NOT NULL AND pg_temp.escaped_list(t) <> t AND NOT pg_temp.cleaned_before(of_table, of_key, of_column, t)
$$;
