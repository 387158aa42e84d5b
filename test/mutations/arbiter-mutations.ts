import { type Mutation, mutationsOf } from './mutation';

const ARBITER = 'hydra/arbiter/arbiter.sql';
const GUARDS = 'hydra/arbiter/guards.sql';
const LOOKS = 'hydra/arbiter/looks.sql';
const MEMBERS = 'hydra/arbiter/members.sql';

const ATTEMPTS = mutationsOf({ file: ARBITER, killedBy: 'twin' }, [
  {
    what: 'an attempt begins on a side that is committed',
    find: `  IF side_now.state IN ('committed', 'closed', 'abandoned', 'removing') THEN`,
    replace: `  IF side_now.state IN ('closed', 'abandoned', 'removing') THEN`,
  },
  {
    what: 'an attempt begins while the capture is being removed',
    find: `  IF side_now.state IN ('committed', 'closed', 'abandoned', 'removing') THEN`,
    replace: `  IF side_now.state IN ('committed', 'closed', 'abandoned') THEN`,
  },
  {
    what: 'an attempt begins with an epoch that was used',
    find: `  IF p_epoch <= (SELECT`,
    replace: `  IF p_epoch < (SELECT`,
  },
  {
    what: 'an older attempt whose lease is over stays as it was when a new one begins',
    find: `decided_by = 'lease over'\n   WHERE state IN ('holding', 'fenced');`,
    replace: `decided_by = 'lease over'\n   WHERE false;`,
  },
  {
    what: 'a fence comes after its lease',
    find: `  IF mine.lease_until <= clock_timestamp() THEN`,
    replace: `  IF false THEN`,
  },
  {
    what: 'the fence of an attempt that was given up is granted',
    find: `  IF mine.state IS DISTINCT FROM 'holding' THEN`,
    replace: `  IF mine.state IS NULL OR mine.state NOT IN ('holding', 'aborted') THEN`,
  },
  {
    what: 'the fence does not arm the guards',
    find: `SELECT setval('hydra_cutover.armed', pg_current_xact_id()::text::bigint);`,
    replace: `SELECT NULL;`,
  },
  {
    what: 'a commit comes after its lease',
    find: `   WHERE attempt = p_attempt AND state = 'fenced' AND lease_until > clock_timestamp();\n  IF NOT FOUND`,
    replace: `   WHERE attempt = p_attempt AND state = 'fenced';\n  IF NOT FOUND`,
  },
  {
    what: 'the commit of an attempt that another one has fenced over is granted',
    find: `  IF mine.state IS DISTINCT FROM 'fenced' THEN`,
    replace: `  IF mine.state IS NULL OR mine.state NOT IN ('fenced', 'aborted') THEN`,
  },
  {
    what: 'a commit leaves changes that were never carried',
    find: `  IF undone > 0 THEN`,
    replace: `  IF undone > 3 THEN`,
  },
  {
    what: 'a commit does not look at guards and capture',
    find: `SELECT hydra_cutover.guard_problems() UNION ALL SELECT hydra_cutover.capture_problems()`,
    replace: `SELECT hydra_cutover.guard_problems()`,
  },
  {
    what: 'an abort leaves the fence standing',
    find: `  UPDATE hydra_cutover.run SET state = 'open', lease_until = NULL WHERE attempt = p_attempt AND state = 'fenced';`,
    replace: ``,
  },
  {
    what: 'an abort leaves a fence that has lapsed, which a clock that is set back would bring back',
    find: `  UPDATE hydra_cutover.run SET state = 'open', lease_until = NULL WHERE attempt = p_attempt AND state = 'fenced';`,
    replace: `  UPDATE hydra_cutover.run SET state = 'open', lease_until = NULL WHERE attempt = p_attempt AND state = 'fenced' AND lease_until > clock_timestamp();`,
  },
  {
    what: 'an attempt that begins leaves the fence of an older one, which a clock that is set back would bring back',
    find: `  UPDATE hydra_cutover.run SET state = 'open', lease_until = NULL WHERE state = 'fenced';`,
    replace: ``,
  },
  {
    what: 'a committed attempt is aborted',
    find: `  IF mine.state IN ('committed', 'aborted') THEN`,
    replace: `  IF mine.state = 'aborted' THEN`,
  },
]);

