-- Session-local, for whoever reads or mends rows of 1.11.10.
CREATE OR REPLACE FUNCTION pg_temp.is_json(t text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM t::jsonb;
  RETURN true;
EXCEPTION WHEN others THEN
  RETURN false;
END $$;

-- '' becomes {}; a NUL escape goes. `\\u0000` is an escaped backslash and five letters, and stays.
CREATE OR REPLACE FUNCTION pg_temp.mended_json(t text) RETURNS text LANGUAGE sql AS $$
SELECT CASE WHEN t = '' THEN '{}'
  -- Nothing else is mended; the exact look costs a subtransaction.
  WHEN t IS NULL OR strpos(t, '\u0000') = 0 OR pg_temp.is_json(t) THEN t
  ELSE regexp_replace(t, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g') END
$$;

-- Challenge (l), verifier (v) and CSRF value (x) of the login request that a consent gets which has none of its own. They follow from the
-- consent, so that everybody who meets it makes the same ones.
CREATE OR REPLACE FUNCTION pg_temp.own_id(kind text, challenge text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT 'cut-' || md5(kind || challenge)
$$;
