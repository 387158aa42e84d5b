import { ODD_CONTENTS } from './odd-contents';
import { ODD_OBJECTS } from './odd-objects-of-operators';
import { type OddDatabase, client, some } from './odd-database';

export const ODD_DATABASES: readonly OddDatabase[] = [
  ...ODD_CONTENTS,
  ...ODD_OBJECTS,
  {
    name: 'row level security, not forced',
    isTriedAlways: true,
    make: `ALTER TABLE hydra_client ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON hydra_client USING (false);`,
    told: /row security/,
  },
  {
    name: 'row level security, forced',
    make: `ALTER TABLE hydra_jwk ENABLE ROW LEVEL SECURITY; ALTER TABLE hydra_jwk FORCE ROW LEVEL SECURITY;`,
    refused: /hydra_jwk.*NO FORCE/s,
  },
  {
    name: 'reports in several schemas, one over the other',
    isTriedAlways: true,
    make: `CREATE SCHEMA bi; GRANT USAGE ON SCHEMA bi TO :owner; CREATE VIEW bi.consents AS SELECT c.subject, h.granted_scope FROM hydra_oauth2_consent_request c JOIN hydra_oauth2_consent_request_handled h USING (challenge);
      CREATE MATERIALIZED VIEW bi.daily AS SELECT subject, count(*) FROM bi.consents GROUP BY 1; CREATE UNIQUE INDEX ON bi.daily (subject); CREATE VIEW bi.top AS SELECT * FROM bi.daily LIMIT 10;
      CREATE VIEW bi.clients AS SELECT id, redirect_uris FROM hydra_client;
      ALTER VIEW bi.consents OWNER TO :owner; ALTER MATERIALIZED VIEW bi.daily OWNER TO :owner; ALTER VIEW bi.top OWNER TO :owner; ALTER VIEW bi.clients OWNER TO :owner;
      COMMENT ON TABLE hydra_oauth2_consent_request IS 'since 2019'; COMMENT ON VIEW bi.top IS 'for the board';`,
    told: /bi\.top.*comment of table hydra_oauth2_consent_request/s,
  },
  {
    name: 'an index by the name that 2.x takes',
    make: `CREATE INDEX hydra_oauth2_refresh_requested_at_idx ON hydra_oauth2_refresh (requested_at); CREATE INDEX hydra_oauth2_flow_client_id_subject_idx ON hydra_client (id);`,
    told: /own_hydra_oauth2_refresh_requested_at_idx/,
  },
  {
    name: "Hydra's indexes under other names",
    make: `ALTER INDEX hydra_oauth2_access_request_id_idx RENAME TO access_by_request; ALTER INDEX hydra_jwk_idx_id_uq RENAME TO jwk_unique;`,
    told: /hydra_jwk_idx_id_uq/,
  },
  {
    name: 'unique keys gone, and rows that are there twice',
    isTriedAlways: true,
    make: `DROP INDEX hydra_jwk_idx_id_uq CASCADE; INSERT INTO hydra_jwk (sid, kid, version, keydata) SELECT sid, kid, version, keydata FROM hydra_jwk LIMIT 1;`,
    refused: /stand in several rows/,
  },
  {
    name: 'a foreign key to clients gone, and rows without one',
    make: `ALTER TABLE hydra_oauth2_access DROP CONSTRAINT hydra_oauth2_access_client_id_fk; UPDATE hydra_oauth2_access SET client_id = 'nobody' WHERE ${some('signature', 4)};`,
    told: /hydra_oauth2_access_client_id_fk/,
  },
  {
    name: 'a foreign key to login sessions gone',
    make: `ALTER TABLE hydra_oauth2_authentication_request DROP CONSTRAINT hydra_oauth2_authentication_request_login_session_id_fk;`,
    refused: /ADD CONSTRAINT hydra_oauth2_authentication_request_login_session_id_fk/,
  },
  {
    name: 'NOT NULL gone, and a NULL',
    make: `ALTER TABLE hydra_oauth2_access ALTER subject DROP NOT NULL; UPDATE hydra_oauth2_access SET subject = NULL WHERE ${some('signature', 4)};`,
    refused: /hydra_oauth2_access\.subject/,
  },
  {
    name: 'a column by hand',
    make: `ALTER TABLE hydra_client ADD note text, ADD made int GENERATED ALWAYS AS (length(client_name)) STORED;`,
    refused: /hydra_client\.note/,
  },
  {
    name: 'a large object in a column by hand',
    make: `ALTER TABLE hydra_client ADD logo oid; UPDATE hydra_client SET logo = lo_from_bytea(0, 'x');`,
    refused: /hydra_client\.logo/,
  },
  {
    name: 'columns that were made and dropped',
    make: `ALTER TABLE hydra_client ADD note text; ALTER TABLE hydra_client DROP note; ALTER TABLE hydra_oauth2_access ADD x int; ALTER TABLE hydra_oauth2_access DROP x;`,
  },
  {
    name: 'columns in another order',
    make: `DROP TABLE hydra_oauth2_jti_blacklist; CREATE TABLE hydra_oauth2_jti_blacklist (expires_at timestamp NOT NULL DEFAULT now(), signature varchar(64) PRIMARY KEY);
      CREATE INDEX hydra_oauth2_jti_blacklist_expiry ON hydra_oauth2_jti_blacklist (expires_at); ALTER TABLE hydra_oauth2_jti_blacklist OWNER TO :owner;
      INSERT INTO hydra_oauth2_jti_blacklist SELECT now(), md5(n::text) FROM generate_series(1, 20) AS n;`,
  },
  {
    name: 'the same tables in another schema, first in the path',
    make: `CREATE SCHEMA backup; CREATE TABLE backup.hydra_client AS TABLE hydra_client; CREATE TABLE backup.hydra_oauth2_flow (x int); CREATE TABLE backup.schema_migration (version text); CREATE TABLE backup.networks (id int); ALTER ROLE :ours SET search_path = backup, public; ALTER ROLE :owner SET search_path = backup, public;`,
  },
  {
    name: 'a domain as a type',
    make: `CREATE DOMAIN subject_of AS varchar(255); ALTER TABLE hydra_oauth2_access ALTER subject TYPE subject_of;`,
    refused: /hydra_oauth2_access\.subject/,
  },
  {
    name: 'another collation of a key, and one that takes different texts for one',
    make: `ALTER TABLE hydra_oauth2_access ALTER signature TYPE varchar(255) COLLATE "C";
      CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); ALTER TABLE hydra_client ALTER client_name TYPE text COLLATE ci;`,
    refused: /hydra_client\.client_name.*hydra_oauth2_access\.signature/s,
  },
  {
    name: 'a publication of all tables',
    since: 15,
    make: `CREATE PUBLICATION dbz FOR ALL TABLES; CREATE PUBLICATION sch FOR TABLES IN SCHEMA public;`,
    told: /dbz/,
  },
  {
    name: 'foreign tables, a partitioned table and sequences of others',
    make: `CREATE FOREIGN DATA WRAPPER none; CREATE SERVER far FOREIGN DATA WRAPPER none; CREATE FOREIGN TABLE far_clients (id text) SERVER far; CREATE TABLE audit (at timestamptz, what text) PARTITION BY RANGE (at); CREATE TABLE audit_2026 PARTITION OF audit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); CREATE SEQUENCE tickets; CREATE TYPE mood AS ENUM ('ok');`,
  },
  {
    name: "a partitioned twin by a name like Hydra's",
    make: `CREATE TABLE hydra_oauth2_access_by_month (LIKE hydra_oauth2_access) PARTITION BY RANGE (requested_at);`,
    refused: /hydra_oauth2_access_by_month/,
  },
  {
    name: 'an event trigger that keeps a record of DDL',
    make: `CREATE TABLE ddl_record (at timestamptz DEFAULT now(), tag text); CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ddl_record (tag) VALUES (tg_tag); END'; CREATE EVENT TRIGGER note_ddl ON ddl_command_end EXECUTE FUNCTION note_ddl();`,
    refused: /note_ddl/,
  },
  {
    name: 'an event trigger that keeps tables from being dropped',
    isTriedAlways: true,
    make: `CREATE FUNCTION keep() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no drops here''; END'; CREATE EVENT TRIGGER keep ON sql_drop EXECUTE FUNCTION keep();`,
    refused: /event trigger keep/,
  },
  {
    name: 'a trigger that keeps clients from being changed',
    make: `CREATE FUNCTION keep_client() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''change requests only''; END'; CREATE TRIGGER keep_client BEFORE UPDATE ON hydra_client FOR EACH ROW EXECUTE FUNCTION keep_client();`,
    told: /keep_client/,
  },
  {
    name: "views that are written through a trigger and a rule, and a table of another role with a trigger, in Hydra's schema",
    isTriedAlways: true,
    make: `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TABLE notes (what text); CREATE TRIGGER touched BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION touch();
      SET ROLE :owner; CREATE VIEW hydra_report AS SELECT challenge, subject FROM hydra_oauth2_consent_request; ALTER VIEW hydra_report ALTER subject SET DEFAULT 'nobody';
      CREATE TRIGGER instead INSTEAD OF INSERT ON hydra_report FOR EACH ROW EXECUTE FUNCTION touch(); CREATE RULE nothing AS ON DELETE TO hydra_report DO INSTEAD NOTHING;
      CREATE VIEW "Über report" AS SELECT * FROM hydra_report;`,
    told: /DROP VIEW public\.hydra_report/,
  },
  {
    name: 'a trigger that writes to a table of theirs',
    make: `CREATE TABLE consent_audit (challenge text); CREATE FUNCTION note_consent() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.consent_audit VALUES (NEW.challenge); RETURN NEW; END'; CREATE TRIGGER note_consent AFTER INSERT ON hydra_oauth2_consent_request_handled FOR EACH ROW EXECUTE FUNCTION note_consent();`,
    told: /note_consent/,
  },
  {
    name: 'comments, statistics and fill factors',
    make: `COMMENT ON TABLE hydra_client IS E'it''s "ours"'; COMMENT ON COLUMN hydra_client.id IS '🐎'; CREATE STATISTICS st ON client_id, subject FROM hydra_oauth2_access; ALTER TABLE hydra_oauth2_access SET (fillfactor = 70, autovacuum_enabled = false); ALTER TABLE hydra_oauth2_refresh ALTER session_data SET STORAGE EXTERNAL; ALTER TABLE hydra_oauth2_refresh REPLICA IDENTITY FULL;`,
  },
  {
    name: 'settings of our role and of the owner that help nobody',
    make: `DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['search_path = nowhere', 'statement_timeout = 50', 'lock_timeout = 1', 'idle_in_transaction_session_timeout = 50', 'default_transaction_isolation = serializable', 'DateStyle = ''SQL, DMY''', 'IntervalStyle = sql_standard', 'TimeZone = ''Pacific/Chatham''', 'bytea_output = escape', 'standard_conforming_strings = off', 'quote_all_identifiers = on', 'extra_float_digits = -15', 'array_nulls = off', 'transform_null_equals = on', 'enable_indexscan = off', 'enable_seqscan = off', 'work_mem = 64', 'plan_cache_mode = force_generic_plan', 'row_security = off', 'check_function_bodies = off', 'default_table_access_method = heap', 'synchronous_commit = off', 'client_encoding = LATIN1', 'lc_messages = ''C''', 'default_transaction_deferrable = on', 'jit = on', 'jit_above_cost = 0', 'temp_buffers = 100'] LOOP
      EXECUTE 'ALTER ROLE :ours SET ' || s; EXECUTE 'ALTER ROLE :owner SET ' || s; END LOOP; END $$;`,
  },
  {
    name: 'default privileges for everybody',
    since: 14,
    make: `ALTER DEFAULT PRIVILEGES FOR ROLE :ours GRANT ALL ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE :owner GRANT ALL ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE :ours REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_read_all_data;`,
  },
  {
    name: 'an index that was never finished',
    make: `CREATE INDEX half ON hydra_oauth2_access (subject); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half'::regclass; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'hydra_oauth2_access_request_id_idx'::regclass;`,
    told: /invalid/,
  },
  {
    name: 'a key of Hydra that holds for new rows alone',
    make: `ALTER TABLE hydra_oauth2_refresh DROP CONSTRAINT hydra_oauth2_refresh_client_id_fk; ALTER TABLE hydra_oauth2_refresh ADD CONSTRAINT hydra_oauth2_refresh_client_id_fk FOREIGN KEY (client_id) REFERENCES hydra_client (id) ON DELETE CASCADE NOT VALID;`,
    told: /hydra_oauth2_refresh_client_id_fk/,
  },
  {
    name: 'a check that only new rows meet',
    make: `ALTER TABLE hydra_oauth2_access ADD CONSTRAINT own CHECK (signature ~ '^[A-Za-z0-9_-]{43}$') NOT VALID;`,
    refused: /constraint own on hydra_oauth2_access/,
  },
  {
    name: 'a view by the name of a table of 2.x',
    make: `CREATE VIEW hydra_oauth2_flow AS SELECT 1 AS x;`,
    refused: /hydra_oauth2_flow/,
  },
  {
    name: 'keys of others to clients, in another schema',
    make: `CREATE SCHEMA portal; CREATE TABLE portal.app (id serial PRIMARY KEY, client_id varchar(255) REFERENCES hydra_client (id) ON DELETE CASCADE); INSERT INTO portal.app (client_id) SELECT id FROM hydra_client;`,
    told: /portal\.app/,
  },
  {
    name: 'Kratos in a schema of its own',
    make: `CREATE SCHEMA kratos; CREATE TABLE kratos.networks (id uuid); CREATE TABLE kratos.schema_migration (version text); INSERT INTO kratos.schema_migration VALUES ('20210101000000000000'); CREATE TABLE kratos.identities (id uuid);`,
  },
  {
    name: 'Kratos in the same schema',
    make: `CREATE TABLE identities (id uuid); INSERT INTO schema_migration VALUES ('20191100000001000000'), ('20230101000000000999');`,
    refused: /Kratos/,
  },
  {
    name: 'a table in a tablespace of its own',
    make: `ALTER TABLE hydra_oauth2_access SET TABLESPACE pg_default; ALTER TABLE hydra_oauth2_access SET UNLOGGED;`,
    refused: /unlogged/,
  },
  {
    name: 'foreign keys that are checked at the end of a transaction',
    make: `ALTER TABLE hydra_oauth2_access ALTER CONSTRAINT hydra_oauth2_access_client_id_fk DEFERRABLE INITIALLY DEFERRED;`,
    told: /hydra_oauth2_access_client_id_fk/,
  },
  {
    name: 'an owner who took a right from himself',
    make: `REVOKE DELETE ON hydra_oauth2_access FROM :owner; REVOKE TRIGGER ON hydra_oauth2_refresh FROM :owner; REVOKE REFERENCES ON hydra_client FROM :owner;
      REVOKE INSERT ON schema_migration FROM :owner; ALTER SCHEMA public OWNER TO CURRENT_USER; REVOKE CREATE ON SCHEMA public FROM PUBLIC;`,
    refused:
      /rights to its own tables: hydra_client \(REFERENCES\), hydra_oauth2_access \(DELETE\), hydra_oauth2_refresh \(TRIGGER\), schema_migration \(INSERT\).*may not make tables in schema public/s,
    isTriedAlways: true,
  },
  {
    name: 'a key that excludes, and grants of columns',
    make: `ALTER TABLE hydra_oauth2_jti_blacklist ADD CONSTRAINT apart EXCLUDE USING btree (signature WITH =); GRANT SELECT (id), UPDATE (scope) ON hydra_client TO pg_monitor;`,
    refused: /constraint apart on hydra_oauth2_jti_blacklist/,
  },
  {
    name: 'a sequence that belongs to no column',
    make: `ALTER SEQUENCE hydra_client_pk_seq OWNED BY NONE; ALTER SEQUENCE hydra_jwk_pk_seq INCREMENT BY 10;`,
    refused: /hydra_client_pk_seq.*hydra_jwk_pk_seq/s,
  },
  {
    name: 'clients that are counted by an identity',
    make: `ALTER TABLE hydra_client ALTER pk DROP DEFAULT; ALTER TABLE hydra_client ALTER pk ADD GENERATED BY DEFAULT AS IDENTITY;`,
    refused: /hydra_client\.pk/,
  },
  {
    name: 'bytes that are no UTF-8, where the server does not know an encoding',
    make: `UPDATE pg_database SET encoding = pg_char_to_encoding('SQL_ASCII') WHERE datname = current_database();`,
    refused: /SQL_ASCII/,
  },
  {
    name: 'another encoding than UTF-8',
    make: `UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1') WHERE datname = current_database();`,
    refused: /LATIN1/,
  },
  {
    name: 'JSON with numbers beyond any, names twice, and what no text holds',
    make: `UPDATE hydra_oauth2_consent_request_handled SET session_id_token = '{"a":1e400,"b":123456789012345678901234567890,"b":-0.0,"c":"\\u0000","d":"\\ud800", "e" : 1.10}' WHERE ${some('challenge', 3)};
      UPDATE hydra_client SET metadata = '{"n":1e999,"m":123456789012345678901234567890,"m":1}' WHERE ${some('id', 2)};`,
  },
  {
    name: 'names of 255 characters of four bytes',
    make: `${client(`repeat('🐎', 255)`)} UPDATE hydra_oauth2_consent_request SET subject = repeat('🐎', 255), client_id = repeat('🐎', 255) WHERE ${some('challenge', 2)};
      UPDATE hydra_oauth2_access SET subject = repeat('🐎', 255), client_id = repeat('🐎', 255) WHERE ${some('signature', 2)};`,
  },
  {
    name: 'a database that few may use at once',
    make: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 4', current_database()); END $$; ALTER ROLE :owner VALID UNTIL '2026-01-01';`,
    refused: /allows 4 sessions at once.*valid until 2026-01-01/s,
  },
  {
    name: 'other defaults, another compression, and a rule',
    since: 14,
    make: `ALTER TABLE hydra_client ALTER scope SET DEFAULT 'openid'; ALTER TABLE hydra_oauth2_refresh ALTER session_data SET COMPRESSION pglz; ALTER TABLE hydra_client SET (toast_tuple_target = 4080);`,
    told: /hydra_client\.scope/,
  },
  {
    name: 'a rule that writes beside',
    make: `CREATE TABLE beside (id text); CREATE RULE beside AS ON INSERT TO hydra_client DO ALSO INSERT INTO beside VALUES (NEW.id);`,
    refused: /beside/,
  },
  {
    name: 'keys to clients that nobody keeps',
    make: `ALTER TABLE hydra_client DISABLE TRIGGER ALL; DELETE FROM hydra_client WHERE ${some('id', 4)};`,
    told: /hydra_oauth2_access_client_id_fk.*not enforced/,
  },
  {
    name: 'keys to login sessions that nobody keeps',
    make: `ALTER TABLE hydra_oauth2_authentication_session DISABLE TRIGGER ALL; ALTER TABLE hydra_client DISABLE TRIGGER ALL;`,
    refused: /hydra_oauth2_authentication_request_login_session_id_fk.*rows of a deleted login session stay/,
  },
  {
    name: 'publications that keep rows from being changed',
    since: 15,
    isTriedAlways: true,
    make: `CREATE PUBLICATION few FOR TABLE hydra_oauth2_consent_request WHERE (client_id = 'x'); CREATE PUBLICATION names FOR TABLE hydra_client (client_name);
      CREATE PUBLICATION every FOR ALL TABLES; ALTER TABLE hydra_jwk REPLICA IDENTITY NOTHING;`,
    refused:
      /^(?=.*every on hydra_jwk.*REPLICA IDENTITY DEFAULT)(?=.*few on hydra_oauth2_consent_request.*DROP TABLE)(?=.*names on hydra_client)(?!.*every on (?!hydra_jwk))/s,
  },
  {
    name: "publications of a part, which blue's keys allow",
    since: 15,
    make: `CREATE PUBLICATION few FOR TABLE hydra_client (pk, id, client_name) WHERE (pk <> 0), hydra_oauth2_consent_request (challenge, verifier); ALTER PUBLICATION few OWNER TO :owner;`,
    told: /ADD TABLE (public\.)?hydra_client \(id, client_name, pk\) WHERE \(/,
  },
  {
    name: 'another replica identity, published',
    make: `CREATE PUBLICATION few FOR TABLE hydra_oauth2_consent_request; CREATE UNIQUE INDEX other ON hydra_oauth2_consent_request (verifier); ALTER TABLE hydra_oauth2_consent_request ALTER verifier SET NOT NULL, REPLICA IDENTITY USING INDEX other;`,
    told: /other/,
  },
  {
    name: 'a database and a role that let nothing be written, and keep no key',
    isTriedAlways: true,
    make: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
      EXECUTE format('ALTER ROLE :owner IN DATABASE %I SET session_replication_role = replica', current_database()); END $$;`,
    refused:
      /(?=.*database \w+ has default_transaction_read_only = on)(?=.*role \w+ in database \w+ has session_replication_role = replica.*RESET session_replication_role)/s,
  },
  {
    name: 'hundreds of schemas that each have clients, and a view of ours',
    make: `DO $$ BEGIN FOR n IN 1..400 LOOP EXECUTE format('CREATE SCHEMA %I', 'Tenant ' || n); EXECUTE format('CREATE TABLE %I.hydra_client (id text)', 'Tenant ' || n); EXECUTE format('CREATE VIEW %I.%I AS SELECT id FROM public.hydra_client', 'Tenant ' || n, 'View of "clients"'); END LOOP; END $$`,
  },
];
