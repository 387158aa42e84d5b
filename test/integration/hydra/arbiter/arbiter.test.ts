import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  abandonSide,
  abortAttempt,
  beginAttempt,
  beginRemoval,
  claimEpoch,
  commitAttempt,
  fence,
  guardProblems,
  holdWriters,
  markFinalized,
  openSide,
  problemsSinceCommit,
  readArbiter,
} from '../../../../hydra/arbiter/arbiter';
import { guardTables, installArbiter } from '../../../../hydra/arbiter/install-arbiter';
import { asAdmin, useDatabase } from '../../../support/database';
import { sharedServers } from '../../../support/shared-servers';

const LOCK_TIMEOUT_MS = 2_000;
/** Longer than any test takes: where a lease is to be over, the test ends it. */
const LEASE = { holdDeadlineMs: 600_000, marginMs: 0 };
const REFUSED = { code: 'HC001' };

const database = useDatabase('hydra_1_11_10');
let orchestrator: Client;
let writer: Client;
let observer: Client;
let epoch = 0;
let sid = 0;

const write = (client: Client = writer) =>
  client.query(`INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ($1, 'k', 0, 'x')`, [`s${++sid}`]);

async function begin(lease = LEASE): Promise<number> {
  const answer = await beginAttempt(orchestrator, { epoch: ++epoch, ...lease });
  if (!answer.ok) throw new Error(answer.reason);
  return answer.attempt;
}

async function fenced(): Promise<number> {
  const attempt = await begin();
  expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true, alreadyFenced: false });
  return attempt;
}

/** As if the lease had been as long as until now. */
async function endLease(attempt: number): Promise<void> {
  for (const table of ['attempt', 'run']) {
    await orchestrator.query(
      `UPDATE hydra_cutover.${table} SET lease_until = clock_timestamp() WHERE attempt = $1 AND lease_until IS NOT NULL`,
      [attempt],
    );
  }
}

/** A commit in a transaction that is still open, of an attempt whose lease is over by now, as everybody else sees it. */
async function commitUnderWay(): Promise<void> {
  // The lease must outlast fence and commit, and is waited for: as short as this machine lets it be.
  for (let holdDeadlineMs = 300; ; holdDeadlineMs *= 3) {
    const attempt = await begin({ holdDeadlineMs, marginMs: 0 });
    await fence(orchestrator, attempt, LOCK_TIMEOUT_MS);
    await orchestrator.query('BEGIN');
    const answer = await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS);
    if (answer.ok) {
      await writer.query(
        `SELECT pg_sleep(extract(epoch FROM lease_until - clock_timestamp()) + 0.01) FROM hydra_cutover.attempt
          WHERE attempt = $1`,
        [attempt],
      );
      return;
    }
    await orchestrator.query('ROLLBACK');
    // Fence and commit came too late: once more, with a longer lease.
    expect(['holding', 'lease_over']).toContain(answer.reason);
  }
}

/** Taken back, or no way around a guard. */
const HARMLESS = /^CREATE (TRIGGER|INDEX)/;
/** Somebody waits for a table of Hydra. */
const TABLE_WAITERS = `SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
  WHERE NOT l.granted AND d.datname = current_database() AND c.relnamespace = 'public'::regnamespace`;

const OUR_WAITERS = `SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
  WHERE NOT l.granted AND d.datname = current_database() AND c.relnamespace::regnamespace::text ~ '^hydra_cutover'`;
const ATTEMPT_WAITERS = `SELECT 1 FROM pg_locks w JOIN pg_locks h ON h.transactionid = w.transactionid AND h.granted
  JOIN pg_stat_activity a ON a.pid = w.pid WHERE NOT w.granted AND a.datname = current_database()`;

async function withSession(work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(database.config);
  await client.connect();
  await work(client).finally(() => client.end());
}

/** Until the writer waits for the arbiter's lock. */
async function writerWaits(): Promise<void> {
  const sql = `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
                WHERE relation = 'hydra_cutover_barrier.barrier'::regclass AND NOT granted AND d.datname = current_database()`;
  while ((await orchestrator.query(sql)).rows.length === 0) await sleep(5);
}

beforeAll(async () => {
  [orchestrator, writer, observer] = [await database.connect(), await database.connect(), await database.connect()];
});

