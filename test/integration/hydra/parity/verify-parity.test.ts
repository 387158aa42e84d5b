import { type Client } from 'pg';
import { PostgresDatabases } from '../../../../adapters/postgres/postgres-databases';
import { type Brake } from '../../../../activities/brake';
import { settleProof } from '../../../../activities/parity/settle-proof';
import { type StepContext, type StepDeps } from '../../../../activities/step';
import { withSync } from '../../../../activities/sync-session';
import { verifyParity } from '../../../../activities/verify-parity';
import { type SqlClient } from '../../../../domain/ports/sql-client';
import { RangeQueue, compareInTime, compareSides, forgetProofs, readProof, readWalks } from '../../../../hydra/parity';
import { prepareSync, readBacklog } from '../../../../hydra/sync';
import { takeOverSync } from '../../../../hydra/sync/take-over';
import { seed } from '../../../../world/seeder';
import { until } from '../../../support/until';
import { useDatabase } from '../../../support/database';
import { SETTINGS, stepContext } from '../../activities/green-fixture';
import { SyncWorld } from '../sync/sync-world';
import { AS_OF } from '../transform/oracle';
import { PATH } from '../../../support/path';
import { percentsOf } from '../../../support/percents';
import { withSession } from '../../../../world/net/with-session';
import { FORWARD } from '../../../../domain/sides';

const database = useDatabase('hydra_1_11_10');
let world: SyncWorld;
let blue: Client;
let green: Client;
/** Sessions that compare. */
let sides: { readonly blue: Client; readonly green: Client };

beforeAll(async () => {
  await withSession(database.config, (client) =>
    seed(client, { profile: 'fixable', grants: 300, seed: 9, asOf: AS_OF }),
  );
  world = new SyncWorld(database.config);
  await world.capture();
  await world.snapshot();
  blue = await world.connect('blue');
  green = await world.connect('green');
  sides = { blue: await world.connect('blue'), green: await world.connect('green') };
});

afterAll(() => world.close());

