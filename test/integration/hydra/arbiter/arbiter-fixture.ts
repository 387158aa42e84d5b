import { Client } from 'pg';
import { beginAttempt, commitAttempt, fence } from '../../../../hydra/arbiter/arbiter';
import { guardTables, installArbiter } from '../../../../hydra/arbiter/install-arbiter';
import { type TestDatabase, useDatabase } from '../../../support/database';
import { SOON, until } from '../../../support/until';

export const LOCK_TIMEOUT_MS = 2_000;
/** Longer than any test takes: where a lease is to be over, the test ends it. */
export const LEASE = { holdDeadlineMs: 600_000, marginMs: 0 };
export const REFUSED = { code: 'HC001' };

export let database: TestDatabase;
export let orchestrator: Client;
export let writer: Client;
export let observer: Client;
let epoch = 0;
let sid = 0;

/** Gives the calling test file a blue with guards and three sessions; each test begins with an arbiter that was never fenced. */
export function useArbiter(): void {
  database = useDatabase('hydra_1_11_10');
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
}

/** The epoch of the newest attempt. */
export const lastEpoch = (): number => epoch;
export const nextEpoch = (): number => ++epoch;

export const write = (client: Client = writer) =>
  client.query(`INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ($1, 'k', 0, 'x')`, [`s${++sid}`]);

export async function begin(lease = LEASE): Promise<number> {
  const answer = await beginAttempt(orchestrator, { epoch: ++epoch, ...lease });
  if (!answer.ok) throw new Error(answer.reason);
  return answer.attempt;
}

export async function fenced(): Promise<number> {
  const attempt = await begin();
  expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true, alreadyFenced: false });
  return attempt;
}

/** As if the lease had been as long as until now. */
export async function endLease(attempt: number): Promise<void> {
  for (const table of ['attempt', 'run']) {
    await orchestrator.query(
      `UPDATE hydra_cutover.${table} SET lease_until = clock_timestamp() WHERE attempt = $1 AND lease_until IS NOT NULL`,
      [attempt],
    );
  }
}

/** A commit in a transaction that is still open, of an attempt whose lease is over by now, as everybody else sees it. */
export async function commitUnderWay(): Promise<void> {
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

/** Somebody waits for a table of Hydra. */
export const TABLE_WAITERS = `SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
  WHERE NOT l.granted AND d.datname = current_database() AND c.relnamespace = 'public'::regnamespace`;

export const OUR_WAITERS = `SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
  WHERE NOT l.granted AND d.datname = current_database() AND c.relnamespace::regnamespace::text ~ '^hydra_cutover'`;
export const ATTEMPT_WAITERS = `SELECT 1 FROM pg_locks w JOIN pg_locks h ON h.transactionid = w.transactionid AND h.granted
  JOIN pg_stat_activity a ON a.pid = w.pid WHERE NOT w.granted AND a.datname = current_database()`;

export async function withSession(work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(database.config);
  await client.connect();
  await work(client).finally(() => client.end());
}

/** Until `waiters`, a query like {@link TABLE_WAITERS}, finds somebody. */
export const someoneWaits = (client: Client, waiters: string): Promise<void> =>
  until('somebody waits for a lock', async () => (await client.query(waiters)).rows.length > 0, SOON);

/** Until the writer waits for the arbiter's lock. */
export async function writerWaits(): Promise<void> {
  const sql = `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
                WHERE relation = 'hydra_cutover_barrier.barrier'::regclass AND NOT granted AND d.datname = current_database()`;
  await someoneWaits(orchestrator, sql);
}
