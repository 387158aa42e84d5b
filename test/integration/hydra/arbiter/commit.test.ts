import {
  abandonSide,
  abortAttempt,
  beginAttempt,
  beginRemoval,
  commitAttempt,
  guardProblems,
  problemsSinceCommit,
} from '../../../../hydra/arbiter/arbiter';
import { guardTables } from '../../../../hydra/arbiter/install-arbiter';
import {
  LEASE,
  LOCK_TIMEOUT_MS,
  REFUSED,
  TABLE_WAITERS,
  commitUnderWay,
  endLease,
  fenced,
  nextEpoch,
  observer,
  orchestrator,
  useArbiter,
  write,
  writer,
  writerWaits,
  someoneWaits,
} from './arbiter-fixture';

/** Taken back, or no way around a guard. */
const HARMLESS = /^CREATE (TRIGGER|INDEX)/;

useArbiter();

describe('a commit', () => {
  it('refuses writes for good and is the same when asked again', async () => {
    const attempt = await fenced();
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({
      ok: true,
      alreadyCommitted: false,
    });
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({
      ok: true,
      alreadyCommitted: true,
    });
    await endLease(attempt);
    await expect(write()).rejects.toMatchObject(REFUSED);
    expect(await abortAttempt(orchestrator, attempt, 'gateway', LOCK_TIMEOUT_MS)).toMatchObject({
      outcome: 'committed',
    });
    expect(await beginAttempt(orchestrator, { epoch: nextEpoch(), ...LEASE })).toMatchObject({
      ok: false,
      reason: 'committed',
    });
  });

  it('is refused once the lease is over', async () => {
    const attempt = await fenced();
    await endLease(attempt);
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({
      ok: false,
      reason: 'lease_over',
    });
    await expect(write()).resolves.toBeDefined();
  });

  it('makes a writer who comes after the lease wait for the outcome while it is not yet durable', async () => {
    await commitUnderWay();
    let settled = false;
    const late = write().finally(() => (settled = true));
    const outcome = expect(late).rejects.toMatchObject(REFUSED);
    await writerWaits();
    expect(settled).toBe(false);
    await orchestrator.query('COMMIT');
    await outcome;
  });

  it('is refused while captured changes are not applied', async () => {
    const attempt = await fenced();
    await orchestrator.query(
      `CREATE OR REPLACE FUNCTION hydra_cutover.undone_changes() RETURNS bigint LANGUAGE sql AS 'SELECT 3::bigint'`,
    );
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toEqual({
      ok: false,
      reason: 'undone_changes',
      undone: 3,
    });
  });

  it('loses against an abort that came first, and wins against one that comes second', async () => {
    const attempt = await fenced();
    expect(await abortAttempt(orchestrator, attempt, 'worker', LOCK_TIMEOUT_MS)).toMatchObject({ outcome: 'aborted' });
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'aborted' });
    await expect(write()).resolves.toBeDefined();
    const next = await fenced();
    expect(await commitAttempt(orchestrator, next, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    expect(await abortAttempt(orchestrator, next, 'late', LOCK_TIMEOUT_MS)).toMatchObject({ outcome: 'committed' });
    await expect(write()).rejects.toMatchObject(REFUSED);
  });

  const bypasses: [string, string][] = [
    ['a disabled guard', 'ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_guard'],
    ['a guard that replicas skip', 'ALTER TABLE hydra_client ENABLE TRIGGER hydra_cutover_guard'],
    ['a dropped guard', 'DROP TRIGGER hydra_cutover_guard ON hydra_client'],
    ['a table that was rewritten', `ALTER TABLE hydra_client ALTER COLUMN metadata TYPE text USING 'x'`],
    [
      'a column that was dropped and came again with a default, which rewrites nothing',
      `ALTER TABLE hydra_client DROP COLUMN owner; ALTER TABLE hydra_client ADD COLUMN owner text NOT NULL DEFAULT 'changed'`,
    ],
    [
      'two columns that exchanged their names',
      `ALTER TABLE hydra_client RENAME COLUMN policy_uri TO swapped; ALTER TABLE hydra_client RENAME COLUMN tos_uri TO policy_uri;
       ALTER TABLE hydra_client RENAME COLUMN swapped TO tos_uri`,
    ],
    ['a table that is new', 'CREATE TABLE hydra_sneaky (id int)'],
    [
      'a table that is gone',
      `CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.kept (LIKE hydra_oauth2_jti_blacklist INCLUDING ALL);
       DROP TABLE hydra_oauth2_jti_blacklist`,
    ],
    [
      'a guard that was off for a while',
      `ALTER TABLE hydra_client DISABLE TRIGGER USER; UPDATE hydra_client SET scope = 'x';
       ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_guard`,
    ],
    [
      'a child elsewhere, whose rows show in its parent',
      'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.child () INHERITS (hydra_jwk)',
    ],
    [
      'a parent elsewhere, through which its child is written',
      'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.parent (LIKE hydra_jwk); ALTER TABLE hydra_jwk INHERIT elsewhere.parent',
    ],
    [
      'a table of the same name in a schema that a role of its own name writes first',
      `DO $$ BEGIN EXECUTE format('CREATE SCHEMA %1$I; CREATE TABLE %1$I.hydra_jwk (LIKE public.hydra_jwk)', current_user); END $$`,
    ],
    [
      'a view of the same name in a schema that the search_path of the database names first',
      `CREATE SCHEMA elsewhere; CREATE VIEW elsewhere.hydra_jwk AS SELECT * FROM public.hydra_jwk;
       DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = elsewhere, public', current_database()); END $$`,
    ],
    [
      'a table that is said to have no triggers',
      `UPDATE pg_class SET relhastriggers = false WHERE oid = 'hydra_client'::regclass`,
    ],
    ['a rule', 'CREATE RULE sneaky AS ON DELETE TO hydra_jwk DO INSTEAD NOTHING'],
    [
      'a trigger for replicated writes',
      `CREATE FUNCTION sneaky() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER sneaky AFTER INSERT ON hydra_jwk FOR EACH ROW EXECUTE FUNCTION sneaky();
       ALTER TABLE hydra_jwk ENABLE REPLICA TRIGGER sneaky`,
    ],
    [
      'a subscription',
      `CREATE SUBSCRIPTION sneaky CONNECTION 'dbname=none' PUBLICATION none WITH (connect = false, slot_name = NONE);
       INSERT INTO pg_subscription_rel SELECT s.oid, 'hydra_jwk'::regclass, 'r' FROM pg_subscription s, pg_database d
        WHERE d.oid = s.subdbid AND d.datname = current_database() AND subname = 'sneaky'`,
    ],
  ];
  it('is not refused because of a table of the same name that nobody writes first', async () => {
    const attempt = await fenced();
    await writer.query('CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.hydra_jwk (LIKE hydra_jwk)');
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  });
  const UNDO = [
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET search_path', current_database()); END $$`,
    `DO $$ BEGIN EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', current_user); END $$`,
    `UPDATE pg_class SET relhastriggers = true WHERE oid = 'hydra_client'::regclass`,
    'DROP TABLE IF EXISTS hydra_sneaky',
    // Before its schema goes, which would take the child along.
    `DO $$ BEGIN IF to_regclass('elsewhere.parent') IS NOT NULL THEN ALTER TABLE hydra_jwk NO INHERIT elsewhere.parent; END IF; END $$`,
    `DO $$ BEGIN IF to_regclass('elsewhere.kept') IS NOT NULL
       THEN CREATE TABLE hydra_oauth2_jti_blacklist (LIKE elsewhere.kept INCLUDING ALL); END IF; END $$`,
    'DROP SCHEMA IF EXISTS elsewhere CASCADE',
    'DROP SUBSCRIPTION IF EXISTS sneaky',
    'DROP RULE IF EXISTS sneaky ON hydra_jwk',
    'DROP FUNCTION IF EXISTS sneaky CASCADE',
    `DO $$ BEGIN IF to_regclass('hydra_kept') IS NOT NULL THEN DROP VIEW hydra_client; ALTER TABLE hydra_kept RENAME TO hydra_client; END IF; END $$`,
  ];
  afterEach(async () => {
    await writer.query('ROLLBACK');
    for (const sql of UNDO) await writer.query(sql);
  });
  it.each(bypasses)('is refused because of %s', async (_name, ddl) => {
    const attempt = await fenced();
    await writer.query('BEGIN');
    await writer.query(ddl);
    await orchestrator.query('ROLLBACK');
    await writer.query('COMMIT');
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({
      ok: false,
      reason: 'guard_problems',
    });
    expect(await guardProblems(orchestrator)).toHaveLength(1);
  });

  const madeAnew = (trigger: string) =>
    `DROP TRIGGER hydra_cutover_guard ON hydra_client; CREATE TRIGGER hydra_cutover_guard ${trigger};
     ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_guard`;
  const ALL = 'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON hydra_client FOR EACH STATEMENT';
  const OURS = 'EXECUTE FUNCTION hydra_cutover.guard()';
  it.each([
    [
      'a guard with a condition',
      madeAnew(`${ALL} WHEN (false) ${OURS}`),
      /^hydra_client has no guard that always fires$/,
    ],
    [
      'a guard for some columns',
      madeAnew(`${ALL.replace('UPDATE', 'UPDATE OF scope')} ${OURS}`),
      /^hydra_client has no guard that always fires$/,
    ],
    [
      'a guard for some statements',
      madeAnew(`${ALL.replace(' OR TRUNCATE', '')} ${OURS}`),
      /^hydra_client has no guard that always fires$/,
    ],
    [
      'a guard that calls what is not ours',
      `CREATE SCHEMA elsewhere; CREATE FUNCTION elsewhere.guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       ${madeAnew(`${ALL} EXECUTE FUNCTION elsewhere.guard()`)}`,
      /^hydra_client has no guard that always fires$/,
    ],
    [
      'a table whose name is that of something else now',
      'ALTER TABLE hydra_client RENAME TO hydra_kept; CREATE VIEW hydra_client AS SELECT * FROM hydra_kept',
      /^hydra_client is called public\.hydra_kept now, and statements that name hydra_client meet something else$/,
    ],
  ])('is refused because of %s, although the fence takes guards as they are then', async (_name, ddl, problem) => {
    await writer.query(ddl);
    const attempt = await fenced();
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({
      ok: false,
      reason: 'guard_problems',
      problems: expect.arrayContaining([expect.stringMatching(problem)]) as string[],
    });
  });

  it('lets an operator have triggers of their own that fire in ordinary sessions', async () => {
    await writer.query(
      `CREATE FUNCTION sneaky() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER sneaky AFTER INSERT ON hydra_jwk FOR EACH ROW EXECUTE FUNCTION sneaky()`,
    );
    expect(await guardProblems(orchestrator)).toEqual([]);
  });

  it.each([
    'ALTER TABLE hydra_client DISABLE TRIGGER USER',
    'ALTER TABLE hydra_client ENABLE REPLICA TRIGGER hydra_cutover_guard',
    'CREATE TRIGGER sneaky AFTER INSERT ON hydra_client EXECUTE FUNCTION hydra_cutover.guard()',
    'CREATE RULE sneaky AS ON INSERT TO hydra_client DO ALSO NOTHING',
    'CREATE INDEX sneaky ON hydra_client (scope)',
    `ALTER TABLE hydra_client ALTER COLUMN metadata TYPE text USING 'x'`,
  ])('waits for a transaction with DDL that nobody else sees yet, and then sees it: %s', async (ddl) => {
    const attempt = await fenced();
    await writer.query(`BEGIN; ${ddl}`);
    await expect(commitAttempt(orchestrator, attempt, 50)).rejects.toMatchObject({ code: '55P03' });
    const committing = commitAttempt(orchestrator, attempt, 600_000);
    await someoneWaits(observer, TABLE_WAITERS);
    await writer.query(HARMLESS.test(ddl) ? 'ROLLBACK' : 'COMMIT');
    expect(await committing).toMatchObject(HARMLESS.test(ddl) ? { ok: true } : { ok: false, reason: 'guard_problems' });
    await writer.query('DROP RULE IF EXISTS sneaky ON hydra_client');
  });

  it('is not kept from by VACUUM or ANALYZE of a table, nor by one who reads or dumps it', async () => {
    const attempt = await fenced();
    await writer.query(
      'BEGIN; LOCK TABLE hydra_client IN SHARE UPDATE EXCLUSIVE MODE; LOCK TABLE hydra_jwk IN ACCESS SHARE MODE',
    );
    expect(await commitAttempt(orchestrator, attempt, 50)).toMatchObject({ ok: true });
  });

  it('keeps DDL on every guarded table out until it is durable', async () => {
    const attempt = await fenced();
    await orchestrator.query('BEGIN');
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    const { rows } = await writer.query<{ name: string }>(
      'SELECT table_oid::regclass::text AS name FROM hydra_cutover.guarded',
    );
    for (const { name } of rows) {
      await expect(
        writer.query(`BEGIN; SET LOCAL lock_timeout = 20; ALTER TABLE ${name} DISABLE TRIGGER USER`),
      ).rejects.toMatchObject({ code: '55P03' });
      await writer.query('ROLLBACK');
    }
    await orchestrator.query('COMMIT');
  });

  it('is followed by a look that finds what it could not see, because it needs weaker locks or comes later', async () => {
    const attempt = await fenced();
    expect(await problemsSinceCommit(orchestrator)).toEqual(['this side is fenced, not committed']);
    await writer.query('BEGIN; CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.child () INHERITS (hydra_jwk)');
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    expect(await problemsSinceCommit(orchestrator)).toEqual([]);
    await writer.query('COMMIT');
    expect(await problemsSinceCommit(orchestrator)).toEqual([
      'elsewhere.child inherits from hydra_jwk and has no guard',
    ]);
    await writer.query('DROP SCHEMA elsewhere CASCADE');
    expect(await problemsSinceCommit(orchestrator)).toEqual([]);
    await writer.query(
      'ALTER TABLE hydra_jwk DISABLE TRIGGER USER; ALTER TABLE hydra_jwk ENABLE ALWAYS TRIGGER hydra_cutover_guard',
    );
    expect(await problemsSinceCommit(orchestrator)).toEqual(['the guard of hydra_jwk was off, or was changed']);
    await expect(guardTables(orchestrator)).rejects.toMatchObject({ code: 'HC004' });
  });

  it('is followed by a look that tells of changes which nobody has carried', async () => {
    const attempt = await fenced();
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    // With the rows of what was made, as the capture does it: it is no function that somebody else has replaced.
    await orchestrator.query(
      `BEGIN; CREATE OR REPLACE FUNCTION hydra_cutover.undone_changes() RETURNS bigint
         LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT 3::bigint';
       SELECT hydra_cutover.record_made(); COMMIT`,
    );
    expect(await problemsSinceCommit(orchestrator)).toEqual(['3 changes are logged and not carried']);
  });
});

describe('a guard that was away is not made anew, which would hide it,', () => {
  it.each([
    ['under a fence', () => fenced()],
    ['in a removal', () => beginRemoval(orchestrator, 'test')],
    [
      'on a side that was given up',
      async () => {
        await orchestrator.query(`UPDATE hydra_cutover.run SET side = 'green', state = 'closed'`);
        await abandonSide(orchestrator, LOCK_TIMEOUT_MS);
      },
    ],
  ])('%s', async (_when, comeThere) => {
    await comeThere();
    await writer.query('DROP TRIGGER hydra_cutover_guard ON hydra_jwk');
    await expect(guardTables(orchestrator)).rejects.toMatchObject({ code: 'HC004' });
    expect(await guardProblems(orchestrator)).toContain('hydra_jwk has no guard that always fires');
  });

  it('and is once the fence is over', async () => {
    const attempt = await fenced();
    await writer.query('DROP TRIGGER hydra_cutover_guard ON hydra_jwk');
    await endLease(attempt);
    expect(await guardTables(orchestrator)).toEqual(['public.hydra_jwk']);
  });
});