beforeEach(async () => {
  await writer.query('ROLLBACK');
  await orchestrator.query('ROLLBACK');
  await orchestrator.query('DROP SCHEMA IF EXISTS hydra_cutover CASCADE');
  await installArbiter(orchestrator, { side: 'blue', cutoverId: 'test', initialState: 'open' });
  await guardTables(orchestrator);
});

describe('the guard', () => {
  it('lets every write pass until the first fence', async () => {
    await begin();
    await expect(write()).resolves.toBeDefined();
    expect(await readArbiter(orchestrator)).toMatchObject({ armed: false, refused: 0, state: 'open' });
  });

  it('refuses each kind of write while fenced, for the superuser and for a replica session too, and counts it', async () => {
    await fenced();
    await expect(write()).rejects.toMatchObject(REFUSED);
    await expect(writer.query(`UPDATE hydra_client SET scope = 'x'`)).rejects.toMatchObject(REFUSED);
    await expect(writer.query(`DELETE FROM hydra_client`)).rejects.toMatchObject(REFUSED);
    await expect(writer.query('TRUNCATE hydra_client CASCADE')).rejects.toMatchObject(REFUSED);
    await expect(
      writer.query(`WITH x AS (DELETE FROM hydra_client RETURNING 1) SELECT * FROM x`),
    ).rejects.toMatchObject(REFUSED);
    await writer.query('SET session_replication_role = replica');
    await expect(write()).rejects.toMatchObject(REFUSED);
    await writer.query('RESET session_replication_role');
    expect((await readArbiter(orchestrator)).refused).toBe(6);
  });

  it('refuses a write of a REPEATABLE READ transaction whose snapshot is older than the fence', async () => {
    await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await writer.query('SELECT count(*) FROM hydra_client');
    await fenced();
    await expect(write()).rejects.toMatchObject(REFUSED);
    await writer.query('ROLLBACK');
  });

  it.each(['REPEATABLE READ', 'SERIALIZABLE'])(
    'refuses a %s transaction whose snapshot was taken inside a fence that was given up, and lets a newer one pass',
    async (level) => {
      const attempt = await fenced();
      await writer.query(`BEGIN ISOLATION LEVEL ${level}; SELECT count(*) FROM hydra_client`);
      await abortAttempt(orchestrator, attempt, 'worker', LOCK_TIMEOUT_MS);
      await expect(write()).rejects.toMatchObject(REFUSED);
      await writer.query(`ROLLBACK; BEGIN ISOLATION LEVEL ${level}; SELECT count(*) FROM hydra_client`);
      await expect(write()).resolves.toBeDefined();
      await writer.query('COMMIT');
      await writer.query(`BEGIN ISOLATION LEVEL ${level}; SELECT count(*) FROM hydra_client`);
      await fenced();
      await expect(write()).rejects.toMatchObject(REFUSED);
    },
  );

  it('refuses a writer that waits already when the first fence of all comes', async () => {
    const attempt = await begin();
    await orchestrator.query('BEGIN');
    await holdWriters(orchestrator, LOCK_TIMEOUT_MS);
    const waiting = expect(write()).rejects.toMatchObject(REFUSED);
    while ((await observer.query(OUR_WAITERS)).rows.length === 0) await sleep(5);
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await orchestrator.query('COMMIT');
    await waiting;
  });

  it('makes writers meet at no row: they hold the barrier together, by the fast path, and lock nothing of run', async () => {
    await abortAttempt(orchestrator, await fenced(), 'worker', LOCK_TIMEOUT_MS);
    await withSession(async (hydra) => {
      await hydra.query('SET SESSION AUTHORIZATION hydra');
      await hydra.query('BEGIN');
      await write(hydra);
      const { rows } = await hydra.query(
        `SELECT mode, fastpath FROM pg_locks
          WHERE pid = pg_backend_pid() AND relation = (SELECT c.oid FROM pg_class c WHERE c.relname = 'barrier')`,
      );
      expect(rows).toEqual([{ mode: 'RowExclusiveLock', fastpath: true }]);
      await write();
      expect((await observer.query('SELECT xmax FROM hydra_cutover.run')).rows).toEqual([{ xmax: '0' }]);
      await hydra.query('COMMIT');
    });
  });

  it('lets writes pass by itself once the lease is over, though nobody reopens', async () => {
    const attempt = await fenced();
    await expect(write()).rejects.toMatchObject(REFUSED);
    await endLease(attempt);
    await expect(write()).resolves.toBeDefined();
  });

  it('stops a stray migrate sql of the next version at its first statement and leaves the schema as it was', async () => {
    const columns = () =>
      writer.query(
        'SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, 2',
        ['public'],
      );
    const before = (await columns()).rows;
    const { host, port, user, password, database: name } = database.config;
    const stray = promisify(execFile)(sharedServers().binaries.hydra230, ['migrate', 'sql', 'up', '-e', '-y'], {
      env: {
        PATH: process.env['PATH'],
        DSN: `postgres://${user}:${password}@${host}:${port}/${name}?sslmode=disable`,
        SQA_OPT_OUT: 'true',
      },
    });
    await expect(stray).rejects.toMatchObject({ code: 1 });
    expect((await columns()).rows).toEqual(before);
    expect((await readArbiter(orchestrator)).refused).toBeGreaterThan(0);
  });
});

