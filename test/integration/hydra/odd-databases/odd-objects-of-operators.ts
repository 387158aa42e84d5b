import { type OddDatabase } from './odd-database';

/** What operators made on Hydra's tables, or made their database of. */
export const ODD_OBJECTS: readonly OddDatabase[] = [
  {
    name: 'an enum and a composite type in place of texts',
    make: `CREATE TYPE kind_of_subject AS ENUM ('public', 'pairwise', ''); CREATE TYPE pair AS (a text, b text);
      ALTER TABLE hydra_client ALTER subject_type DROP DEFAULT, ALTER subject_type TYPE kind_of_subject USING subject_type::kind_of_subject;
      ALTER TABLE hydra_jwk ALTER keydata TYPE pair USING (keydata, '')::pair;`,
    refused: /hydra_client\.subject_type.*hydra_jwk\.keydata/s,
  },
  {
    name: 'a cast, an operator and an aggregate of the row types of tables that the migration drops',
    make: `CREATE FUNCTION of_request(hydra_oauth2_consent_request) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.challenge::text';
      CREATE CAST (hydra_oauth2_consent_request AS text) WITH FUNCTION of_request(hydra_oauth2_consent_request);
      CREATE FUNCTION same_client(hydra_client, hydra_client) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.id = $2.id';
      CREATE OPERATOR === (LEFTARG = hydra_client, RIGHTARG = hydra_client, FUNCTION = same_client);`,
    refused: /DROP CAST \(public\.hydra_oauth2_consent_request AS pg_catalog\.text\)/,
  },
  {
    name: 'an operator and a cast of row types that the migration keeps',
    make: `CREATE FUNCTION same_client(hydra_client, hydra_client) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.id = $2.id';
      CREATE OPERATOR === (LEFTARG = hydra_client, RIGHTARG = hydra_client, FUNCTION = same_client);
      CREATE FUNCTION key_of(hydra_jwk) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''never''; END';
      CREATE CAST (hydra_jwk AS text) WITH FUNCTION key_of(hydra_jwk) AS IMPLICIT; CREATE FUNCTION text_of(hydra_client) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''never''; END';
      CREATE CAST (hydra_client AS text) WITH FUNCTION text_of(hydra_client) AS IMPLICIT; CREATE FUNCTION json_of(hydra_client) RETURNS json LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''never''; END';
      CREATE CAST (hydra_client AS json) WITH FUNCTION json_of(hydra_client) AS IMPLICIT;`,
  },
  {
    name: 'a table of tokens in partitions',
    make: `ALTER TABLE hydra_oauth2_pkce RENAME TO all_pkce; CREATE TABLE hydra_oauth2_pkce (LIKE all_pkce INCLUDING DEFAULTS) PARTITION BY HASH (signature);
      CREATE TABLE pkce_0 PARTITION OF hydra_oauth2_pkce FOR VALUES WITH (MODULUS 1, REMAINDER 0); INSERT INTO hydra_oauth2_pkce SELECT * FROM all_pkce; DROP TABLE all_pkce;
      ALTER TABLE hydra_oauth2_pkce OWNER TO :owner; ALTER TABLE pkce_0 OWNER TO :owner;`,
    refused: /hydra_oauth2_pkce.*partitioned/s,
  },
  {
    name: 'a column by hand with a default that calls a function',
    make: `CREATE FUNCTION region() RETURNS text LANGUAGE sql AS $$ SELECT 'eu'::text $$; ALTER TABLE hydra_oauth2_access ADD region text NOT NULL DEFAULT region();`,
    refused: /hydra_oauth2_access\.region/,
  },
  {
    name: 'indexes of every kind',
    since: 15,
    make: `CREATE INDEX own_brin ON hydra_oauth2_access USING brin (requested_at); CREATE INDEX own_gin ON hydra_client USING gin (to_tsvector('simple', client_name));
      CREATE INDEX own_hash ON hydra_oauth2_refresh USING hash (subject); CREATE INDEX own_include ON hydra_oauth2_access (client_id) INCLUDE (subject, requested_at);
      CREATE UNIQUE INDEX own_unique ON hydra_client (pk DESC NULLS LAST, id) NULLS NOT DISTINCT; CREATE INDEX own_pattern ON hydra_oauth2_access (subject varchar_pattern_ops) WHERE active;
      CREATE INDEX own_expression ON hydra_client ((lower(client_name) || scope) COLLATE "C" DESC) WITH (fillfactor = 50); CREATE INDEX own_gist ON hydra_oauth2_access USING gist (tsrange(requested_at, requested_at + interval '1 hour', '[]'));`,
  },
  {
    name: 'a table that was clustered',
    make: `ALTER TABLE hydra_client CLUSTER ON hydra_client_idx_id_uq; CLUSTER hydra_client; CLUSTER hydra_oauth2_consent_request USING hydra_oauth2_consent_request_pkey;`,
    told: /clustered/,
  },
  {
    name: 'sequences at their end',
    make: `SELECT setval('hydra_client_pk_seq', 2147483647); SELECT setval('hydra_jwk_pk_seq', 2147483647);`,
  },
  {
    name: 'tables in a tablespace',
    make: `ALTER TABLE hydra_oauth2_access SET TABLESPACE own_space; ALTER INDEX hydra_oauth2_access_request_id_idx SET TABLESPACE own_space; ALTER TABLE hydra_client SET TABLESPACE own_space;`,
    server: {
      before: [
        'ALTER SYSTEM SET allow_in_place_tablespaces = on',
        'SELECT pg_reload_conf()',
        `CREATE TABLESPACE own_space LOCATION ''`,
      ],
      after: ['DROP TABLESPACE own_space', 'ALTER SYSTEM RESET allow_in_place_tablespaces', 'SELECT pg_reload_conf()'],
    },
    told: /storage tablespace on hydra_oauth2_access/,
  },
  {
    name: 'a database whose own settings help nobody',
    make: `DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['search_path = nowhere, public', 'default_transaction_isolation = ''repeatable read''', 'row_security = off', 'jit_above_cost = 0', 'DateStyle = ''German''', 'plan_cache_mode = force_custom_plan', 'default_toast_compression = pglz', 'xmlbinary = hex', 'vacuum_freeze_min_age = 0'] LOOP
      EXECUTE format('ALTER DATABASE %I SET ', current_database()) || s; END LOOP; END $$;`,
  },
  {
    name: 'a database that sorts as Turks do, by ICU',
    since: 15,
    anew: `LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LC_COLLATE 'C' LC_CTYPE 'C'`,
    make: '',
  },
  {
    name: 'a database that sorts by bytes',
    anew: `LC_COLLATE 'C' LC_CTYPE 'C'`,
    make: '',
  },
  {
    name: 'large objects, and a table of theirs that no cutover knows',
    make: `SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex')) FROM generate_series(1, 20); CREATE UNLOGGED TABLE cache (v text); CREATE TABLE bloated AS SELECT n FROM generate_series(1, 20000) AS n; DELETE FROM bloated;
      UPDATE hydra_oauth2_access SET form_data = form_data || ' '; UPDATE hydra_oauth2_access SET form_data = form_data || ' ';`,
  },
  {
    name: 'a table that is old',
    make: `UPDATE pg_class SET relfrozenxid = ((txid_snapshot_xmax(txid_current_snapshot()) + 4294967296 - 185000000) % 4294967296)::text::xid WHERE oid = 'hydra_jwk'::regclass;`,
    told: /hydra_jwk on blue.*185\d{6} transactions old.*VACUUM \(FREEZE\)/s,
  },
];
