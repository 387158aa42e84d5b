-- What is left of a capture that was removed: nothing is undone, and nothing may be committed any more.
CREATE OR REPLACE FUNCTION hydra_cutover.undone_changes() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT 0::bigint';
CREATE OR REPLACE FUNCTION hydra_cutover.capture_problems() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
  $problems$SELECT 'the change log was removed'::text$problems$;
DROP TABLE hydra_cutover.canary, hydra_cutover.change_log, hydra_cutover.revocation, hydra_cutover.captured,
  hydra_cutover.to_capture;
DO $drop$
DECLARE
  found regprocedure;
BEGIN
  FOR found IN SELECT oid FROM pg_catalog.pg_proc WHERE pronamespace = 'hydra_cutover'::regnamespace
    AND proname ~ '^(log_|note_|record_captured$)'
  LOOP
    -- Not CASCADE: a trigger that still calls one keeps everything.
    EXECUTE format('DROP FUNCTION %s', found);
  END LOOP;
END
$drop$;
SELECT hydra_cutover.record_made();
