import {
  abandonSide,
  abortAttempt,
  beginAttempt,
  beginRemoval,
  claimEpoch,
  commitAttempt,
  fence,
  markFinalized,
  openSide,
  readArbiter,
} from '../../../../hydra/arbiter/arbiter';
import { asAdmin } from '../../../support/database';
import {
  ATTEMPT_WAITERS,
  LEASE,
  LOCK_TIMEOUT_MS,
  OUR_WAITERS,
  REFUSED,
  TABLE_WAITERS,
  begin,
  commitUnderWay,
  database,
  endLease,
  fenced,
  lastEpoch,
  nextEpoch,
  observer,
  orchestrator,
  useArbiter,
  withSession,
  write,
  writer,
  someoneWaits,
} from './arbiter-fixture';

useArbiter();

describe('every decision', () => {
  const decisions: readonly [string, () => Promise<unknown>][] = [
    ['begin_attempt', () => beginAttempt(orchestrator, { epoch: nextEpoch(), ...LEASE })],
    ['fence', () => fence(orchestrator, 1, LOCK_TIMEOUT_MS)],
    ['commit_attempt', () => commitAttempt(orchestrator, 1, LOCK_TIMEOUT_MS)],
    ['abort_attempt', () => abortAttempt(orchestrator, 1, 'test', LOCK_TIMEOUT_MS)],
    ['claim_epoch', () => claimEpoch(orchestrator, { epoch: 1, appliedEpoch: 0, by: 'test' })],
    ['hold_writers', () => orchestrator.query('SELECT hydra_cutover.hold_writers($1)', [LOCK_TIMEOUT_MS])],
    ['open_side', () => openSide(orchestrator, 1, LOCK_TIMEOUT_MS)],
    ['abandon_side', () => abandonSide(orchestrator, LOCK_TIMEOUT_MS)],
    ['begin_removal', () => beginRemoval(orchestrator, 'test')],
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
  it('is given up beside a writer who holds the barrier, and its fence does not come back with the clock', async () => {
    const attempt = await fenced();
    await endLease(attempt);
    await writer.query('BEGIN');
    await write();
    expect(await claimEpoch(orchestrator, { epoch: lastEpoch(), appliedEpoch: 0, by: 'gateway' })).toBe('aborted');
    expect(await abortAttempt(orchestrator, attempt, 'worker', 50)).toMatchObject({ outcome: 'aborted' });
    await writer.query('COMMIT');
    await orchestrator.query(`UPDATE hydra_cutover.attempt SET lease_until = clock_timestamp() + interval '1 hour'`);
    expect((await observer.query('SELECT state, lease_until FROM hydra_cutover.run')).rows).toEqual([
      { state: 'open', lease_until: null },
    ]);
    await expect(write()).resolves.toBeDefined();
    expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'aborted' });
  });

  it('is not given up while its commit is under way: the claim learns how that ended', async () => {
    await commitUnderWay();
    const { rows } = await observer.query<{ attempt: number }>(
      'SELECT max(attempt)::int AS attempt FROM hydra_cutover.attempt',
    );
    const claimed = abortAttempt(observer, rows[0]?.attempt ?? 0, 'gateway', 600_000);
    await someoneWaits(writer, ATTEMPT_WAITERS);
    await orchestrator.query('COMMIT');
    expect(await claimed).toMatchObject({ outcome: 'committed' });
  });
});

it('is given up by a transaction that stays open, and no write and no lock of a write waits for its end', async () => {
  const attempt = await fenced();
  await observer.query('BEGIN');
  expect(await claimEpoch(observer, { epoch: lastEpoch(), appliedEpoch: 0, by: 'gateway' })).toBe('aborted');
  const { rows } = await orchestrator.query(
    `SELECT mode FROM pg_locks WHERE relation = 'hydra_cutover_barrier.barrier'::regclass`,
  );
  expect(rows).toEqual([]);
  // Not yet decided for anybody else.
  await expect(write()).rejects.toMatchObject(REFUSED);
  await observer.query('COMMIT');
  await expect(write()).resolves.toBeDefined();
  expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'aborted' });
});

it.each([
  ['lock_timeout', '55P03'],
  ['statement_timeout', '57014'],
])('a write whose own %s ends at the barrier is counted as refused: Hydra says nothing of it', async (limit, code) => {
  await fenced();
  const { refused: before } = await readArbiter(orchestrator);
  await orchestrator.query('BEGIN');
  await orchestrator.query('SELECT hydra_cutover.hold_writers($1)', [LOCK_TIMEOUT_MS]);
  await writer.query(`SET ${limit} = '100ms'`);
  await expect(write()).rejects.toMatchObject({ code });
  await writer.query(`RESET ${limit}`);
  await orchestrator.query('ROLLBACK');
  expect((await readArbiter(orchestrator)).refused).toBe((before ?? NaN) + 1);
});

describe('locks are taken in one order', () => {
  it.each([
    ['aborts a live fence', () => abortAttempt(observer, 1, 'gateway', 600_000), ATTEMPT_WAITERS, 'committed'],
    ['begins', () => beginAttempt(observer, { epoch: 99, ...LEASE }), OUR_WAITERS, undefined],
  ] as const)(
    'by a commit and by one who %s, so that neither is a victim of the other',
    async (_name, act, waiters, outcome) => {
      const attempt = await fenced();
      expect(attempt).toBe(1);
      // The commit has the barrier, and waits for a table.
      await writer.query('BEGIN; LOCK TABLE hydra_client IN SHARE ROW EXCLUSIVE MODE');
      const committing = commitAttempt(orchestrator, attempt, 600_000);
      await someoneWaits(observer, TABLE_WAITERS);
      const acting = act();
      await someoneWaits(writer, waiters);
      await writer.query('COMMIT');
      expect(await committing).toMatchObject({ ok: true });
      expect(await acting).toMatchObject(outcome === undefined ? { ok: false, reason: 'committed' } : { outcome });
    },
  );
});

it('gives an attempt up that is fenced while the claim waits for its row, whoever has the barrier then', async () => {
  const attempt = await begin();
  await observer.query(`BEGIN; UPDATE hydra_cutover.attempt SET state = 'fenced' WHERE attempt = ${attempt}`);
  const claimed = claimEpoch(orchestrator, { epoch: lastEpoch(), appliedEpoch: 0, by: 'gateway' });
  await someoneWaits(observer, ATTEMPT_WAITERS);
  await writer.query('BEGIN; LOCK TABLE hydra_cutover_barrier.barrier IN ROW EXCLUSIVE MODE');
  await observer.query('COMMIT');
  expect(await claimed).toBe('aborted');
  await writer.query('COMMIT');
  expect(await commitAttempt(orchestrator, attempt, LOCK_TIMEOUT_MS)).toEqual({ ok: false, reason: 'aborted' });
});

it('opens a side after DDL that is under way on it, and not when that took a guard away', async () => {
  await orchestrator.query(`UPDATE hydra_cutover.run SET side = 'green', state = 'closed'`);
  await writer.query('BEGIN; DROP TRIGGER hydra_cutover_guard ON hydra_jwk');
  const opening = openSide(orchestrator, nextEpoch(), 600_000);
  await someoneWaits(observer, TABLE_WAITERS);
  await writer.query('COMMIT');
  expect(await opening).toMatchObject({ ok: false, reason: 'guard_problems' });
});
