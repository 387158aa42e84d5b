-- What the migration makes of a list that was escaped before: its parts, whatever characters they hold.
CREATE OR REPLACE FUNCTION pg_temp.as_list(t text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT coalesce(to_jsonb(string_to_array(t, '|')), '[]'::jsonb)
$$;

CREATE OR REPLACE FUNCTION pg_temp.as_json(t text) RETURNS jsonb LANGUAGE sql AS $$
SELECT pg_temp.mended_json(t)::jsonb
$$;
