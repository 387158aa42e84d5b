/**
 * What attackers plant. It does its worst only to be noticed: code that runs as somebody else than an attacker says so by a sequence,
 * which no rollback takes back, and by an error where the transaction may not write.
 */
export const SPY_SQL = `
  CREATE SCHEMA spy;
  GRANT USAGE ON SCHEMA spy TO PUBLIC;
  GRANT CREATE ON SCHEMA spy TO hydra;
  CREATE SEQUENCE spy.ran_as;
  GRANT ALL ON SEQUENCE spy.ran_as TO PUBLIC;
  SET ROLE hydra;
  CREATE FUNCTION spy.evil() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $evil$
  BEGIN
    IF current_user NOT IN ('hydra', 'gateway', 'nobody') THEN
      PERFORM pg_catalog.setval('spy.ran_as', (SELECT oid::bigint FROM pg_catalog.pg_roles WHERE rolname = current_user));
    END IF;
    RETURN true;
  EXCEPTION WHEN read_only_sql_transaction THEN
    RAISE EXCEPTION 'spy: planted code runs as %', current_user;
  END $evil$;
  CREATE FUNCTION spy.evil_text(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    $evil$ BEGIN PERFORM spy.evil(); RETURN $1; END $evil$;
  CREATE FUNCTION spy.evil_trigger() RETURNS trigger LANGUAGE plpgsql AS
    $evil$ BEGIN PERFORM spy.evil(); RETURN COALESCE(NEW, OLD); END $evil$;
  RESET ROLE`;
