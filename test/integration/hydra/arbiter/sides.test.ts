import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import {
  abandonSide,
  abortAttempt,
  beginAttempt,
  beginRemoval,
  claimEpoch,
  commitAttempt,
  describeArbiter,
  fence,
  grantArbiter,
  guardProblems,
  guardTables,
  installArbiter,
  latestAttempt,
  markFinalized,
  openSide,
  prepares,
  readOutcome,
  removeArbiter,
  serves,
} from '../../../../hydra/arbiter';
import { asAdmin, useDatabase } from '../../../support/database';

const LOCK_TIMEOUT_MS = 2_000;
const LEASE = { holdDeadlineMs: 600_000, marginMs: 0 };
const BLUE = { side: 'blue', cutoverId: 'test', initialState: 'open' } as const;
const PATIENT = { lockTimeoutMs: 600_000 };
const IMPATIENT = { lockTimeoutMs: 20, attemptsPerTable: 2, retryDelayMs: 1 };

/** Source: PostgreSQL manual, "PostgreSQL Error Codes". */
const QUERY_CANCELED = '57014';

const database = useDatabase('hydra_1_11_10');
const role = `test_sync_${randomBytes(4).toString('hex')}`;
const password = randomBytes(8).toString('hex');
let ours: Client;
let writer: Client;
let other: Client;
let sid = 0;

const write = (client: Client = writer) =>
  client.query(`INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ($1, 'k', 0, 'x')`, [`s${++sid}`]);
const claim = (epoch: number | null, appliedEpoch = 0) => claimEpoch(ours, { epoch, appliedEpoch, by: 'gateway' });

async function begin(epoch: number): Promise<number> {
  const answer = await beginAttempt(ours, { epoch, ...LEASE });
  if (!answer.ok) throw new Error(answer.reason);
  return answer.attempt;
}