describe('a fence', () => {
  it('waits for writers in flight, gives up after its lock timeout, and has changed nothing then', async () => {
    await writer.query('BEGIN');
    await write();
    const attempt = await begin();
    await expect(fence(orchestrator, attempt, 100)).rejects.toMatchObject({ code: '55P03' });
    await writer.query('COMMIT');
    expect(await readArbiter(orchestrator)).toMatchObject({ state: 'open' });
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  });

  it('is refused after its attempt was claimed, so that a late backend fences nothing', async () => {
    const attempt = await begin();
    expect(await abortAttempt(orchestrator, attempt, 'gateway', LOCK_TIMEOUT_MS)).toMatchObject({ outcome: 'aborted' });
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'aborted' });
    await expect(write()).resolves.toBeDefined();
  });

  it('never extends its lease', async () => {
    const attempt = await begin();
    const first = await fence(orchestrator, attempt, LOCK_TIMEOUT_MS);
    const second = await fence(orchestrator, attempt, LOCK_TIMEOUT_MS);
    expect(second).toEqual({ ...first, alreadyFenced: true });
  });

  it('is refused when the hold lasted longer than the lease', async () => {
    const attempt = await begin();
    await endLease(attempt);
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false, reason: 'lease_over' });
  });
});

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
    expect(await beginAttempt(orchestrator, { epoch: ++epoch, ...LEASE })).toMatchObject({
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
  });

  const bypasses: [string, string][] = [
    ['a disabled guard', 'ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_guard'],
    ['a guard that replicas skip', 'ALTER TABLE hydra_client ENABLE TRIGGER hydra_cutover_guard'],
    ['a dropped guard', 'DROP TRIGGER hydra_cutover_guard ON hydra_client'],
    ['a table that was rewritten', `ALTER TABLE hydra_client ALTER COLUMN metadata TYPE text USING 'x'`],
    ['a table that is new', 'CREATE TABLE hydra_sneaky (id int)'],
    ['a table that is gone', 'DROP TABLE hydra_oauth2_jti_blacklist'],
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
  const UNDO = [
    'DROP TABLE IF EXISTS hydra_sneaky',
    // Before its schema goes, which would take the child along.
    `DO $$ BEGIN IF to_regclass('elsewhere.parent') IS NOT NULL THEN ALTER TABLE hydra_jwk NO INHERIT elsewhere.parent; END IF; END $$`,
    'DROP SCHEMA IF EXISTS elsewhere CASCADE',
    'DROP SUBSCRIPTION IF EXISTS sneaky',
    'DROP RULE IF EXISTS sneaky ON hydra_jwk',
    'DROP FUNCTION IF EXISTS sneaky CASCADE',
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

  it('lets an operator have triggers of his own that fire in ordinary sessions', async () => {
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
    while ((await observer.query(TABLE_WAITERS)).rows.length === 0) await sleep(5);
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
});

describe('an attempt', () => {
  it('is refused while another is alive, and takes over from one whose lease is over', async () => {
    const first = await begin();
    expect(await beginAttempt(orchestrator, { epoch: epoch + 1, ...LEASE })).toMatchObject({
      ok: false,
      reason: 'attempt_alive',
      attempt: first,
    });
    await endLease(first);
    await begin();
    expect(await abortAttempt(orchestrator, first, 'late', LOCK_TIMEOUT_MS)).toMatchObject({ outcome: 'aborted' });
  });

  it('is refused an epoch that was used before, by an aborted attempt too', async () => {
    const attempt = await begin();
    await abortAttempt(orchestrator, attempt, 'worker', LOCK_TIMEOUT_MS);
    expect(await beginAttempt(orchestrator, { epoch, ...LEASE })).toMatchObject({
      ok: false,
      reason: 'stale_epoch',
      epoch,
    });
  });

  it('does not disturb a REPEATABLE READ writer when it begins and is given up before the fence', async () => {
    await endLease(await fenced());
    await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await writer.query('SELECT 1');
    const attempt = await begin();
    await abortAttempt(orchestrator, attempt, 'worker', LOCK_TIMEOUT_MS);
    await expect(write()).resolves.toBeDefined();
    await writer.query('COMMIT');
  });
});

describe('every decision', () => {
  const decisions: readonly [string, () => Promise<unknown>][] = [
    ['begin_attempt', () => beginAttempt(orchestrator, { epoch: ++epoch, ...LEASE })],
    ['fence', () => fence(orchestrator, 1, LOCK_TIMEOUT_MS)],
    ['commit_attempt', () => commitAttempt(orchestrator, 1, LOCK_TIMEOUT_MS)],
    ['abort_attempt', () => abortAttempt(orchestrator, 1, 'test', LOCK_TIMEOUT_MS)],
    ['claim_epoch', () => claimEpoch(orchestrator, { epoch: 1, appliedEpoch: 0, by: 'test' })],
    ['hold_writers', () => holdWriters(orchestrator, LOCK_TIMEOUT_MS)],
    ['open_side', () => openSide(orchestrator, 1, LOCK_TIMEOUT_MS)],
    ['abandon_side', () => abandonSide(orchestrator, LOCK_TIMEOUT_MS)],
    ['begin_removal', () => beginRemoval(orchestrator)],
    ['mark_finalized', () => markFinalized(orchestrator, 1)],
  ];

  it.each(decisions)('is durable, whatever the session says: %s', async (_name, decide) => {
    await orchestrator.query('SET synchronous_commit = off');
    await orchestrator.query('BEGIN');
    await decide();
    const { rows } = await orchestrator.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
    await orchestrator.query('ROLLBACK; RESET synchronous_commit');
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  });

  it.each(decisions)('is refused with a snapshot that is older than its locks: %s', async (_name, decide) => {
    for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
      await orchestrator.query(`BEGIN ISOLATION LEVEL ${level}`);
      await expect(decide()).rejects.toMatchObject({ code: 'HC003' });
      await orchestrator.query('ROLLBACK');
    }
  });

  it('is refused where the database has another default, so that a commit never misses what it waited for', async () => {
    const attempt = await fenced();
    await asAdmin(`ALTER DATABASE ${database.config.database} SET default_transaction_isolation = 'repeatable read'`);
    await withSession(async (client) => {
      await writer.query(`BEGIN; ALTER TABLE hydra_client ALTER COLUMN metadata TYPE text USING 'x'`);
      const answer = expect(commitAttempt(client, attempt, LOCK_TIMEOUT_MS)).rejects.toMatchObject({ code: 'HC003' });
      await writer.query('COMMIT');
      await answer;
    }).finally(() => asAdmin(`ALTER DATABASE ${database.config.database} RESET default_transaction_isolation`));
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ reason: 'guard_problems' });
  });
});

