-- The arbiter of one side: who may write to this database now. Every function that decides begins with decide().

REVOKE ALL ON SCHEMA hydra_cutover FROM PUBLIC;

-- The barrier: writers hold ROW EXCLUSIVE on it to the end of their transactions, and fence, commit and opening SHARE ROW EXCLUSIVE.
-- A relation and no advisory key, because pg_locks shows keys to everybody and anybody may take them. In a schema that nobody else
-- may use: CREATE TRIGGER and CREATE RULE lock what they name before they ask for a right to it. Apart from hydra_cutover, which the
-- login of the sync may use. A view without tables, because VACUUM and ANALYZE never lock one.
REVOKE ALL ON SCHEMA hydra_cutover_barrier FROM PUBLIC;
CREATE OR REPLACE VIEW hydra_cutover_barrier.barrier AS SELECT true AS only_to_be_locked;

-- What every guard reads. Changed only below, and only under the exclusive barrier whenever a guard would refuse what it let pass before.
CREATE TABLE hydra_cutover.run (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  side        text NOT NULL CHECK (side IN ('blue', 'green')),
  nonce       uuid NOT NULL,
  cutover_id  text NOT NULL,
  -- open: writes pass. fenced: refused until lease_until. committed: writes moved to the other side, for good. closed: not yet
  -- opened after the copy, refused without a limit. abandoned: closed, and never to be opened. removing: writes pass, and no attempt
  -- can begin here any more.
  state       text NOT NULL
    CHECK (state IN ('open', 'fenced', 'committed', 'closed', 'abandoned', 'removing')),
  attempt     bigint NOT NULL DEFAULT 0,
  epoch       bigint NOT NULL DEFAULT 0,
  lease_until timestamptz,
  -- May write while this side is closed, and never otherwise. Never settable by a session.
  sync_role    name,
  installed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Of this schema; see schema-version.ts.
  schema_version integer NOT NULL,
  CHECK ((state = 'fenced') = (lease_until IS NOT NULL))
);

-- What gateways in doubt claim. Apart from run: its rows change while traffic flows, without the barrier. Locked after it, and as a
-- table before any row, in the mode that is needed in the end: else those who begin and those who commit could wait for each other.
CREATE TABLE hydra_cutover.attempt (
  attempt         bigint PRIMARY KEY,
  epoch           bigint NOT NULL UNIQUE,
  state           text NOT NULL CHECK (state IN ('holding', 'fenced', 'aborted', 'committed')),
  hold_started_at timestamptz NOT NULL,
  lease_until     timestamptz NOT NULL,
  decided_at      timestamptz,
  decided_by      text CHECK (length(decided_by) <= 200)
);

