-- Takes the triggers with the functions that they call.
DROP FUNCTION :schema.archive_inserts() CASCADE;
DROP FUNCTION :schema.archive_deletes() CASCADE;
DROP FUNCTION :schema.archive_updates() CASCADE;
DROP FUNCTION :schema.archive_key(jsonb, text[]);