describe('an attempt whose lease is over', () => {
  const runXmin = async () =>
    (await observer.query<{ xmin: string }>('SELECT xmin FROM hydra_cutover.run')).rows[0]?.xmin;

  it('is given up beside a writer who holds the barrier, and run stays as it is', async () => {
    const attempt = await fenced();
    await endLease(attempt);
    const before = await runXmin();
    await writer.query('BEGIN');
    await write();
    expect(await claimEpoch(orchestrator, { epoch, appliedEpoch: 0, by: 'gateway' })).toBe('aborted');
    expect(await abortAttempt(orchestrator, attempt, 'worker', 50)).toMatchObject({ outcome: 'aborted' });
    await writer.query('COMMIT');
    expect(await runXmin()).toBe(before);
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'aborted' });
  });

  it('is not given up while its commit is under way: the claim learns how that ended', async () => {
    await commitUnderWay();
    const { rows } = await observer.query<{ attempt: number }>(
      'SELECT max(attempt)::int AS attempt FROM hydra_cutover.attempt',
    );
    const claimed = abortAttempt(observer, rows[0]?.attempt ?? 0, 'gateway', 600_000);
    while ((await writer.query(ATTEMPT_WAITERS)).rows.length === 0) await sleep(5);
    await orchestrator.query('COMMIT');
    expect(await claimed).toMatchObject({ outcome: 'committed' });
  });
});

