-- Gateways that may forward to this side, after arbiter.sql. Each holds a lease and beats. Before a fence everybody has to have said
-- that no write is under way with him, whoever has him on a list: a gateway that forwards to a fenced side lets Hydra answer 200 to
-- revocations that were refused.

CREATE TABLE hydra_cutover.member (
  member      uuid PRIMARY KEY,
  name        text NOT NULL CHECK (length(name) <= 200),
  lease_until timestamptz NOT NULL,
  -- The newest attempt that it has said it knows of, by a beat or by holding. Until that attempt is decided it stops by its own clock
  -- before its lease ends. Of any other its lease says nothing: it goes on when it cannot reach this database, and that it was told is
  -- no sign that the answer arrived.
  bound_epoch bigint NOT NULL DEFAULT 0,
  -- The newest committed epoch for which it sends nothing to this side any more.
  moved_epoch bigint NOT NULL DEFAULT 0,
  -- Of this server: over which the last beat came.
  backend     integer,
  -- One over which earlier beats came, and that was there still: two processes with the same state, started on a copy of it. What one of
  -- them says, the other need not do.
  rival       integer
);

-- Whether a session of a gateway is there. Everybody is shown these columns.
-- STRICT: for most members there is no backend to look for, and each look goes through all sessions of the server.
CREATE FUNCTION hydra_cutover.is_beating(p_backend integer) RETURNS boolean
LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $beating$
  SELECT EXISTS (SELECT FROM pg_stat_activity
                  WHERE pid = p_backend AND datname = current_database() AND application_name = 'hydra-cutover gateway member')
$beating$;

-- All those for whom there is no room, as one. Nobody is it: whoever could beat or leave for it could let a fence stand beside them.
CREATE FUNCTION hydra_cutover.the_others() RETURNS uuid
LANGUAGE sql IMMUTABLE AS $others$ SELECT '00000000-0000-0000-0000-000000000000'::uuid $others$;

-- Renews a lease, or joins. Beside a living attempt nobody joins, and no lease that is over lives again: who is told so forwards nothing
-- to this side until it is decided. `living` and `committed` are epochs; `p_known_epoch` is the attempt that it knows of.
CREATE FUNCTION hydra_cutover.beat_member(p_member uuid, p_name text, p_lease_ms integer, p_known_epoch bigint, p_moved_epoch bigint)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $beat$
DECLARE
  lease interval := LEAST(GREATEST(p_lease_ms, 100), 60000) * interval '1 millisecond';
  living_epoch bigint;
  is_admitted boolean := true;
  rival_now integer;
