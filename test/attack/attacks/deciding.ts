import { beginAttempt, commitAttempt, guardProblems, openSide } from '../../../hydra/arbiter';
import { fenced } from '../../support/attempts';
import { type Attack } from '../attack';
import { AttackSucceeded, named, refused } from '../battle';

const LEASE = { holdDeadlineMs: 600_000, marginMs: 0 };
const CATCH_UP = `UPDATE hydra_cutover.change_log SET done_at = clock_timestamp() WHERE done_at IS NULL`;

/** What goes around the fence stops the commit, or is carried; it is never committed as if nothing were. */
function aroundTheFence(title: string, write: string, what: RegExp, isInEverySuite = false): Attack {
  return {
    title: `behind the fence: ${title}`,
    as: 'hydra',
    isInEverySuite,
    run: async (battle) => {
      const attempt = await fenced(await battle.ours(), 1);
      const hydra = await battle.as('hydra');
      await hydra.query(write);
      const tool = await battle.ours();
      await tool.query(CATCH_UP);
      const answer = await commitAttempt(tool, attempt, 2_000);
      if (answer.ok) throw new AttackSucceeded('it was committed, and a write of blue is on no other side');
      if (answer.reason !== 'guard_problems') throw new Error(`refused for another reason: ${answer.reason}`);
      return named(answer.problems ?? [], what);
    },
  };
}

const JWK = `INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ('around', 'k', 0, 'x')`;

/** Every table of Hydra's goes to another schema, and an empty one without a guard takes its name. */
const ALL_ELSEWHERE = `CREATE SCHEMA aside; GRANT USAGE ON SCHEMA aside TO PUBLIC; DO $$ DECLARE t record; BEGIN
  FOR t IN SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE public.%I SET SCHEMA aside', t.name);
    EXECUTE format('CREATE TABLE public.%I (LIKE aside.%I INCLUDING ALL)', t.name, t.name);
  END LOOP; END $$`;