const CLAIMS = mutationsOf({ file: ARBITER, killedBy: 'twin' }, [
  {
    what: 'a side that an earlier cutover left tells about a later epoch',
    find: `WHERE state IN ('closed', 'abandoned') OR (state = 'committed' AND epoch < p_epoch))\n     OR`,
    replace: `WHERE state IN ('closed', 'abandoned'))\n     OR`,
    secondLine: {
      what: 'it is asked once more before an epoch is used up',
      edit: {
        file: ARBITER,
        find: `    IF p_epoch > known + 1 OR EXISTS (SELECT FROM hydra_cutover.run WHERE state = 'committed' AND epoch < p_epoch) THEN`,
        replace: `    IF p_epoch > known + 1 THEN`,
      },
    },
  },
  {
    what: 'green tells who is left before it was opened',
    find: `WHERE state IN ('closed', 'abandoned') OR (state = 'committed' AND epoch < p_epoch))\n     OR`,
    replace: `WHERE state = 'committed' AND epoch < p_epoch)\n     OR`,
  },
  {
    what: 'a gateway that holds nothing is told to serve while an attempt is alive',
    find: `  IF p_epoch IS NULL AND (hydra_cutover.outcome() ->> 'living') IS NOT NULL THEN`,
    replace: `  IF false THEN`,
  },
  {
    what: 'a claim uses up an epoch that nobody stages, and no attempt can begin any more',
    find: `    IF p_epoch > known + 1 OR EXISTS`,
    replace: `    IF EXISTS`,
  },
  {
    what: 'a claim of an epoch that was not begun leaves it free to begin',
    find: `    IF p_epoch > known THEN`,
    replace: `    IF false THEN`,
  },
  {
    what: 'a gateway serves on although a newer epoch was committed',
    find: `WHERE state = 'committed' AND epoch > COALESCE(p_applied_epoch, 0)) THEN`,
    replace: `WHERE false) THEN`,
  },
  {
    what: 'an epoch that tried to leave a side counts as one that it was opened for',
    file: LOOKS,
    find: `     AND NOT EXISTS (SELECT 1 FROM hydra_cutover.attempt WHERE epoch = p_epoch)\n$serves$`,
    replace: `$serves$`,
  },
  {
    what: 'a side serves nobody any more while its arbiter is being removed',
    file: LOOKS,
    find: `state IN ('open', 'removing')`,
    replace: `state = 'open'`,
  },
  {
    what: 'an attempt whose lease is over counts as one that is being prepared',
    file: LOOKS,
    find: `                  WHERE epoch = p_epoch AND state IN ('holding', 'fenced') AND lease_until > clock_timestamp())`,
    replace: `                  WHERE epoch = p_epoch AND state IN ('holding', 'fenced'))`,
  },
]);

const SIDES = mutationsOf({ file: GUARDS, killedBy: 'twin' }, [
  {
    what: 'a side opens whatever state it is in',
    file: ARBITER,
    find: `  IF side_now.state <> 'closed' OR p_epoch <= side_now.epoch THEN`,
    replace: `  IF p_epoch <= side_now.epoch THEN`,
  },
  {
    what: 'the right to open is taken from a side that is open',
    file: ARBITER,
    find: `  IF side_now.state NOT IN ('closed', 'abandoned') THEN`,
    replace: `  IF false THEN`,
  },
  {
    what: 'a removal takes the right to begin from a side that is committed',
    file: ARBITER,
    find: `  IF side_now.state IN ('committed', 'closed', 'abandoned') THEN`,
    replace: `  IF side_now.state IN ('closed', 'abandoned') THEN`,
  },
  {
    what: 'a side opens although DDL that is under way takes a guard away',
    file: ARBITER,
    find: `  PERFORM hydra_cutover.lock_guarded();\n  problems := ARRAY(SELECT hydra_cutover.guard_problems());`,
    replace: `  problems := ARRAY(SELECT hydra_cutover.guard_problems());`,
    killedBy: 'decisions',
  },
  {
    what: 'a late sync writes on an open green',
    find: `             WHEN sync_role = session_user THEN 'the sync is over'\n`,
    replace: ``,
    killedBy: 'sides',
  },
  {
    what: 'a committed side lets writes pass',
    find: `WHEN state IN ('committed', 'closed', 'abandoned') THEN state`,
    replace: `WHEN state IN ('closed', 'abandoned') THEN state`,
    killedBy: 'committing',
  },
  {
    what: 'a fence holds after its lease, so that a dead orchestrator is an outage',
    find: `WHEN state = 'fenced' AND lease_until > clock_timestamp() THEN state`,
    replace: `WHEN state = 'fenced' THEN state`,
    killedBy: 'guards',
  },
  {
    what: 'a guard that finds nothing that says whether it is armed lets writes pass',
    find: `changed_by := pg_sequence_last_value('hydra_cutover.armed'::regclass);`,
    replace: `changed_by := COALESCE(pg_sequence_last_value('hydra_cutover.armed'::regclass), 0);`,
    killedBy: 'guards',
  },
  {
    what: 'a write that was refused is not counted',
    find: `  PERFORM nextval('hydra_cutover.refused');\n  -- Never 40001`,
    replace: `  -- Never 40001`,
    killedBy: 'guards',
  },
]);