BEGIN
  IF p_member = hydra_cutover.the_others() THEN
    RAISE EXCEPTION 'hydra-cutover: no gateway has the id %', p_member USING ERRCODE = '22023';
  END IF;
  PERFORM hydra_cutover.decide(2000);
  -- Shuts out a beginning: whoever joins without having been told of an attempt is seen by its fence.
  LOCK TABLE hydra_cutover.attempt IN ROW EXCLUSIVE MODE;
  LOCK TABLE hydra_cutover.member IN ROW EXCLUSIVE MODE;
  SELECT max(epoch) INTO living_epoch FROM hydra_cutover.attempt
   WHERE state IN ('holding', 'fenced') AND lease_until > clock_timestamp();
  SELECT CASE WHEN m.backend <> pg_backend_pid() AND hydra_cutover.is_beating(m.backend) THEN m.backend
              WHEN m.rival <> pg_backend_pid() AND hydra_cutover.is_beating(m.rival) THEN m.rival END
    INTO rival_now FROM hydra_cutover.member m WHERE m.member = p_member;
  IF living_epoch IS NOT NULL THEN
    UPDATE hydra_cutover.member SET lease_until = clock_timestamp() + lease, backend = pg_backend_pid(), rival = rival_now,
           bound_epoch = CASE WHEN p_known_epoch = living_epoch THEN living_epoch ELSE bound_epoch END
     WHERE member = p_member AND lease_until > clock_timestamp();
    is_admitted := FOUND;
  ELSIF EXISTS (SELECT FROM hydra_cutover.member WHERE member = p_member)
     -- Whoever has the password of the gateways must not fill this database.
     OR (SELECT count(*) FROM hydra_cutover.member) < 1000 THEN
    INSERT INTO hydra_cutover.member AS m (member, name, lease_until, moved_epoch, backend)
    VALUES (p_member, left(p_name, 200), clock_timestamp() + lease, COALESCE(p_moved_epoch, 0), pg_backend_pid())
    ON CONFLICT (member) DO UPDATE SET name = EXCLUDED.name, lease_until = EXCLUDED.lease_until, backend = EXCLUDED.backend, rival = rival_now,
      moved_epoch = GREATEST(m.moved_epoch, EXCLUDED.moved_epoch);
  ELSE
    -- It may forward all the same. Those for whom there is no room are counted as one, for which nobody can answer: no fence stands beside it.
    INSERT INTO hydra_cutover.member AS m (member, name, lease_until)
    VALUES (hydra_cutover.the_others(), 'one of more than 1000', clock_timestamp() + lease)
    ON CONFLICT (member) DO UPDATE SET lease_until = GREATEST(m.lease_until, EXCLUDED.lease_until);
    is_admitted := false;
  END IF;
  RETURN jsonb_build_object('admitted', is_admitted, 'living', living_epoch,
    'committed', (SELECT max(epoch) FROM hydra_cutover.attempt WHERE state = 'committed'));
END
$beat$;

-- Whoever stops in order, and forwards nothing any more. True when it was a member.
CREATE FUNCTION hydra_cutover.leave_member(p_member uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $leave$
BEGIN
  PERFORM hydra_cutover.decide(2000);
  DELETE FROM hydra_cutover.member WHERE member = p_member AND member <> hydra_cutover.the_others();
  RETURN FOUND;
END
$leave$;

-- A person knows that it is gone for good: nothing else tells that of one which fell silent before it knew of the attempt. Never one
-- whose lease lives.
CREATE FUNCTION hydra_cutover.forget_member(p_name text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $forget$
DECLARE
  forgotten integer;
BEGIN
  PERFORM hydra_cutover.decide(2000);
  DELETE FROM hydra_cutover.member WHERE name = p_name AND lease_until <= clock_timestamp();
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$forget$;

-- Who may still forward writes to this side, besides those that acknowledged: `alive`, and `silent`, of whom nobody knows. The word of one of
-- two is no word. Waits for
-- beats that are under way, and no other comes before the end of the transaction.
CREATE FUNCTION hydra_cutover.unacknowledged(p_epoch bigint, p_acknowledged uuid[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $unacknowledged$
BEGIN
  LOCK TABLE hydra_cutover.member IN SHARE ROW EXCLUSIVE MODE;
  RETURN (
    SELECT jsonb_build_object(
             'alive', COALESCE(jsonb_agg(name ORDER BY name) FILTER (WHERE lease_until > clock_timestamp()), '[]'),
             'silent', COALESCE(jsonb_agg(name ORDER BY name) FILTER (WHERE lease_until <= clock_timestamp()), '[]'))
      FROM hydra_cutover.member
     WHERE (hydra_cutover.is_beating(rival) OR NOT (member = ANY (COALESCE(p_acknowledged, '{}'))))
       AND (lease_until > clock_timestamp() OR bound_epoch <> p_epoch)
    HAVING count(*) > 0);
END
$unacknowledged$;

-- Whether it may still send reads to this side, which was left for the epoch. One that nobody knows never held for it.
CREATE FUNCTION hydra_cutover.may_read_here(p_member uuid, p_epoch bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $reads$
  SELECT EXISTS (SELECT FROM hydra_cutover.member
                  WHERE member = p_member AND (hydra_cutover.is_beating(rival) OR moved_epoch < p_epoch) AND lease_until > clock_timestamp())
$reads$;