-- Apart from run, which changes only under the barrier: that everybody was seen on the other side, and its arbiter goes.
CREATE TABLE hydra_cutover.finalized (
  epoch        bigint PRIMARY KEY,
  finalized_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Not MVCC: a transaction sees at once what happened, whatever its snapshot. 0: nothing was ever fenced or closed here. Else the
-- transaction that last changed run, set before its commit, under the exclusive barrier.
CREATE SEQUENCE hydra_cutover.armed MINVALUE 0 START 0;
-- One that was never set has no last value, which a guard does not take for 0.
SELECT setval('hydra_cutover.armed', 0);

-- Survives the rollback of the write that was refused, but not a crash: nothing flushes what an aborted transaction logged.
CREATE SEQUENCE hydra_cutover.refused MINVALUE 0 START 0;

-- Has its row from a fence on, as long as nothing that was counted can have been lost: the server empties an unlogged table whenever it
-- recovers from a crash, of one of its processes too, which leaves pg_postmaster_start_time() as it was.
CREATE UNLOGGED TABLE hydra_cutover.counting (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);

-- What every decision needs of its transaction. READ COMMITTED, because each takes its locks first and then looks: an older snapshot
-- would show what was there before the wait. Durable, whatever the session says: a decision that a crash takes back makes two writable
-- sides.
CREATE FUNCTION hydra_cutover.decide(p_lock_timeout_ms integer DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $decide$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'hydra-cutover: the arbiter decides under READ COMMITTED, and this transaction is %',
      upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'HC003', HINT = 'Look at default_transaction_isolation of this role and of this database.';
  END IF;
  PERFORM set_config('synchronous_commit', 'on', true);
  IF p_lock_timeout_ms IS NOT NULL THEN
    PERFORM set_config('lock_timeout', p_lock_timeout_ms::text, true);
  END IF;
END
$decide$;

-- After each change of run that guards must not miss, in its transaction: arms them too.
CREATE FUNCTION hydra_cutover.mark_change() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $mark$
  SELECT setval('hydra_cutover.armed', pg_current_xact_id()::text::bigint);
$mark$;

-- Each function below that knows a row of a table has a lock_timeout of its own: compiling it locks that table, before decide() is called.

-- Registers an attempt before the first request is held. Refused while another attempt is alive.
CREATE FUNCTION hydra_cutover.begin_attempt(p_epoch bigint, p_hold_deadline_ms integer, p_margin_ms integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $begin$
DECLARE
  now_here timestamptz;
  side_now hydra_cutover.run;
  alive hydra_cutover.attempt;
  made hydra_cutover.attempt;
BEGIN
  -- A gateway that claims holds this table to the end of its transaction, for however long that is.
  PERFORM hydra_cutover.decide(2000);
  LOCK TABLE hydra_cutover.attempt IN SHARE ROW EXCLUSIVE MODE;
  now_here := clock_timestamp();
  SELECT * INTO STRICT side_now FROM hydra_cutover.run;
  IF side_now.state IN ('committed', 'closed', 'abandoned', 'removing') THEN
    RETURN jsonb_build_object('ok', false, 'reason', side_now.state, 'attempt', side_now.attempt, 'epoch', side_now.epoch);
  END IF;
  SELECT * INTO alive FROM hydra_cutover.attempt WHERE state IN ('holding', 'fenced') AND lease_until > now_here;
  IF FOUND THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'attempt_alive', 'attempt', alive.attempt, 'epoch', alive.epoch);
  END IF;
  IF p_epoch <= (SELECT GREATEST(side_now.epoch, max(epoch)) FROM hydra_cutover.attempt) THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'stale_epoch',
      'epoch', (SELECT GREATEST(side_now.epoch, max(epoch)) FROM hydra_cutover.attempt));
  END IF;
  UPDATE hydra_cutover.attempt SET state = 'aborted', decided_at = now_here, decided_by = 'lease over'
   WHERE state IN ('holding', 'fenced');
  UPDATE hydra_cutover.run SET state = 'open', lease_until = NULL WHERE state = 'fenced';
  INSERT INTO hydra_cutover.attempt (attempt, epoch, state, hold_started_at, lease_until)
  SELECT COALESCE(max(attempt), 0) + 1, p_epoch, 'holding', now_here,
         now_here + (p_hold_deadline_ms - p_margin_ms) * interval '1 millisecond'
    FROM hydra_cutover.attempt
  RETURNING * INTO made;
  RETURN jsonb_build_object('ok', true, 'attempt', made.attempt, 'epoch', made.epoch,
    'holdStartedAt', made.hold_started_at, 'leaseUntil', made.lease_until);
END
$begin$;

-- Takes the right to begin an attempt away, for good: the first thing that every removal does. Idempotent. It needs no barrier: it
-- shuts out beginning by the table lock, nothing alive is left to fence, and guards let writes pass before and after it.
CREATE FUNCTION hydra_cutover.begin_removal(p_cutover_id text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $removal$
DECLARE
  now_here timestamptz;
  side_now hydra_cutover.run;
  alive hydra_cutover.attempt;
BEGIN
  PERFORM hydra_cutover.decide(2000);
  LOCK TABLE hydra_cutover.attempt IN SHARE ROW EXCLUSIVE MODE;
  now_here := clock_timestamp();
  SELECT * INTO STRICT side_now FROM hydra_cutover.run;
  IF side_now.cutover_id <> p_cutover_id THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'other_cutover', 'epoch', side_now.epoch);
  END IF;
  IF side_now.state IN ('committed', 'closed', 'abandoned') THEN
    RETURN jsonb_build_object('ok', false, 'reason', side_now.state, 'epoch', side_now.epoch);
  END IF;
  SELECT * INTO alive FROM hydra_cutover.attempt WHERE state IN ('holding', 'fenced') AND lease_until > now_here;
  IF FOUND THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'attempt_alive', 'epoch', alive.epoch, 'leaseUntil', alive.lease_until);
  END IF;
  IF side_now.state = 'removing' THEN
    RETURN jsonb_build_object('ok', true, 'alreadyRemoving', true);
  END IF;
  UPDATE hydra_cutover.attempt SET state = 'aborted', decided_at = now_here, decided_by = 'removal'
   WHERE state IN ('holding', 'fenced');
  UPDATE hydra_cutover.run SET state = 'removing', lease_until = NULL;
  RETURN jsonb_build_object('ok', true, 'alreadyRemoving', false);
