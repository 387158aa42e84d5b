import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { abortAttempt, beginAttempt, fence, openSide, readArbiter } from '../../../../hydra/arbiter/arbiter';
import { guardTables, installArbiter } from '../../../../hydra/arbiter/install-arbiter';
import { sharedServers } from '../../../support/shared-servers';
import {
  LEASE,
  LOCK_TIMEOUT_MS,
  OUR_WAITERS,
  REFUSED,
  begin,
  database,
  endLease,
  fenced,
  lastEpoch,
  observer,
  orchestrator,
  useArbiter,
  withSession,
  write,
  writer,
  writerWaits,
  someoneWaits,
} from './arbiter-fixture';

useArbiter();

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

  it('refuses under a fence, too, where nothing says whether it was ever armed', async () => {
    await fenced();
    await orchestrator.query('ALTER SEQUENCE hydra_cutover.armed RESTART');
    await expect(write()).rejects.toMatchObject(REFUSED);
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
    await orchestrator.query('SELECT hydra_cutover.hold_writers($1)', [LOCK_TIMEOUT_MS]);
    const waiting = expect(write()).rejects.toMatchObject(REFUSED);
    await someoneWaits(observer, OUR_WAITERS);
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

describe('an attempt', () => {
  it('is refused while another is alive, and takes over from one whose lease is over', async () => {
    const first = await begin();
    expect(await beginAttempt(orchestrator, { epoch: lastEpoch() + 1, ...LEASE })).toMatchObject({
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
    expect(await beginAttempt(orchestrator, { epoch: lastEpoch(), ...LEASE })).toMatchObject({
      ok: false,
      reason: 'stale_epoch',
      epoch: lastEpoch(),
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
    await orchestrator.query('SELECT hydra_cutover.hold_writers($1)', [LOCK_TIMEOUT_MS]);
    const waiting = write();
    await writerWaits();
    expect(await openSide(orchestrator, 8, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await orchestrator.query('COMMIT');
    await expect(waiting).resolves.toBeDefined();
  });
});

it('is made once when two make it at the same time', async () => {
  await orchestrator.query('DROP SCHEMA hydra_cutover CASCADE');
  const blue = { side: 'blue', cutoverId: 'test', initialState: 'open' } as const;
  const [one, two] = await Promise.all([installArbiter(orchestrator, blue), installArbiter(observer, blue)]);
  expect(one).toEqual(two);
});
