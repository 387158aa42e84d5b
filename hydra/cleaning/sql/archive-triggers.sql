-- For one rule's transaction only. Statement triggers see every row that is touched, those of a cascade too. Cascades act as the owner
-- of the tables, and from PostgreSQL 18 on their triggers too: the functions run as whoever made them. That is who cleans, in the
-- session's temporary schema, because what is planted on a row may run with these rights while it is made JSON.
CREATE FUNCTION pg_temp.archive_key(image jsonb, columns text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT jsonb_agg(image -> name ORDER BY place) FROM unnest(columns) WITH ORDINALITY AS key(name, place)
$$;

CREATE FUNCTION pg_temp.archive_inserts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO :schema.archive (rule_id, as_of, table_name, key, after)
  SELECT current_setting('hydra_cutover.rule'), current_setting('hydra_cutover.as_of')::timestamptz, TG_TABLE_NAME,
    pg_temp.archive_key(to_jsonb(made), TG_ARGV), to_jsonb(made)
  FROM made;
  RETURN NULL;
END $$;

CREATE FUNCTION pg_temp.archive_deletes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO :schema.archive (rule_id, as_of, table_name, key, before)
  SELECT current_setting('hydra_cutover.rule'), current_setting('hydra_cutover.as_of')::timestamptz, TG_TABLE_NAME,
    pg_temp.archive_key(to_jsonb(gone), TG_ARGV), to_jsonb(gone)
  FROM gone;
  RETURN NULL;
END $$;

-- Only tables with a key of one column are updated.
CREATE FUNCTION pg_temp.archive_updates() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO :schema.archive (rule_id, as_of, table_name, key, before, after)
  SELECT current_setting('hydra_cutover.rule'), current_setting('hydra_cutover.as_of')::timestamptz, TG_TABLE_NAME,
    jsonb_build_array(was.key), changed.before, changed.after
  FROM (SELECT image ->> TG_ARGV[0] AS key, image FROM (SELECT to_jsonb(gone) AS image FROM gone OFFSET 0) AS row) AS was
  JOIN (SELECT image ->> TG_ARGV[0] AS key, image FROM (SELECT to_jsonb(made) AS image FROM made OFFSET 0) AS row) AS now
    ON now.key = was.key
  CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(name, value) AS before, jsonb_object_agg(name, now.image -> name) AS after
    FROM jsonb_each(was.image) AS part(name, value) WHERE value <> now.image -> name
  ) AS changed
  WHERE was.image <> now.image;
  RETURN NULL;
END $$;

DO $$
DECLARE
  cleaned record;
  keys text;
BEGIN
  FOR cleaned IN SELECT con.conrelid, con.conrelid::regclass AS name,
      array_agg(quote_literal(a.attname) ORDER BY array_position(con.conkey, a.attnum)) AS columns
    FROM pg_constraint AS con JOIN pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey)
    WHERE con.contype = 'p' AND con.conrelid = ANY (ARRAY[:cleaned])
    GROUP BY con.conrelid
  LOOP
    -- Clients are known by their id, also in Hydra's own foreign keys; `pk` differs between databases.
    keys := CASE WHEN cleaned.conrelid = 'hydra_client'::regclass THEN quote_literal('id') ELSE array_to_string(cleaned.columns, ', ') END;
    EXECUTE format('CREATE TRIGGER hydra_cutover_archive_inserts AFTER INSERT ON %s REFERENCING NEW TABLE AS made
      FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.archive_inserts(%s)', cleaned.name, keys);
    EXECUTE format('CREATE TRIGGER hydra_cutover_archive_deletes AFTER DELETE ON %s REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.archive_deletes(%s)', cleaned.name, keys);
    EXECUTE format('CREATE TRIGGER hydra_cutover_archive_updates AFTER UPDATE ON %s REFERENCING OLD TABLE AS gone NEW TABLE AS made
      FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.archive_updates(%s)', cleaned.name, keys);
  END LOOP;
END $$;
