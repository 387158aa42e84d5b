-- What the migration makes of a list that was cleaned before. An empty one where there is none. Not IMMUTABLE, because to_jsonb() is
-- not: PostgreSQL would call it for each of a row's lists in place of writing it into the query.
CREATE OR REPLACE FUNCTION pg_temp.as_list(t text) RETURNS jsonb LANGUAGE sql STABLE AS $$
SELECT coalesce(to_jsonb(pg_temp.read_list(t)), '[]'::jsonb)
$$;

-- As mended_json() and mended_context(), parsed. Nearly all can be stored as they are, so that this is tried first, once, and without a
-- call where there is nothing in it.
CREATE OR REPLACE FUNCTION pg_temp.parsed_json(t text) RETURNS jsonb LANGUAGE plpgsql STRICT AS $$
BEGIN
  RETURN t::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN pg_temp.mended_json(t)::jsonb;
END $$;

CREATE OR REPLACE FUNCTION pg_temp.parsed_context(t text) RETURNS jsonb LANGUAGE plpgsql STRICT AS $$
BEGIN
  -- It could be stored, and has numbers that mended_context() makes text of.
  IF t ~ '[0-9][eE][+-]?0*[1-9][0-9]{3}' THEN RETURN pg_temp.mended_context(t)::jsonb; END IF;
  RETURN t::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN pg_temp.mended_context(t)::jsonb;
END $$;

-- Claims: what cannot be stored is an error.
CREATE OR REPLACE FUNCTION pg_temp.as_json(t text) RETURNS jsonb LANGUAGE sql AS $$
SELECT CASE WHEN t = '' OR t = '{}' THEN '{}'::jsonb ELSE pg_temp.parsed_json(t) END
$$;

CREATE OR REPLACE FUNCTION pg_temp.as_context(t text) RETURNS jsonb LANGUAGE sql AS $$
SELECT CASE WHEN t = '' OR t = '{}' THEN '{}'::jsonb ELSE pg_temp.parsed_context(t) END
$$;