END
$removal$;

-- Refuses every write here until the attempt's lease ends. One call, committed by itself: no client round trip happens while the
-- barrier is held. A lease is never extended: it was fixed when the attempt began. Refused while a gateway that is none of
-- `p_acknowledged` may forward writes: who calls it has heard each of these say that it holds, and has nothing in flight.
CREATE FUNCTION hydra_cutover.fence(p_attempt bigint, p_lock_timeout_ms integer, p_acknowledged uuid[] DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $fence$
DECLARE
  mine hydra_cutover.attempt;
  others jsonb;
BEGIN
  PERFORM hydra_cutover.decide(p_lock_timeout_ms);
  LOCK TABLE hydra_cutover_barrier.barrier IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE hydra_cutover.attempt IN ROW EXCLUSIVE MODE;
  SELECT * INTO mine FROM hydra_cutover.attempt WHERE attempt = p_attempt FOR UPDATE;
  IF mine.state = 'fenced' AND mine.lease_until > clock_timestamp() THEN
    RETURN jsonb_build_object('ok', true, 'alreadyFenced', true, 'leaseUntil', mine.lease_until);
  END IF;
  IF mine.state IS DISTINCT FROM 'holding' THEN
    RETURN jsonb_build_object('ok', false, 'reason', COALESCE(mine.state, 'unknown_attempt'));
  END IF;
  IF mine.lease_until <= clock_timestamp() THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'lease_over', 'leaseUntil', mine.lease_until);
  END IF;
  others := hydra_cutover.unacknowledged(mine.epoch, p_acknowledged);
  IF others IS NOT NULL THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'members') || others;
  END IF;
  UPDATE hydra_cutover.member SET bound_epoch = mine.epoch WHERE member = ANY (p_acknowledged);
  -- From here to the commit no table may be rewritten or get other columns, which is how DDL writes without a trigger firing, and no guard may be off.
  -- What happened before is for the capture to tell, which compares with what it has recorded itself.
  UPDATE hydra_cutover.guarded g
     SET relfilenode = c.relfilenode, columns_hash = hydra_cutover.columns_hash(c.oid), trigger_xmin = t.xmin
    FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid
   WHERE c.oid = g.table_oid AND t.tgname = 'hydra_cutover_guard'
     AND (c.relfilenode <> g.relfilenode OR t.xmin <> g.trigger_xmin OR hydra_cutover.columns_hash(c.oid) <> g.columns_hash);
  PERFORM hydra_cutover.mark_change();
  INSERT INTO hydra_cutover.counting DEFAULT VALUES ON CONFLICT DO NOTHING;
  UPDATE hydra_cutover.run SET state = 'fenced', attempt = mine.attempt, epoch = mine.epoch, lease_until = mine.lease_until;
  UPDATE hydra_cutover.attempt SET state = 'fenced' WHERE attempt = p_attempt;
  RETURN jsonb_build_object('ok', true, 'alreadyFenced', false, 'leaseUntil', mine.lease_until);
END
$fence$;

-- The only point of no return.
CREATE FUNCTION hydra_cutover.commit_attempt(p_attempt bigint, p_lock_timeout_ms integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $commit$
DECLARE
  mine hydra_cutover.attempt;
  problems text[];
  undone bigint;
BEGIN
  PERFORM hydra_cutover.decide(p_lock_timeout_ms);
  -- Held until this transaction is durable: a writer who comes when the lease has ended waits for the outcome.
  LOCK TABLE hydra_cutover_barrier.barrier IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE hydra_cutover.attempt IN ROW EXCLUSIVE MODE;
  SELECT * INTO mine FROM hydra_cutover.attempt WHERE attempt = p_attempt FOR UPDATE;
  IF mine.state = 'committed' THEN
    RETURN jsonb_build_object('ok', true, 'alreadyCommitted', true, 'epoch', mine.epoch);
  END IF;
  IF mine.state IS DISTINCT FROM 'fenced' THEN
    RETURN jsonb_build_object('ok', false, 'reason', COALESCE(mine.state, 'unknown_attempt'));
  END IF;
  PERFORM hydra_cutover.lock_guarded();
  undone := hydra_cutover.undone_changes();
  IF undone > 0 THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'undone_changes', 'undone', undone);
  END IF;
  problems := ARRAY(SELECT hydra_cutover.guard_problems() UNION ALL SELECT hydra_cutover.capture_problems());
  IF cardinality(problems) > 0 THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'guard_problems', 'problems', to_jsonb(problems));
  END IF;
  UPDATE hydra_cutover.run SET state = 'committed', lease_until = NULL
   WHERE attempt = p_attempt AND state = 'fenced' AND lease_until > clock_timestamp();
  IF NOT FOUND THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'lease_over', 'leaseUntil', mine.lease_until);
  END IF;
  PERFORM hydra_cutover.mark_change();
  UPDATE hydra_cutover.attempt SET state = 'committed', decided_at = clock_timestamp(), decided_by = 'commit'
   WHERE attempt = p_attempt;
  RETURN jsonb_build_object('ok', true, 'alreadyCommitted', false, 'epoch', mine.epoch);
