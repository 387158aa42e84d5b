import { randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { fence, type FenceAnswer } from '../../../../hydra/arbiter/arbiter';
import { forgetMember } from '../../../../hydra/arbiter';
import { queryRows } from '../../../../domain/ports/sql-client';
import {
  LOCK_TIMEOUT_MS,
  OUR_WAITERS,
  begin,
  lastEpoch,
  observer,
  orchestrator,
  someoneWaits,
  useArbiter,
  writer,
} from './arbiter-fixture';

useArbiter();
// Where a test fails, the next one must not wait for it.
afterEach(() => observer.query('ROLLBACK'));

const LONG_MS = 60_000;

interface Beat {
  readonly admitted: boolean;
  readonly living: number | null;
}

async function beat(client: Client, member: string, leaseMs: number, knownEpoch = 0): Promise<Beat | undefined> {
  const sql = `SELECT hydra_cutover.beat_member($1::uuid, 'edge', $2, $3, 0) AS answer`;
  return (await queryRows<{ answer: Beat }>(client, sql, [member, leaseMs, knownEpoch]))[0]?.answer;
}

describe('a gateway that joins while an attempt begins', () => {
  it('is seen by the fence when it was first', async () => {
    await observer.query('BEGIN');
    expect(await beat(observer, randomUUID(), LONG_MS)).toMatchObject({ admitted: true, living: null });
    const fencing = begin().then((attempt) => fence(orchestrator, attempt, LOCK_TIMEOUT_MS));
    await Promise.race([someoneWaits(writer, OUR_WAITERS), fencing]);
    await observer.query('COMMIT');
    expect(await fencing).toMatchObject({ ok: false, reason: 'members', alive: ['edge'] });
  });

  it('is told of the attempt, and not counted, when it comes after it', async () => {
    await orchestrator.query('BEGIN');
    const attempt = await begin();
    const beating = beat(observer, randomUUID(), LONG_MS);
    await Promise.race([someoneWaits(writer, OUR_WAITERS), beating]);
    await orchestrator.query('COMMIT');
    expect(await beating).toMatchObject({ admitted: false, living: lastEpoch() });
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  });
});

it('a beat that is under way is waited for by the fence: it renews a lease that seems to be over', async () => {
  const answer = await fenceBesideABeat();
  expect(answer).toMatchObject({ ok: false, reason: 'members', alive: ['edge'] });
});

/** The lease has to live when it is renewed and to be over when the fence asks: as short as this machine lets it be. */
async function fenceBesideABeat(): Promise<FenceAnswer> {
  for (let leaseMs = 300; ; leaseMs *= 3) {
    await orchestrator.query(
      `DELETE FROM hydra_cutover.member; UPDATE hydra_cutover.attempt SET lease_until = clock_timestamp()`,
    );
    const member = randomUUID();
    await beat(observer, member, LONG_MS);
    const attempt = await begin();
    // It knows of the attempt, so that its silence would mean that it forwards nothing.
    await beat(observer, member, leaseMs, lastEpoch());
    await observer.query('BEGIN');
    const renewed = await beat(observer, member, LONG_MS, lastEpoch());
    if (renewed?.admitted !== true) {
      await observer.query('ROLLBACK');
      continue;
    }
    await writer.query(
      `SELECT pg_sleep(extract(epoch FROM lease_until - clock_timestamp()) + 0.01) FROM hydra_cutover.member`,
    );
    const fencing = fence(orchestrator, attempt, LOCK_TIMEOUT_MS);
    await Promise.race([someoneWaits(writer, OUR_WAITERS), fencing]);
    await observer.query('COMMIT');
    return fencing;
  }
}

describe('as many gateways as there is room for', () => {
  const MANY = 1_000;

  async function joinMany(): Promise<readonly string[]> {
    const join = `hydra_cutover.beat_member(gen_random_uuid(), 'edge-' || number, ${LONG_MS}, 0, 0)`;
    await observer.query(`SELECT ${join} FROM generate_series(1, ${MANY}) AS number`);
    const members = await queryRows<{ member: string }>(
      observer,
      'SELECT member FROM hydra_cutover.member ORDER BY name',
    );
    return members.map(({ member }) => member);
  }

  it('are asked for one by one: a fence names the one that has not said that it holds, and stands once all have', async () => {
    const ids = await joinMany();
    expect(ids).toHaveLength(MANY);
    const attempt = await begin();
    const missing = await fence(orchestrator, attempt, LOCK_TIMEOUT_MS, ids.slice(1));
    expect(missing).toMatchObject({ ok: false, reason: 'members', alive: ['edge-1'], silent: [] });
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS, ids)).toMatchObject({ ok: true });
  });

  it('cost a fence no look at the sessions of the server, as long as none of them is there twice', async () => {
    const ids = await joinMany();
    const attempt = await begin();
    await orchestrator.query(`BEGIN; SET LOCAL track_functions = 'all'`);
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS, ids)).toMatchObject({ ok: true });
    const calls = (name: string) => `pg_stat_get_xact_function_calls('hydra_cutover.${name}'::regprocedure)::integer`;
    const counted = `SELECT ${calls('unacknowledged(bigint, uuid[])')} AS asked, ${calls('is_beating(integer)')} AS looks`;
    expect((await orchestrator.query(counted)).rows).toEqual([{ asked: 1, looks: null }]);
    await orchestrator.query('COMMIT');
  });

  it('leave none for another one, which is told so, and no fence forgets it until a person does', async () => {
    const ids = await joinMany();
    const last = randomUUID();
    expect(await beat(writer, last, LONG_MS)).toMatchObject({ admitted: false, living: null });
    const attempt = await begin();
    const refused = { ok: false, reason: 'members' };
    const name = 'one of more than 1000';
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS, ids)).toMatchObject({ ...refused, alive: [name] });
    await observer.query(`UPDATE hydra_cutover.member SET lease_until = clock_timestamp() WHERE name = $1`, [name]);
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS, ids)).toMatchObject({ ...refused, silent: [name] });
    expect(await forgetMember(orchestrator, name)).toBe(1);
    expect(await fence(orchestrator, attempt, LOCK_TIMEOUT_MS, ids)).toMatchObject({ ok: true });
  });

  it('let nobody speak for those for whom there is none, who may forward writes still', async () => {
    const nobody = '00000000-0000-0000-0000-000000000000';
    await expect(beat(writer, nobody, LONG_MS)).rejects.toMatchObject({ code: '22023' });
    const ids = await joinMany();
    await beat(writer, randomUUID(), LONG_MS);
    const left = await writer.query(`SELECT hydra_cutover.leave_member('${nobody}') AS left`);
    expect(left.rows).toEqual([{ left: false }]);
    const attempt = await begin();
    // Whoever knows of the attempt, and falls silent, forwards nothing: they do not know of it.
    await expect(beat(writer, nobody, 100, lastEpoch())).rejects.toMatchObject({ code: '22023' });
    const answer = await fence(orchestrator, attempt, LOCK_TIMEOUT_MS, ids);
    expect(answer).toMatchObject({ ok: false, reason: 'members', alive: ['one of more than 1000'] });
  });
});

it('of two processes with one state nobody believes that reads have moved, as long as both are there', async () => {
  const member = randomUUID();
  const mayRead = async (): Promise<unknown> =>
    (await orchestrator.query('SELECT hydra_cutover.may_read_here($1::uuid, 1) AS may', [member])).rows;
  const moved = (client: Client) =>
    client.query(`SELECT hydra_cutover.beat_member($1::uuid, 'edge', ${LONG_MS}, 0, 1)`, [member]);
  const both = [observer, writer];
  try {
    for (const client of both) await client.query(`SET application_name = 'hydra-cutover gateway member'`);
    await moved(observer);
    expect(await mayRead()).toEqual([{ may: false }]);
    await moved(writer);
    expect(await mayRead()).toEqual([{ may: true }]);
    await observer.query('RESET application_name');
    expect(await mayRead()).toEqual([{ may: false }]);
  } finally {
    for (const client of both) await client.query('RESET application_name');
    await orchestrator.query('DELETE FROM hydra_cutover.member');
  }
});
