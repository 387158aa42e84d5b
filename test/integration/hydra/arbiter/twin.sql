-- What the test of the twin needs on the server: a whole sequence of calls in one round trip, with the answer and the rows after each.

CREATE SCHEMA twin;
CREATE TABLE twin.settings (undone bigint NOT NULL, problem text);
INSERT INTO twin.settings VALUES (0, NULL);

CREATE OR REPLACE FUNCTION hydra_cutover.undone_changes() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT undone FROM twin.settings';

CREATE OR REPLACE FUNCTION hydra_cutover.capture_problems() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'SELECT problem FROM twin.settings WHERE problem IS NOT NULL';

SELECT hydra_cutover.record_made();

CREATE FUNCTION twin.reset(p_side text, p_state text) RETURNS void LANGUAGE plpgsql AS $reset$
BEGIN
  DELETE FROM hydra_cutover.attempt;
  DELETE FROM hydra_cutover.member;
  DELETE FROM hydra_cutover.finalized;
  UPDATE hydra_cutover.run SET side = p_side, attempt = 0, epoch = 0, lease_until = NULL, state = p_state;
  PERFORM setval('hydra_cutover.armed', CASE p_state WHEN 'closed' THEN 1 ELSE 0 END);
  UPDATE twin.settings SET undone = 0, problem = NULL;
END
$reset$;

-- As if the leases had been as long as until now.
CREATE FUNCTION twin.end_leases() RETURNS void LANGUAGE sql AS $leases$
  UPDATE hydra_cutover.attempt SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until > clock_timestamp();
  UPDATE hydra_cutover.run SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until > clock_timestamp();
$leases$;

CREATE FUNCTION twin.end_member_leases() RETURNS void LANGUAGE sql AS $leases$
  UPDATE hydra_cutover.member SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until > clock_timestamp();
$leases$;

CREATE FUNCTION twin.rows() RETURNS jsonb LANGUAGE sql AS $rows$
  SELECT jsonb_build_object(
    'run', (SELECT jsonb_build_array(state, attempt, epoch,
              CASE WHEN lease_until IS NULL THEN 'none' WHEN lease_until > clock_timestamp() THEN 'live' ELSE 'over' END)
              FROM hydra_cutover.run),
    'armed', (SELECT last_value <> 0 FROM hydra_cutover.armed),
    'attempts', (SELECT COALESCE(jsonb_agg(jsonb_build_array(attempt, epoch, state, lease_until > clock_timestamp()) ORDER BY attempt), '[]')
                   FROM hydra_cutover.attempt),
    'finalized', (SELECT COALESCE(jsonb_agg(epoch ORDER BY finalized_at), '[]') FROM hydra_cutover.finalized),
    'members', (SELECT COALESCE(jsonb_agg(jsonb_build_array(member, lease_until > clock_timestamp(), bound_epoch, moved_epoch) ORDER BY member), '[]')
                  FROM hydra_cutover.member))
$rows$;

-- Times are told apart as live or over by the rows, so they are taken out of the answers.
CREATE FUNCTION twin.replay(p_side text, p_state text, p_calls jsonb) RETURNS jsonb LANGUAGE plpgsql AS $replay$
DECLARE
  one jsonb;
  answer jsonb;
  told jsonb := '[]';
  words text[];
BEGIN
  PERFORM twin.reset(p_side, p_state);
  FOR one IN SELECT * FROM jsonb_array_elements(p_calls) LOOP
    answer := NULL;
    IF one ->> 'expression' IS NOT NULL THEN
      BEGIN
        EXECUTE 'SELECT to_jsonb(' || (one ->> 'expression') || ')' INTO answer;
        IF jsonb_typeof(answer) = 'object' THEN
          answer := answer - 'holdStartedAt' - 'leaseUntil';
        END IF;
      EXCEPTION WHEN OTHERS THEN
        answer := jsonb_build_object('error', SQLSTATE);
      END;
    ELSE
      words := string_to_array(one ->> 'statement', ' ');
      CASE words[1]
        WHEN 'twin.end_leases' THEN PERFORM twin.end_leases();
        WHEN 'twin.end_member_leases' THEN PERFORM twin.end_member_leases();
        WHEN 'twin.set_undone' THEN UPDATE twin.settings SET undone = words[2]::bigint;
        WHEN 'twin.set_problem' THEN UPDATE twin.settings SET problem = NULLIF(array_to_string(words[2:], ' '), '');
      END CASE;
    END IF;
    told := told || jsonb_build_array(jsonb_build_object('answer', answer, 'rows', twin.rows()));
  END LOOP;
  RETURN told;
END
$replay$;