describe('locks are taken in one order', () => {
  it.each([
    ['aborts a live fence', () => abortAttempt(observer, 1, 'gateway', 600_000), 'committed'],
    ['begins', () => beginAttempt(observer, { epoch: 99, ...LEASE }), undefined],
  ] as const)(
    'by a commit and by one who %s, so that neither is a victim of the other',
    async (_name, act, outcome) => {
      const attempt = await fenced();
      expect(attempt).toBe(1);
      // The commit has the barrier, and waits for a table.
      await writer.query('BEGIN; LOCK TABLE hydra_client IN SHARE ROW EXCLUSIVE MODE');
      const committing = commitAttempt(orchestrator, attempt, 600_000);
      while ((await observer.query(TABLE_WAITERS)).rows.length === 0) await sleep(5);
      const acting = act();
      while ((await writer.query(OUR_WAITERS)).rows.length === 0) await sleep(5);
      await writer.query('COMMIT');
      expect(await committing).toMatchObject({ ok: true });
      expect(await acting).toMatchObject(outcome === undefined ? { ok: false, reason: 'committed' } : { outcome });
    },
  );
});

describe('a closed side', () => {
  beforeEach(async () => {
    await orchestrator.query('DROP SCHEMA hydra_cutover CASCADE');
    await installArbiter(orchestrator, { side: 'green', cutoverId: 'test', initialState: 'closed' });
    await guardTables(orchestrator);
  });

  it('refuses writes without a limit, and takes them once it is opened for an epoch', async () => {
    await expect(write()).rejects.toMatchObject(REFUSED);
    expect(await openSide(orchestrator, 7, LOCK_TIMEOUT_MS)).toEqual({ ok: true, alreadyOpen: false, epoch: 7 });
    expect(await openSide(orchestrator, 7, LOCK_TIMEOUT_MS)).toEqual({ ok: true, alreadyOpen: true, epoch: 7 });
    await expect(write()).resolves.toBeDefined();
    expect(await openSide(orchestrator, 6, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false });
  });

  it('is not opened while a guard of it does not hold, and is once the guards are made anew', async () => {
    await orchestrator.query('ALTER TABLE hydra_jwk DISABLE TRIGGER hydra_cutover_guard');
    expect(await openSide(orchestrator, 7, LOCK_TIMEOUT_MS)).toMatchObject({
      ok: false,
      reason: 'guard_problems',
      problems: ['hydra_jwk has no guard that always fires'],
    });
    await orchestrator.query('ALTER TABLE hydra_jwk ENABLE ALWAYS TRIGGER hydra_cutover_guard');
    expect(await openSide(orchestrator, 7, LOCK_TIMEOUT_MS)).toMatchObject({
      problems: ['the guard of hydra_jwk was off, or was changed'],
    });
    expect(await guardTables(orchestrator)).toEqual(['public.hydra_jwk']);
    expect(await openSide(orchestrator, 7, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  });

  it('lets a writer wait and not fail while it is being opened', async () => {
    await orchestrator.query('BEGIN');
    await holdWriters(orchestrator, LOCK_TIMEOUT_MS);
    const waiting = write();
    await writerWaits();
    expect(await openSide(orchestrator, 8, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await orchestrator.query('COMMIT');
    await expect(waiting).resolves.toBeDefined();
  });
});