const PROBLEMS = mutationsOf({ file: GUARDS, killedBy: 'committing' }, [
  {
    what: 'a guard with a condition is one',
    find: `AND t.tgqual IS NULL AND t.tgattr = ''`,
    replace: `AND t.tgattr = ''`,
  },
  {
    what: 'a guard for some columns is one',
    find: `AND t.tgqual IS NULL AND t.tgattr = ''`,
    replace: `AND t.tgqual IS NULL`,
  },
  {
    what: 'a guard for some statements is one',
    find: `t.tgenabled = 'A' AND t.tgtype = 62 AND`,
    replace: `t.tgenabled = 'A' AND`,
  },
  {
    what: 'a guard that calls somebody else is one',
    find: `WHERE p.oid = t.tgfoid AND n.nspname = 'hydra_cutover' AND p.proname`,
    replace: `WHERE p.oid = t.tgfoid AND p.proname`,
  },
  {
    what: 'another table may have the name of a guarded one',
    find: `FROM known WHERE relname <> table_name`,
    replace: `FROM known WHERE false`,
  },
  {
    what: 'a guard is made anew under a fence, which hides that it was away',
    find: `OR (state = 'fenced' AND lease_until > clock_timestamp());\n  IF FOUND THEN\n    -- Now`,
    replace: `;\n  IF FOUND THEN\n    -- Now`,
  },
  {
    what: 'a guard is made anew on a side that is given up or is being removed',
    find: `WHERE state IN ('committed', 'abandoned', 'removing') OR (state`,
    replace: `WHERE state IN ('committed') OR (state`,
  },
  {
    what: 'the look after the commit does not tell of changes that nobody has carried',
    find: `undone_changes() undone WHERE undone > 0`,
    replace: `undone_changes() undone WHERE false`,
  },
]);

const MEMBERSHIP = mutationsOf({ file: MEMBERS, killedBy: 'members' }, [
  {
    what: 'a gateway joins while an attempt begins, and neither sees the other',
    find: `LOCK TABLE hydra_cutover.attempt IN ROW EXCLUSIVE MODE;\n  LOCK TABLE hydra_cutover.member IN ROW`,
    replace: `LOCK TABLE hydra_cutover.member IN ROW`,
  },
  {
    what: 'a gateway that said that it holds is not bound by the attempt, and keeps the next fence away once it is silent',
    file: 'hydra/arbiter/arbiter.sql',
    find: `  UPDATE hydra_cutover.member SET bound_epoch = mine.epoch WHERE member = ANY (p_acknowledged);\n`,
    replace: ``,
    killedBy: 'twin',
  },
  {
    what: 'one of two processes with one state says for both that reads have moved',
    find: `(hydra_cutover.is_beating(rival) OR moved_epoch < p_epoch)`,
    replace: `(moved_epoch < p_epoch)`,
  },
  {
    what: 'gateways for which there is no room are counted by no fence',
    find: `ON CONFLICT (member) DO UPDATE SET lease_until = GREATEST(m.lease_until, EXCLUDED.lease_until);`,
    replace: `ON CONFLICT (member) DO NOTHING; DELETE FROM hydra_cutover.member WHERE name LIKE 'one of %';`,
  },
  {
    what: 'a fence looks through all sessions of the server for each gateway',
    find: `LANGUAGE sql STABLE STRICT SECURITY DEFINER`,
    replace: `LANGUAGE sql STABLE SECURITY DEFINER`,
  },
  {
    what: 'a fence does not wait for a beat that renews a lease',
    find: `  LOCK TABLE hydra_cutover.member IN SHARE ROW EXCLUSIVE MODE;\n`,
    replace: ``,
  },
]);

export const ARBITER_MUTATIONS: readonly Mutation[] = [...ATTEMPTS, ...CLAIMS, ...SIDES, ...PROBLEMS, ...MEMBERSHIP];
