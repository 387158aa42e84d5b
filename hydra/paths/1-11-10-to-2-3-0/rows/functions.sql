-- What the migration makes of a list that was cleaned before. An empty one where there is none. Not IMMUTABLE, because to_jsonb() is
-- not: PostgreSQL would call it for each of a row's lists in place of writing it into the query.
CREATE OR REPLACE FUNCTION pg_temp.as_list(t text) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT coalesce(to_jsonb(pg_temp.read_list(t)), '[]'::jsonb)
$$;

-- Claims: what cannot be stored is an error.
CREATE OR REPLACE FUNCTION pg_temp.as_json(t text) RETURNS jsonb LANGUAGE sql AS $$
SELECT pg_temp.mended_json(t)::jsonb
$$;

CREATE OR REPLACE FUNCTION pg_temp.as_context(t text) RETURNS jsonb LANGUAGE sql AS $$
SELECT pg_temp.mended_context(t)::jsonb
$$;