END
$commit$;

-- Gives an attempt up, or says that it is too late. What a gateway in doubt calls: it claims, it never looks. Without the barrier: a
-- gateway may leave its transaction open, and nobody who waits for that may be a writer.
CREATE FUNCTION hydra_cutover.abort_attempt(p_attempt bigint, p_by text, p_lock_timeout_ms integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $abort$
DECLARE
  mine hydra_cutover.attempt;
BEGIN
  PERFORM hydra_cutover.decide(p_lock_timeout_ms);
  LOCK TABLE hydra_cutover.attempt IN ROW EXCLUSIVE MODE;
  SELECT * INTO mine FROM hydra_cutover.attempt WHERE attempt = p_attempt FOR UPDATE;
  IF mine.state IS NULL THEN
    RETURN jsonb_build_object('outcome', 'unknown_attempt');
  END IF;
  IF mine.state IN ('committed', 'aborted') THEN
    RETURN jsonb_build_object('outcome', mine.state, 'epoch', mine.epoch);
  END IF;
  -- Also of a fence that has lapsed, which would come back with a clock that is set back. No guard that answers otherwise a moment later
  -- is wrong: an attempt whose row says aborted is never committed, so the barrier is not needed.
  UPDATE hydra_cutover.run SET state = 'open', lease_until = NULL WHERE attempt = p_attempt AND state = 'fenced';
  UPDATE hydra_cutover.attempt SET state = 'aborted', decided_at = clock_timestamp(), decided_by = left(p_by, 200)
   WHERE attempt = p_attempt;
  RETURN jsonb_build_object('outcome', 'aborted', 'epoch', mine.epoch);
END
$abort$;

-- What a gateway in doubt calls. `aborted`: serve as before, the epoch can never be committed here; `committed`: the epoch was;
-- `unknown`: ask again. Without an epoch (started with nothing held or staged) it claims nothing, and is told `unknown` while an
-- attempt is alive: that one counts on gateways that hold, and a new one is no reason to end it.
CREATE FUNCTION hydra_cutover.claim_epoch(p_epoch bigint, p_applied_epoch bigint, p_by text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $claim$
DECLARE
  claimed bigint;
  outcome text;
  known bigint;
  now_here timestamptz := clock_timestamp();
  -- Whatever it says of itself: by which login.
  claimant text := left(concat('role ', session_user, ': ', p_by), 200);
BEGIN
  PERFORM hydra_cutover.decide(2000);
  IF EXISTS (SELECT FROM hydra_cutover.run WHERE state IN ('closed', 'abandoned') OR (state = 'committed' AND epoch < p_epoch))
     OR hydra_cutover.serves(p_epoch) THEN
    -- Not the side that is left for this epoch (not yet opened, left by an earlier cutover, or opened for it): what is decided here
    -- binds nobody there.
    RETURN 'unknown';
  END IF;
  IF p_epoch IS NULL AND (hydra_cutover.outcome() ->> 'living') IS NOT NULL THEN
    RETURN 'unknown';
  END IF;
  SELECT attempt INTO claimed FROM hydra_cutover.attempt WHERE epoch = p_epoch;
  IF FOUND THEN
    outcome := hydra_cutover.abort_attempt(claimed, claimant, 2000) ->> 'outcome';
    IF outcome = 'committed' THEN
      RETURN 'committed';
    ELSIF outcome <> 'aborted' THEN
      RETURN 'unknown';
    END IF;
  ELSIF p_epoch IS NOT NULL THEN
    -- Staged, but not begun here: used up, so that it cannot begin any more. The barrier is never waited for under this lock.
    LOCK TABLE hydra_cutover.attempt IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT 1 FROM hydra_cutover.attempt WHERE epoch = p_epoch) THEN
      RETURN 'unknown';
    END IF;
    known := (SELECT GREATEST(max(a.epoch), max(r.epoch)) FROM hydra_cutover.run r LEFT JOIN hydra_cutover.attempt a ON true);
    IF p_epoch > known + 1 OR EXISTS (SELECT FROM hydra_cutover.run WHERE state = 'committed' AND epoch < p_epoch) THEN
      -- Nobody stages such an epoch. Kept, it would be the highest one that is known, and no attempt could begin above it.
      RETURN 'unknown';
    END IF;
    IF p_epoch > known THEN
      INSERT INTO hydra_cutover.attempt (attempt, epoch, state, hold_started_at, lease_until, decided_at, decided_by)
      SELECT COALESCE(max(attempt), 0) + 1, p_epoch, 'aborted', now_here, now_here, now_here, claimant
        FROM hydra_cutover.attempt;
      -- Whoever has the password of the gateways may claim without end, and every question reads all attempts. Of those that nobody began the
      -- newest say as much as all: an epoch below one that is known is used up as well.
      DELETE FROM hydra_cutover.attempt
       WHERE state = 'aborted' AND hold_started_at = lease_until
         AND attempt <= (SELECT max(attempt) FROM hydra_cutover.attempt) - 100;
    END IF;
  END IF;
  IF EXISTS (SELECT 1 FROM hydra_cutover.attempt WHERE state = 'committed' AND epoch > COALESCE(p_applied_epoch, 0)) THEN
    -- Another epoch moved the writes away: what this gateway serves is over.
    RETURN 'unknown';
  END IF;
  RETURN 'aborted';
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
  RETURN 'unknown';
END
$claim$;

-- Makes writers of this side wait, not fail, until the caller's transaction ends. First half of opening.
CREATE FUNCTION hydra_cutover.hold_writers(p_lock_timeout_ms integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $hold$
BEGIN
  PERFORM hydra_cutover.decide(p_lock_timeout_ms);
  LOCK TABLE hydra_cutover_barrier.barrier IN SHARE ROW EXCLUSIVE MODE;
END
$hold$;

-- Opens a closed side for the epoch that was committed on the other, if its guards are all in place. Idempotent for the same epoch.
CREATE FUNCTION hydra_cutover.open_side(p_epoch bigint, p_lock_timeout_ms integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $open$
DECLARE
  side_now hydra_cutover.run;
  problems text[];
BEGIN
  PERFORM hydra_cutover.hold_writers(p_lock_timeout_ms);
  SELECT * INTO STRICT side_now FROM hydra_cutover.run FOR UPDATE;
  IF side_now.state = 'open' AND side_now.epoch = p_epoch THEN
    RETURN jsonb_build_object('ok', true, 'alreadyOpen', true, 'epoch', p_epoch);
  END IF;
  IF side_now.state <> 'closed' OR p_epoch <= side_now.epoch THEN
    RETURN jsonb_build_object('ok', false, 'reason', side_now.state, 'epoch', side_now.epoch);
  END IF;
  -- A guard that was off here let writes in that are on no other side.
  PERFORM hydra_cutover.lock_guarded();
  problems := ARRAY(SELECT hydra_cutover.guard_problems());
  IF cardinality(problems) > 0 THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'guard_problems', 'epoch', side_now.epoch, 'problems', to_jsonb(problems));
  END IF;
  UPDATE hydra_cutover.run SET state = 'open', epoch = p_epoch;
  PERFORM hydra_cutover.mark_change();
  RETURN jsonb_build_object('ok', true, 'alreadyOpen', false, 'epoch', p_epoch);
END
$open$;

-- Takes from a side that is not open yet the right to open, for good, before its instance or its Hydra is touched: nobody can delete an instance inside
-- a transaction of its database. Refused once it is open. Idempotent.
CREATE FUNCTION hydra_cutover.abandon_side(p_lock_timeout_ms integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $abandon$
DECLARE
  side_now hydra_cutover.run;
BEGIN
  PERFORM hydra_cutover.hold_writers(p_lock_timeout_ms);
  SELECT * INTO STRICT side_now FROM hydra_cutover.run FOR UPDATE;
  IF side_now.state NOT IN ('closed', 'abandoned') THEN
    RETURN jsonb_build_object('ok', false, 'reason', side_now.state, 'epoch', side_now.epoch);
  END IF;
  UPDATE hydra_cutover.run SET state = 'abandoned' WHERE state = 'closed';
  PERFORM hydra_cutover.mark_change();
  RETURN jsonb_build_object('ok', true, 'epoch', side_now.epoch);
END
$abandon$;