describe('verifying parity', () => {
  it('finds blue and green equal right after the migration, and says how many rows that are', async () => {
    // As after the migration of a run: how far it is is told by the statistics of green.
    await green.query('ANALYZE');
    const beats: unknown[] = [];
    const receipt = await verify((progress) => beats.push(progress));
    expect(receipt).toMatchObject({ differences: 0, examples: [] });
    expect(receipt.tables['hydra_oauth2_flow']).toBeGreaterThan(100);
    expect(receipt.rows).toBe(Object.values(receipt.tables).reduce((sum, rows) => sum + rows, 0));
    expect(beats[0]).toMatchObject({ step: 'comparing', looked: 'all' });
    // To the end of what is compared: not of all that blue has, of which the migration merges two tables into one.
    const percents = percentsOf(beats);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect([percents[0], percents.at(-1)]).toEqual([0, 99]);
  });

  /** While `work` goes on, the comparison that began stands still: how far it is cannot be noted. */
  async function heldWhile(
    work: () => Promise<void>,
    heartbeat: StepContext['heartbeat'] = () => undefined,
  ): Promise<unknown> {
    const { verifying } = await withSession({ ...database.config, database: world.green }, async (holder) => {
      let held: Promise<unknown> | undefined;
      const verifying = verify((progress) => {
        heartbeat(progress);
        held ??= holder.query('BEGIN; LOCK TABLE hydra_cutover.parity_walk');
      });
      verifying.catch(() => undefined);
      await until('the comparison begins', () => held !== undefined);
      await held;
      await work();
      await holder.query('ROLLBACK');
      return { verifying };
    });
    return verifying;
  }

  it('carries on beside the comparison, so that the log of blue does not grow for as long as that takes', async () => {
    const beats: Readonly<Record<string, unknown>>[] = [];
    const verifying = heldWhile(
      async () => {
        await blue.query(`UPDATE hydra_client SET client_name = 'changed while the comparison stood still'`);
        await until('the change is carried', async () => (await readBacklog(blue)) === 0);
        const names = 'SELECT DISTINCT client_name::text AS name FROM hydra_client';
        const { rows } = await green.query<{ name: string }>(names);
        expect(rows).toEqual([{ name: 'changed while the comparison stood still' }]);
      },
      (progress) => beats.push(progress),
    );
    expect(await verifying).toMatchObject({ differences: 0 });
    expect(beats.at(-1)).toMatchObject({ step: 'comparing', backlog: 0 });
  });

  it('ends when another sync takes over from the rounds beside it', async () => {
    const sessions = async () => {
      const ours = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hydra-cutover verify parity'`;
      return (await blue.query(ours)).rows.length;
    };
    const verifying = heldWhile(async () => {
      // The sync's own two, and those of the lanes.
      await until('the lanes are open', async () => (await sessions()) > 2);
      await takeOverSync(green);
      await until('the lanes are ended', async () => (await sessions()) <= 2);
    });
    await expect(verifying).rejects.toMatchObject({ code: 'SYNC_FENCED' });
  });

  it('carries what blue changed meanwhile, also while it looks, and is equal then', async () => {
    await blue.query('UPDATE hydra_oauth2_refresh SET active = NOT active WHERE hashtext(signature) % 5 = 0');
    await blue.query('DELETE FROM hydra_oauth2_authentication_session WHERE hashtext(id) % 7 = 0');
    const { rows } = await blue.query<{ signature: string }>(
      'SELECT signature FROM hydra_oauth2_access ORDER BY 1 LIMIT 60',
    );
    const writing = withSession(database.config, async (writer) => {
      for (const { signature } of rows) {
        const sql = `UPDATE hydra_oauth2_access SET form_data = form_data || '&meanwhile=1' WHERE signature = $1`;
        await writer.query(sql, [signature]);
      }
    });
    const receipt = await verify();
    await writing;
    expect(receipt).toMatchObject({ differences: 0, examples: [] });
    expect(await verify()).toMatchObject({ differences: 0 });
    expect(await compareSides(PATH, blue, green, { batchRows: 100 })).toMatchObject({ differences: 0 });
  });

  it('goes on where an earlier try was: ranges count in their order, and what was looked at is not looked at again', async () => {
    const lane = await prepareSync(PATH, sides.blue, sides.green, 'public');
    await forgetProofs(green);
    const ofAccess = async () =>
      (await readWalks(PATH, green)).filter(({ walk }) => walk.name === 'hydra_oauth2_access');
    const queue = new RangeQueue(green, await ofAccess(), 50);
    const [first, second] = [await queue.take(lane.from), await queue.take(lane.from)];
    if (first === null || second === null) throw new Error('there are fewer rows than two ranges have');
    await second.done(await compareInTime(lane, second.walk, second.range));
    expect(await ofAccess()).toMatchObject([{ after: null }]);
    await first.done(await compareInTime(lane, first.walk, first.range));
    expect(await ofAccess()).toMatchObject([{ after: second.range.upTo, provenSince: null }]);
    const whole = await readProof(PATH, green);
    expect(whole.provenSince).toBeNull();
    const beats: Readonly<Record<string, unknown>>[] = [];
    const receipt = await verify((progress) => beats.push(progress), new AbortController().signal, 2);
    expect(receipt.differences).toBe(0);
    // What the try before it looked at stands in its first word of how far it is.
    const rows = beats.map((beat) => Number(beat.rows ?? 0));
    const [before = 0] = rows;
    expect(before).toBeGreaterThan(0);
    expect(Math.max(...rows)).toBeGreaterThan(before);
    expect(Math.max(...rows)).toBeLessThanOrEqual(receipt.rows);
    expect(await readProof(PATH, green)).toMatchObject({ unequal: 0, ageMs: expect.any(Number) as number });
  });

  it('looks again at ranges no faster than the brake lets it', async () => {
    await green.query(`INSERT INTO hydra_cutover.parity_unequal (walk) VALUES ('hydra_oauth2_refresh')`);
    const { signal } = new AbortController();
    let taken = 0;
    const brake = { pass: () => Promise.resolve(), took: (rows: number) => (taken += rows) } as unknown as Brake;
    const paused = { ...brake, pass: () => Promise.reject(new Error('paused')) } as unknown as Brake;
    await withSync(deps(), { cutoverId: world.cutoverId, environment: 'test' }, { signal }, async (session) => {
      await expect(settleProof(deps(), session, { signal, brake: paused })).rejects.toThrow('paused');
      expect(await readProof(PATH, green)).toMatchObject({ unequal: 1 });
      expect(taken).toBe(0);
      expect(await settleProof(deps(), session, { signal, brake })).toMatchObject({ unequal: 0, differences: 0 });
    });
    const { rows } = await blue.query('SELECT FROM hydra_oauth2_refresh');
    expect(taken).toBeGreaterThanOrEqual(rows.length);
  });

  it('divides a range that takes too long for one snapshot, and misses no row of it', async () => {
    const lane = await prepareSync(PATH, sides.blue, sides.green, 'public');
    const walk = (await readWalks(PATH, green)).find((one) => one.walk.name === 'hydra_oauth2_access')?.walk;
    if (walk === undefined) throw new Error('there is no such walk');
    const range = { after: null, upTo: null };
    const [whole] = await compareInTime(lane, walk, range);
    let slept = 0;
    const slow: SqlClient = {
      query: async (text, values) => {
        if (!text.includes('AS sum FROM') || slept++ > 0) return lane.from.query(text, values);
        await lane.from.query('SET LOCAL statement_timeout = 1');
        return lane.from.query('SELECT pg_sleep(600)');
      },
    };
    const parts = await compareInTime({ ...lane, from: slow }, walk, range);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.every(({ equal }) => equal)).toBe(true);
    expect(parts.reduce((sum, { from }) => sum + from.rows, 0)).toBe(whole?.from.rows);
    expect([parts[0]?.range.after, parts.at(-1)?.range.upTo]).toEqual([null, null]);
  });

  it('waits for a row of blue that nobody can carry, and ends when it is cancelled', async () => {
    const { rows } = await blue.query<{ challenge: string }>(
      'SELECT min(challenge) AS challenge FROM hydra_oauth2_consent_request_handled',
    );
    const claims = 'UPDATE hydra_oauth2_consent_request_handled SET session_id_token = $2 WHERE challenge = $1';
    await blue.query(claims, [rows[0]?.challenge, '{"no":']);
    const cancel = new AbortController();
    const beats: unknown[] = [];
    const heartbeat = (progress: Readonly<Record<string, unknown>>): void => {
      beats.push(progress);
      if (progress['step'] === 'waits for a row of blue') cancel.abort(new Error('enough'));
    };
    await expect(verify(heartbeat, cancel.signal)).rejects.toThrow('enough');
    expect(beats.at(-1)).toMatchObject({ reason: expect.stringContaining('J03-stop') as string });
    await blue.query(claims, [rows[0]?.challenge, '']);
    expect(await verify()).toMatchObject({ differences: 0 });
  });

  it('returns differences that no round of the sync explains, by table and hash', async () => {
    await green.query('ALTER TABLE hydra_oauth2_refresh DISABLE TRIGGER USER');
    const { rows } = await green.query<{ signature: string }>(
      `UPDATE hydra_oauth2_refresh SET active = NOT active WHERE signature = (SELECT max(signature) FROM hydra_oauth2_refresh)
       RETURNING signature`,
    );
    const receipt = await verify();
    expect(receipt.differences).toBe(1);
    expect(receipt.examples).toEqual([expect.stringMatching(/^hydra_oauth2_refresh different [0-9a-f]{16}$/)]);
    expect(JSON.stringify(receipt)).not.toContain(rows[0]?.signature);
    expect(receipt.tables['hydra_oauth2_refresh']).toBeGreaterThan(100);
  });
});

function deps(): StepDeps {
  const { host, port, user, password } = database.config;
  const side = (name: string) => ({
    host,
    port,
    name,
    user,
    password: () => password,
    ssl: { mode: 'disable' as const },
  });
  const log = { info: () => undefined, warn: () => undefined };
  const databases = new PostgresDatabases({
    sides: { blue: side(database.config.database), green: side(world.green) },
    provider: { describeInstance: () => Promise.resolve(undefined) },
  });
  const settings = { ...SETTINGS, green: { ...SETTINGS.green, syncRole: world.syncRole } };
  return { settings, direction: FORWARD, databases, log } as unknown as StepDeps;
}

function verify(
  heartbeat: StepContext['heartbeat'] = () => undefined,
  signal = new AbortController().signal,
  attempt = 1,
) {
  return verifyParity(
    deps(),
    { cutoverId: world.cutoverId, environment: 'test' },
    stepContext({ heartbeat, signal, attempt }),
  );
}
