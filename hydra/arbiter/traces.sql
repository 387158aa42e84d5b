-- What a role is told that may only look, after asks.sql and in its schema, which holds no relation: whoever may use a schema can lock its
-- tables. Reads alone; keys, and rows of Hydra, are none of it.
CREATE OR REPLACE FUNCTION hydra_cutover_asks.traces() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $traces$
DECLARE
  told jsonb;
BEGIN
  SELECT jsonb_build_object(
    'arbiter', (:arbiter),
    'refused', (SELECT :refused FROM hydra_cutover.armed, hydra_cutover.refused),
    'members', (SELECT COALESCE(jsonb_agg(to_jsonb(listed)), '[]') FROM (:members) AS listed),
    'finalized', hydra_cutover.outcome() -> 'finalized') INTO told;
  -- Made by other transactions than this function, and not on every side.
  IF to_regclass('hydra_cutover.origin') IS NOT NULL THEN
    told := told || jsonb_build_object('origin', (:origin));
  END IF;
  IF to_regclass('hydra_cutover.change_log') IS NOT NULL THEN
    told := told || jsonb_build_object('changeLog', (SELECT to_jsonb(size) FROM (:change_log) AS size));
  END IF;
  RETURN told;
END
$traces$;

REVOKE ALL ON FUNCTION hydra_cutover_asks.traces() FROM PUBLIC;
