-- Takes the triggers with the functions that they call.
DROP FUNCTION pg_temp.archive_inserts() CASCADE;
DROP FUNCTION pg_temp.archive_deletes() CASCADE;
DROP FUNCTION pg_temp.archive_updates() CASCADE;
DROP FUNCTION pg_temp.archive_key(jsonb, text[]);