export const DECIDING: readonly Attack[] = [
  {
    title: 'an epoch that ends all cutovers, and 50 MB of text',
    as: 'gateway',
    isInEverySuite: true,
    run: async (battle) => {
      const gateway = await battle.as('gateway');
      for (const epoch of ['9223372036854775807', '9007199254740993', '2', '-9223372036854775808', '0']) {
        await gateway.query(`SELECT hydra_cutover_asks.claim_epoch(${epoch}, 0, repeat('x', 50000000))`);
        await gateway.query(`SELECT hydra_cutover_asks.claim_epoch(${epoch}, -9223372036854775808, repeat('x', 1000))`);
      }
      await gateway.query(`SELECT hydra_cutover_asks.claim_epoch(1, 9223372036854775807, repeat('x', 50000000))`);
      const [kept] = await battle.ask<{ bytes: number; rows: number }>(
        `SELECT pg_total_relation_size('hydra_cutover.attempt')::float8 AS bytes, count(*)::float8 AS rows FROM hydra_cutover.attempt`,
      );
      if ((kept?.bytes ?? 0) > 200_000 || (kept?.rows ?? 0) > 1)
        throw new AttackSucceeded(`it kept ${JSON.stringify(kept)}`);
      const begun = await beginAttempt(await battle.ours(), { epoch: 2, ...LEASE });
      if (!begun.ok) throw new AttackSucceeded(`no attempt can begin: ${begun.reason}`);
      return 'refused: unknown, and the next epoch begins';
    },
  },
  {
    title: 'an attempt that is given up in the name of another',
    as: 'gateway',
    isInEverySuite: true,
    run: async (battle) => {
      await fenced(await battle.ours(), 1);
      const gateway = await battle.as('gateway');
      await gateway.query(`SELECT hydra_cutover_asks.claim_epoch(1, 0, 'lease over')`);
      const rows = await battle.ask<{ by: string }>('SELECT decided_by AS by FROM hydra_cutover.attempt');
      return named(
        rows.map(({ by }) => by),
        /^role gateway: lease over$/,
      );
    },
  },
  {
    title: 'every function of the arbiter, with arguments that would be right',
    as: 'gateway',
    run: async (battle) => {
      const attempt = await fenced(await battle.ours(), 1);
      const gateway = await battle.as('gateway');
      for (const call of [
        `commit_attempt(${attempt}, 1000)`,
        'open_side(2, 1000)',
        `abort_attempt(${attempt}, 'x', 1000)`,
        'begin_attempt(2, 1000, 1)',
        "begin_removal('attacked')",
        'hold_writers(1000)',
        'abandon_side(1000)',
        'mark_finalized(1)',
        'mark_change()',
      ])
        await refused(gateway, `SELECT hydra_cutover.${call}`);
      return 'refused: 42501';
    },
  },
  {
    title: 'a fence, a commit and an opening, as the owner of the tables',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const attempt = await fenced(await battle.ours(), 1);
      const hydra = await battle.as('hydra');
      for (const sql of [
        `SELECT hydra_cutover.commit_attempt(${attempt}, 1000)`,
        'SELECT hydra_cutover.open_side(2, 1000)',
        "UPDATE hydra_cutover.run SET state = 'open'",
        'DELETE FROM hydra_cutover.change_log',
        'TRUNCATE hydra_cutover.revocation',
        "SELECT setval('hydra_cutover.armed', 0)",
      ])
        await refused(hydra, sql);
      await refused(hydra, JWK, ['HC001']);
      return 'refused: 42501, and writes HC001';
    },
  },
  aroundTheFence(
    'triggers off, a write, triggers on',
    `BEGIN; ALTER TABLE hydra_jwk DISABLE TRIGGER USER; ${JWK};
     DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'hydra_jwk'::regclass AND NOT tgisinternal LOOP
       EXECUTE format('ALTER TABLE hydra_jwk ENABLE ALWAYS TRIGGER %I', t.tgname); END LOOP; END $$; COMMIT`,
    /guard of hydra_jwk was off|trigger of hydra_jwk was off/,
    true,
  ),
  aroundTheFence(
    'a table that is rewritten',
    `ALTER TABLE hydra_jwk ALTER keydata TYPE text USING 'planted'`,
    /hydra_jwk was rewritten/,
  ),
  aroundTheFence(
    'a table that is taken off and comes again',
    `ALTER TABLE hydra_jwk RENAME TO old_jwk; CREATE TABLE hydra_jwk (LIKE old_jwk INCLUDING ALL)`,
    /hydra_jwk has no guard/,
  ),
  aroundTheFence(
    'all tables in another schema, and others under their names',
    `${ALL_ELSEWHERE}; ${JWK}`,
    /trigger hydra_cutover_log of hydra_jwk was replaced/,
  ),
  aroundTheFence(
    'one table in another schema, and another one under its name',
    `CREATE SCHEMA aside; GRANT USAGE ON SCHEMA aside TO PUBLIC; ALTER TABLE hydra_jwk SET SCHEMA aside; CREATE TABLE hydra_jwk (LIKE aside.hydra_jwk INCLUDING ALL); ${JWK}`,
    /trigger hydra_cutover_log of hydra_jwk was replaced/,
  ),
  aroundTheFence(
    'a partition of a table that has no guard',
    `CREATE TABLE parent (LIKE hydra_jwk INCLUDING DEFAULTS) PARTITION BY LIST (sid); ALTER TABLE parent ATTACH PARTITION hydra_jwk DEFAULT; ${JWK.replace('hydra_jwk', 'parent')}`,
    /hydra_jwk can be written through public\.parent/,
  ),
  aroundTheFence(
    'a child that inherits',
    `CREATE SCHEMA aside; CREATE TABLE aside.child () INHERITS (public.hydra_jwk); INSERT INTO aside.child (sid, kid, version, keydata) VALUES ('around', 'k', 0, 'x')`,
    /aside\.child inherits from hydra_jwk/,
  ),
  aroundTheFence(
    'the right to lock a table, taken from the owner of our schema',
    'REVOKE ALL ON hydra_jwk FROM hydra_cutover_owner',
    /hydra_jwk may not be locked by hydra_cutover_owner/,
    true,
  ),
  aroundTheFence(
    'a rule in the place of a write',
    `CREATE TABLE aside (LIKE hydra_jwk); CREATE RULE r AS ON INSERT TO hydra_jwk DO INSTEAD INSERT INTO aside VALUES (NEW.*)`,
    /rule r of hydra_jwk/,
  ),
  {
    title: 'a function of ours, replaced by somebody who may',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const attempt = await fenced(await battle.ours(), 1);
      const [function_] = await battle.ask<{ definition: string }>(
        `SELECT pg_get_functiondef('hydra_cutover.guard()'::regprocedure) AS definition`,
      );
      const weaker = String(function_?.definition).replace(/RAISE EXCEPTION[^;]*;/, 'NULL;');
      await battle.asSuperuser(weaker);
      await battle.accept();
      const tool = await battle.ours();
      await tool.query(CATCH_UP);
      const answer = await commitAttempt(tool, attempt, 2_000);
      if (answer.ok) throw new AttackSucceeded('it was committed with a guard that refuses nothing');
      return named(answer.ok ? [] : (answer.problems ?? []), /function hydra_cutover\.guard\(\) .*(replaced|changed)/);
    },
  },
  {
    title: 'the clock of blue, set back after a fence was given up and its lease was over',
    as: 'hydra',
    run: async (battle) => {
      const attempt = await fenced(await battle.ours(), 1);
      const tool = await battle.ours();
      // A lease that is over looks after that as one that is not.
      await tool.query(`UPDATE hydra_cutover.attempt SET lease_until = clock_timestamp() WHERE attempt = ${attempt}`);
      await tool.query('UPDATE hydra_cutover.run SET lease_until = clock_timestamp()');
      await tool.query(`SELECT hydra_cutover.abort_attempt(${attempt}, 'x', 1000)`);
      await tool.query(`UPDATE hydra_cutover.attempt SET lease_until = clock_timestamp() + interval '1 hour'`);
      await tool.query(
        `UPDATE hydra_cutover.run SET lease_until = clock_timestamp() + interval '1 hour' WHERE state = 'fenced'`,
      );
      const hydra = await battle.as('hydra');
      await hydra.query(JWK).catch((error: Error) => {
        throw new AttackSucceeded(`a fence that was given up refuses writes: ${error.message}`);
      });
      return 'refused: what was given up stays given up';
    },
  },
  {
    title: 'a side that nobody committed, opened by its owner',
    as: 'hydra',
    run: async (battle) => {
      const tool = await battle.ours();
      const answer = await openSide(tool, 5, 1_000);
      if (answer.ok) throw new AttackSucceeded('blue was opened for an epoch');
      return named([...(await guardProblems(tool)), `refused: ${answer.reason}`], /refused: open/);
    },
  },
];