async function commit(epoch: number): Promise<number> {
  const attempt = await begin(epoch);
  await fence(ours, attempt, LOCK_TIMEOUT_MS);
  expect(await commitAttempt(ours, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  return attempt;
}

beforeAll(async () => {
  [ours, writer, other] = [await database.connect(), await database.connect(), await database.connect()];
  await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
});
// The database is dropped by then, and with it what the role was granted.
afterAll(() => asAdmin(`DROP ROLE ${role}`));
beforeEach(async () => {
  await writer.query('ROLLBACK');
  await removeArbiter(ours, { copy: true });
  await installArbiter(ours, BLUE);
  await guardTables(ours);
});

describe('a gateway in doubt', () => {
  it('ends the attempt of its epoch, held or fenced, so that it cannot be committed any more', async () => {
    const held = await begin(5);
    expect(await claim(5)).toBe('aborted');
    expect(await fence(ours, held, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false, reason: 'aborted' });
    const fenced = await begin(6);
    await fence(ours, fenced, LOCK_TIMEOUT_MS);
    expect(await claim(6)).toBe('aborted');
    expect(await commitAttempt(ours, fenced, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false, reason: 'aborted' });
    await expect(write()).resolves.toBeDefined();
    expect(await claim(6)).toBe('aborted');
  });

  it('uses up an epoch that was staged but not begun, so that it cannot begin any more', async () => {
    expect(await claim(1)).toBe('aborted');
    expect(await beginAttempt(ours, { epoch: 1, ...LEASE })).toMatchObject({ ok: false, reason: 'stale_epoch' });
    await begin(2);
  });

  it('uses up no epoch that nobody can have staged, and keeps no name of any length', async () => {
    const farAway = ['9223372036854775807', '-9223372036854775808', '9007199254740993'];
    for (const epoch of farAway) {
      const { rows } = await ours.query<{ answer: string }>(
        `SELECT hydra_cutover.claim_epoch($1::bigint, NULL, repeat('x', 50000000)) AS answer`,
        [epoch],
      );
      expect(rows).toEqual([{ answer: epoch.startsWith('-') ? 'aborted' : 'unknown' }]);
    }
    expect((await ours.query('SELECT FROM hydra_cutover.attempt')).rows).toEqual([]);
    await ours.query(
      `SELECT hydra_cutover.claim_epoch(1, 0, repeat('x', 50000000)), hydra_cutover.claim_epoch(2, 0, NULL)`,
    );
    const { rows } = await ours.query<{ length: number }>(
      `SELECT length(decided_by) AS length, decided_by ^@ concat('role ', session_user, ': ') AS named FROM hydra_cutover.attempt ORDER BY attempt`,
    );
    expect(rows).toMatchObject([{ length: 200, named: true }, { named: true }]);
    await begin(3);
  });

  it('may claim without end: what it uses up takes no more room, and what was begun stays', async () => {
    const begun = await begin(1);
    const claims = 'SELECT hydra_cutover.claim_epoch(epoch, 0, NULL) FROM generate_series(1, 1000) AS epoch';
    const { rows } = await ours.query(`SELECT DISTINCT claim_epoch FROM (${claims}) AS claimed`);
    expect(rows).toEqual([{ claim_epoch: 'aborted' }]);
    const { attempts = [] } = (await describeArbiter(ours)) ?? {};
    expect(attempts.map(({ attempt }) => attempt)).toEqual([
      begun,
      ...Array.from({ length: 100 }, (_, at) => 901 + at),
    ]);
    expect(await claim(500)).toBe('aborted');
    expect(await beginAttempt(ours, { epoch: 1_000, ...LEASE })).toMatchObject({ ok: false, reason: 'stale_epoch' });
    expect(await begin(1_001)).toBe(1_001);
  });

  it('gets no verdict from the blue of an earlier cutover, and leaves nothing there', async () => {
    await commit(1);
    expect(await claim(2, 1)).toBe('unknown');
    expect(await claim(1, 1)).toBe('committed');
    expect((await ours.query('SELECT FROM hydra_cutover.attempt')).rows).toHaveLength(1);
  });

  it('learns that its epoch was committed, and that another one was', async () => {
    await begin(5).then((attempt) => abortAttempt(ours, attempt, 'worker', LOCK_TIMEOUT_MS));
    await commit(7);
    expect(await claim(7)).toBe('committed');
    expect(await claim(5)).toBe('unknown');
    expect(await claim(6)).toBe('unknown');
    expect(await claim(null)).toBe('unknown');
    expect(await claim(null, 7)).toBe('aborted');
  });

  it('with nothing held or staged ends nothing: it waits until a living attempt is decided, or its lease is over', async () => {
    expect(await claim(null)).toBe('aborted');
    const attempt = await begin(5);
    expect(await claim(null)).toBe('unknown');
    expect(await fence(ours, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    expect(await claim(null)).toBe('unknown');
    await abortAttempt(ours, attempt, 'test', LOCK_TIMEOUT_MS);
    expect(await claim(null)).toBe('aborted');
    await begin(6);
    await ours.query('UPDATE hydra_cutover.attempt SET lease_until = clock_timestamp() WHERE epoch = 6');
    expect(await claim(null)).toBe('aborted');
  });

  it('is told that exactly its epoch is being prepared, and nothing by an arbiter whose epochs are others', async () => {
    const prepared = async () => [await prepares(ours, 4), await prepares(ours, 5), await prepares(ours, 6)];
    expect(await prepared()).toEqual([false, false, false]);
    const attempt = await begin(5);
    expect(await prepared()).toEqual([false, true, false]);
    await fence(ours, attempt, LOCK_TIMEOUT_MS);
    expect(await prepared()).toEqual([false, true, false]);
    await commitAttempt(ours, attempt, LOCK_TIMEOUT_MS);
    expect(await prepared()).toEqual([false, false, false]);
  });

  it('may look how things stand: what lives, what was committed, and that everything is over', async () => {
    const nothing = { side: 'blue', serves: null, committed: null, living: null, finalized: false };
    expect(await readOutcome(ours)).toEqual(nothing);
    const attempt = await begin(5);
    expect(await readOutcome(ours)).toEqual({ ...nothing, living: 5 });
    expect(await markFinalized(ours, 5)).toBe(false);
    await fence(ours, attempt, LOCK_TIMEOUT_MS);
    await commitAttempt(ours, attempt, LOCK_TIMEOUT_MS);
    expect(await readOutcome(ours)).toEqual({ ...nothing, committed: 5 });
    expect([await markFinalized(ours, 4), await markFinalized(ours, 5), await markFinalized(ours, 5)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(await readOutcome(ours)).toEqual({ ...nothing, committed: 5, finalized: true });
  });

  it('gets no verdict from the side that was opened for its epoch, or will be: it asks in the wrong place', async () => {
    await ours.query(`UPDATE hydra_cutover.run SET side = 'green', state = 'closed'`);
    expect([await claim(5), await claim(null)]).toEqual(['unknown', 'unknown']);
    expect(await openSide(ours, 5, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    expect(await claim(5)).toBe('unknown');
    const { rows } = await ours.query('SELECT FROM hydra_cutover.attempt');
    expect(rows).toEqual([]);
  });

  it('gets no verdict while a commit is under way', async () => {
    const attempt = await begin(5);
    await fence(ours, attempt, LOCK_TIMEOUT_MS);
    await other.query('BEGIN');
    await commitAttempt(other, attempt, LOCK_TIMEOUT_MS);
    expect(await claim(5)).toBe('unknown');
    await other.query('COMMIT');
    expect(await claim(5)).toBe('committed');
  });

  it('may claim and ask with the rights of a role that may do nothing else', async () => {
    await expect(grantArbiter(ours, 'no-such-role')).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await grantArbiter(ours, role);
    await other.query(`SET ROLE ${role}`);
    try {
      expect(await claimEpoch(other, { epoch: null, appliedEpoch: 0, by: 'gateway' })).toBe('aborted');
      expect([await serves(other, 1), await prepares(other, 1)]).toEqual([false, false]);
      expect(await readOutcome(other)).toMatchObject({ committed: null });
      await expect(markFinalized(other, 1)).rejects.toMatchObject({ code: '42501' });
      await expect(other.query('SELECT * FROM hydra_cutover.run')).rejects.toMatchObject({ code: '42501' });
      await expect(commitAttempt(other, 1, LOCK_TIMEOUT_MS)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await other.query('RESET ROLE');
    }
  });
});

describe('green', () => {
  const asSyncer = async (work: (client: Client) => Promise<void>): Promise<void> => {
    const client = new Client({ ...database.config, user: role, password });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  };

  beforeEach(async () => {
    await removeArbiter(ours);
    await installArbiter(ours, { side: 'green', cutoverId: 'test', initialState: 'closed', syncRole: role });
    await guardTables(ours);
    await ours.query(`GRANT INSERT ON hydra_jwk TO ${role}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  });

  it('lets the sync write while it is closed, and a stale sync no more once it is open or was left', async () => {
    await asSyncer(async (syncer) => {
      await expect(write(syncer)).resolves.toBeDefined();
      await expect(write()).rejects.toMatchObject({ code: 'HC001' });
      await openSide(ours, 7, LOCK_TIMEOUT_MS);
      const over = { code: 'HC001', message: expect.stringContaining('the sync is over') as string };
      await expect(write(syncer)).rejects.toMatchObject(over);
      await expect(write()).resolves.toBeDefined();
      await commit(8);
      await expect(write(syncer)).rejects.toMatchObject(over);
    });
  });

  it('refuses a sync transaction that began before it was opened', async () => {
    await asSyncer(async (syncer) => {
      await syncer.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await syncer.query('SELECT 1');
      await openSide(ours, 7, LOCK_TIMEOUT_MS);
      await expect(write(syncer)).rejects.toMatchObject({ code: 'HC001' });
    });
  });

  it('is not fooled by a role that is only taken on', async () => {
    await other.query(`SET ROLE ${role}`);
    await expect(write(other)).rejects.toMatchObject({ code: 'HC001' });
    await other.query('RESET ROLE');
  });

  it('serves the epoch it was opened for, and no other', async () => {
    expect(await serves(ours, 7)).toBe(false);
    await openSide(ours, 7, LOCK_TIMEOUT_MS);
    expect(await serves(ours, 7)).toBe(true);
    expect(await serves(ours, 6)).toBe(false);
    expect(await readOutcome(ours)).toMatchObject({ side: 'green', serves: 7, committed: null });
    await begin(8);
    expect(await serves(ours, 8)).toBe(false);
  });

  it('still says whom it serves while its arbiter is being removed, which a side that was to be left does not', async () => {
    await openSide(ours, 7, LOCK_TIMEOUT_MS);
    expect(await beginRemoval(ours, 'test')).toMatchObject({ ok: true });
    expect([await serves(ours, 7), await serves(ours, 6)]).toEqual([true, false]);
    expect(await readOutcome(ours)).toMatchObject({ side: 'green', serves: 7 });
    // Its epoch is that of the attempt which fenced it.
    await ours.query(
      `INSERT INTO hydra_cutover.attempt (attempt, epoch, state, hold_started_at, lease_until) VALUES (1, 7, 'aborted', now(), now())`,
    );
    expect(await serves(ours, 7)).toBe(false);
  });

  it('takes no writes and is never opened once it was abandoned, and cannot be abandoned once it is open', async () => {
    await asSyncer(async (syncer) => {
      for (let time = 0; time < 2; time += 1) {
        expect(await abandonSide(ours, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
      }
      await expect(write(syncer)).rejects.toMatchObject({ code: 'HC001' });
    });
    await expect(write()).rejects.toMatchObject({ code: 'HC001' });
    expect(await openSide(ours, 7, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'abandoned', epoch: 0 });
    expect(await serves(ours, 7)).toBe(false);
    expect(await beginAttempt(ours, { epoch: 8, ...LEASE })).toMatchObject({ ok: false, reason: 'abandoned' });
    expect(await claim(null)).toBe('unknown');
    await ours.query(`UPDATE hydra_cutover.run SET state = 'closed'`);
    await openSide(ours, 7, LOCK_TIMEOUT_MS);
    expect(await abandonSide(ours, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'open', epoch: 7 });
    expect(await serves(ours, 7)).toBe(true);
  });

  it('alone is abandoned: of blue that is open or committed nothing is taken', async () => {
    await removeArbiter(ours, { copy: true });
    await installArbiter(ours, BLUE);
    await guardTables(ours);
    expect(await abandonSide(ours, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false, reason: 'open' });
    await commit(1);
    expect(await abandonSide(ours, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false, reason: 'committed' });
  });
});

describe('an arbiter', () => {
  it('is adopted by its own cutover and refused to another, which is told whose it is', async () => {
    const { nonce } = await installArbiter(ours, BLUE);
    expect(await installArbiter(ours, BLUE)).toEqual({ nonce });
    await expect(installArbiter(ours, { ...BLUE, cutoverId: 'next' })).rejects.toMatchObject({
      code: 'CUTOVER_RUNNING',
      details: { cutoverId: 'test', state: 'open' },
    });
    await expect(installArbiter(ours, { ...BLUE, side: 'green' })).rejects.toMatchObject({
      code: 'CROSSED_CONNECTION',
    });
  });

  it('tells whose it is and what was tried, and nothing when there is none', async () => {
    await begin(5);
    expect(await describeArbiter(ours)).toMatchObject({
      cutoverId: 'test',
      side: 'blue',
      state: 'open',
      syncRole: null,
    });
    expect(await latestAttempt(ours)).toMatchObject({ attempt: 1, epoch: 5, state: 'holding', leaseOver: false });
    await abortAttempt(ours, 1, 'test', LOCK_TIMEOUT_MS);
    await removeArbiter(ours);
    expect(await describeArbiter(ours)).toBeUndefined();
    expect(await latestAttempt(ours)).toBeUndefined();
  });

  it('does not skip a table that it may not lock', async () => {
    await ours.query(
      `GRANT USAGE ON SCHEMA hydra_cutover TO ${role}; GRANT SELECT ON hydra_cutover.run, hydra_cutover.guarded TO ${role};
       GRANT EXECUTE ON FUNCTION hydra_cutover.columns_hash(oid), hydra_cutover.function_problems() TO ${role};
       GRANT UPDATE ON ALL TABLES IN SCHEMA public TO ${role}; REVOKE UPDATE ON hydra_client FROM ${role};
       ALTER FUNCTION hydra_cutover.guard_problems() OWNER TO ${role}`,
    );
    const problems = await guardProblems(ours);
    expect(problems).toContain(`hydra_client may not be locked by ${role}`);
    // By which somebody else than us decides: three functions have other rights or another owner.
    expect(problems.filter((problem) => problem.includes('was replaced or changed'))).toHaveLength(3);
    const attempt = await begin(5);
    await fence(ours, attempt, LOCK_TIMEOUT_MS);
    expect(await commitAttempt(ours, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false, reason: 'guard_problems' });
  });

  it('stops a commit when no table has a guard at all', async () => {
    await ours.query('DELETE FROM hydra_cutover.guarded');
    expect(await guardProblems(ours)).toEqual(['no table has a guard']);
  });

  it('is not removed while an attempt is alive, nor ever after a commit', async () => {
    const attempt = await begin(5);
    await expect(removeArbiter(ours)).rejects.toMatchObject({ code: 'LOCK_BUSY' });
    await abortAttempt(ours, attempt, 'test', LOCK_TIMEOUT_MS);
    await commit(6);
    await expect(removeArbiter(ours)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await expect(write()).rejects.toMatchObject({ code: 'HC001' });
  });

  it('holds no other table while it waits for one, and its removal goes on later', async () => {
    await writer.query('BEGIN');
    await write();
    const { rows: sessions } = await ours.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const removal = expect(removeArbiter(ours, PATIENT)).rejects.toMatchObject({ code: QUERY_CANCELED });
    let locks: { granted: boolean }[] = [];
    while (!locks.some(({ granted }) => !granted)) {
      const { rows } = await other.query<{ granted: boolean }>(
        `SELECT granted FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
          WHERE mode = 'AccessExclusiveLock' AND d.datname = current_database() AND c.relnamespace = 'public'::regnamespace`,
      );
      locks = rows;
    }
    expect(locks).toEqual([{ granted: false }]);
    await other.query('SELECT pg_cancel_backend($1)', [sessions[0]?.pid]);
    await removal;
    await expect(removeArbiter(ours, IMPATIENT)).rejects.toMatchObject({ code: 'LOCK_BUSY' });
    await writer.query('COMMIT');
    await removeArbiter(ours);
    await removeArbiter(ours);
    expect((await ours.query(`SELECT 1 FROM pg_trigger WHERE tgname ~ '^hydra_cutover'`)).rows).toEqual([]);
  });

  it('lets no attempt begin from the first moment of its removal on, and nobody install it over half a removal', async () => {
    await writer.query('BEGIN');
    await write();
    await expect(removeArbiter(ours, IMPATIENT)).rejects.toMatchObject({ code: 'LOCK_BUSY' });
    await expect(write()).resolves.toBeDefined();
    await writer.query('COMMIT');
    expect(await beginAttempt(ours, { epoch: 5, ...LEASE })).toMatchObject({ ok: false, reason: 'removing' });
    await expect(installArbiter(ours, BLUE)).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      details: { state: 'removing' },
    });
    await expect(write()).resolves.toBeDefined();
    expect(await claim(1)).toBe('aborted');
    await removeArbiter(ours);
    await installArbiter(ours, BLUE);
    await begin(5);
  });

  it('gives up an attempt whose lease is over when its removal begins', async () => {
    const attempt = await begin(5);
    await fence(ours, attempt, LOCK_TIMEOUT_MS);
    expect(await beginRemoval(ours, 'test')).toMatchObject({ ok: false, reason: 'attempt_alive', epoch: 5 });
    for (const table of ['run', 'attempt']) {
      await ours.query(`UPDATE hydra_cutover.${table} SET lease_until = clock_timestamp()`);
    }
    expect(await beginRemoval(ours, 'test')).toEqual({ ok: true, alreadyRemoving: false });
    expect(await beginRemoval(ours, 'test')).toEqual({ ok: true, alreadyRemoving: true });
    expect(await commitAttempt(ours, attempt, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'aborted' });
    await expect(write()).resolves.toBeDefined();
  });

  it('is not removed from a closed side, which would take writes then', async () => {
    await removeArbiter(ours);
    await installArbiter(ours, { ...BLUE, side: 'green', initialState: 'closed' });
    await guardTables(ours);
    await expect(removeArbiter(ours)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await expect(write()).rejects.toMatchObject({ code: 'HC001' });
  });

  it('that was committed is not prepared again', async () => {
    await commit(5);
    await expect(installArbiter(ours, BLUE)).rejects.toMatchObject({ code: 'CHECK_FAILED', details: { epoch: 5 } });
  });
});
