-- What gateways look at (through asks.sql), after arbiter.sql: nothing here decides.

-- Whether this side was opened for the epoch. An epoch that tried to leave this side is none that it was opened for. One whose arbiter
-- is being removed takes writes still: else nobody could be told so until the removal is over.
CREATE FUNCTION hydra_cutover.serves(p_epoch bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $serves$
  SELECT EXISTS (SELECT 1 FROM hydra_cutover.run
                  WHERE state IN ('open', 'removing') AND epoch = p_epoch)
     AND NOT EXISTS (SELECT 1 FROM hydra_cutover.attempt WHERE epoch = p_epoch)
$serves$;

-- Whether an attempt of exactly this epoch is alive here, so that it may still be fenced and committed. A gateway looks before it
-- holds: an arbiter of an earlier cutover knows nothing of this epoch and decides nothing about it.
CREATE FUNCTION hydra_cutover.prepares(p_epoch bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $prepares$
  SELECT EXISTS (SELECT 1 FROM hydra_cutover.attempt
                  WHERE epoch = p_epoch AND state IN ('holding', 'fenced') AND lease_until > clock_timestamp())
$prepares$;

-- How things stand here, for a gateway that holds nothing, and for one that is told of a commit. It looks and claims nothing:
-- `committed`, `serves` and `finalized` are final, `living` is not. `serves`: the epoch that this side was opened for.
CREATE FUNCTION hydra_cutover.outcome() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $outcome$
  SELECT jsonb_build_object(
    'side', run.side,
    'serves', CASE WHEN run.epoch > 0 AND hydra_cutover.serves(run.epoch) THEN run.epoch END,
    'committed', (SELECT max(epoch) FROM hydra_cutover.attempt WHERE state = 'committed'),
    'living', (SELECT max(epoch) FROM hydra_cutover.attempt
                WHERE state IN ('holding', 'fenced') AND lease_until > clock_timestamp()),
    'finalized', EXISTS (SELECT 1 FROM hydra_cutover.finalized f WHERE f.epoch = run.epoch AND run.state = 'committed'))
    FROM hydra_cutover.run
$outcome$;

-- A side that was left goes on telling who serves when the other one's arbiter is gone. Idempotent. True when the epoch is the one that was committed.
CREATE FUNCTION hydra_cutover.mark_finalized(p_epoch bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $finalized$
BEGIN
  PERFORM hydra_cutover.decide();
  IF NOT EXISTS (SELECT 1 FROM hydra_cutover.run WHERE state = 'committed' AND epoch = p_epoch) THEN
    RETURN false;
  END IF;
  INSERT INTO hydra_cutover.finalized (epoch) VALUES (p_epoch) ON CONFLICT DO NOTHING;
  RETURN true;
END
$finalized$;
