-- Session-local, for whoever reads or cleans rows of 1.11.10. What these functions make of a row is on green, whether the row was
-- cleaned and migrated or carried by the sync.

-- Only what says that this text is no jsonb: a server that is short of memory or shuts down is an error as it always is.
CREATE OR REPLACE FUNCTION pg_temp.is_json(t text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM t::jsonb;
  RETURN true;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN false;
END $$;

-- Escapes that jsonb refuses: a NUL goes, a surrogate without its other half becomes U+FFFD, as in Go. Read token by token, because in
-- `\\u0000` the backslash is what is escaped. The longest alternative wins, so that a pair is a pair.
CREATE OR REPLACE FUNCTION pg_temp.storable_escapes(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT string_agg(CASE
    WHEN part = '\u0000' THEN ''
    WHEN part ~ '^\\u[dD][89a-fA-F]' AND length(part) = 6 THEN '\ufffd'
    ELSE part END, '' ORDER BY place)
FROM regexp_matches(t, '\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[^u]|\\u|[^\\]+|\\$', 'g')
  WITH ORDINALITY AS token(parts, place), LATERAL (SELECT parts[1]) AS one(part)
$$;

-- Numbers beyond what `numeric` holds become text, which loses nothing. So do those that no reader's number holds and that PostgreSQL
-- would write out in thousands of digits: a login of some kilobytes would be a row of hundreds of megabytes on its way.
CREATE OR REPLACE FUNCTION pg_temp.storable_numbers(t text) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(CASE WHEN part ~ '^-?[0-9]' AND (part ~ '[eE][+-]?0*[1-9][0-9]{3}' OR NOT pg_temp.is_json(part)) THEN '"' || part || '"' ELSE part END, '' ORDER BY place)
FROM regexp_matches(t, '"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[^"0-9-]+|["-]', 'g')
  WITH ORDINALITY AS token(parts, place), LATERAL (SELECT parts[1]) AS one(part)
$$;

-- '' becomes {}. @returns NULL for what jsonb does not hold however it is written
CREATE OR REPLACE FUNCTION pg_temp.storable_json(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  storable text;
BEGIN
  IF t = '' THEN RETURN '{}'; END IF;
  IF t IS NULL OR t = '{}' OR pg_temp.is_json(t) THEN RETURN t; END IF;
  storable := pg_temp.storable_escapes(t);
  IF pg_temp.is_json(storable) THEN RETURN storable; END IF;
  storable := pg_temp.storable_numbers(storable);
  RETURN CASE WHEN pg_temp.is_json(storable) THEN storable END;
END $$;

-- For claims, which a client sees: what cannot be stored stays as it is, for a person to look at.
CREATE OR REPLACE FUNCTION pg_temp.mended_json(t text) RETURNS text LANGUAGE sql AS $$
SELECT coalesce(pg_temp.storable_json(t), t)
$$;

-- For what only the pages of a login look at, and 1.11.10 stores unread: text that is no JSON, or nested deeper than the server reads,
-- is worth no stop of a whole upgrade.
CREATE OR REPLACE FUNCTION pg_temp.mended_context(t text) RETURNS text LANGUAGE sql AS $$
SELECT CASE WHEN storable ~ '[0-9][eE][+-]?0*[1-9][0-9]{3}' THEN pg_temp.storable_numbers(storable) ELSE storable END
FROM (SELECT CASE WHEN t IS NOT NULL THEN coalesce(pg_temp.storable_json(t), '{}') END AS storable) AS json
$$;

-- A list as 1.11.10 reads it: `\|` is a bar of the element, empty elements do not exist. Whether a bar is escaped depends on all that
-- stands before it: a backslash turns it on or off, anything else but a bar ends it.
-- Source: ory/x v0.0.368, sqlxx/types.go, scanStringSlice.
CREATE OR REPLACE FUNCTION pg_temp.read_escaped_list(t text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  parts text[] := '{}';
  part text := '';
  escaped boolean := false;
  piece text;
BEGIN
  FOR piece IN SELECT matched[1] FROM regexp_matches(t, '[^\\|]+|\\|\|', 'g') WITH ORDINALITY AS token(matched, place) ORDER BY place LOOP
    IF piece = '\' THEN
      escaped := NOT escaped;
    ELSIF piece <> '|' THEN
      escaped := false;
    END IF;
    IF piece = '|' AND NOT escaped THEN
      parts := parts || part;
      part := '';
    ELSE
      part := part || piece;
    END IF;
  END LOOP;
  RETURN ARRAY(SELECT replace(element, '\|', '|') FROM unnest(parts || part) WITH ORDINALITY AS read(element, place)
    WHERE element <> '' ORDER BY place);
END $$;

CREATE OR REPLACE FUNCTION pg_temp.read_list(t text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN strpos(t, '\') = 0 THEN array_remove(string_to_array(t, '|'), '') ELSE pg_temp.read_escaped_list(t) END
$$;

-- Challenge (l), verifier (v) and CSRF value (x) of the login request that a consent gets which has none of its own. They follow from the
-- consent, so that everybody who meets it makes the same ones.
CREATE OR REPLACE FUNCTION pg_temp.own_id(kind text, challenge text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT 'cut-' || md5(kind || challenge)
$$;
