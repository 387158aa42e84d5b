import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { installArbiter } from '../../../../hydra/arbiter';
import { becomeSyncer } from '../../../../hydra/sync';
import { type SyncLogin, terminateSyncSessions } from '../../../../hydra/sync/sync-role';
import { useDatabase } from '../../../support/database';
import { dropRunRoles, makeRunRoles } from '../../../support/run-roles';
import { silentAfter } from '../../../support/silent-client';

const database = useDatabase('hydra_2_3_0');
const cutoverId = `silent-${randomBytes(4).toString('hex')}`;
const options = { cutoverId, schema: 'public', role: `sync_of_${cutoverId}`, side: 'green' } as const;
let next: Client;
let generation: number;
let login: SyncLogin;

beforeAll(async () => {
  next = await database.connect();
  await installArbiter(next, { side: 'green', cutoverId, initialState: 'closed' });
  await makeRunRoles([options.role]);
  ({ generation, login } = await becomeSyncer(next, options));
});
// The database is dropped by then, and with it what the role was granted.
afterAll(() => dropRunRoles([options.role]));

it('has no session any more once its sessions were ended, also of one in the middle of a statement', async () => {
  for (let n = 0; n < 20; n += 1) {
    const syncer = new Client({ ...database.config, ...login });
    syncer.on('error', () => undefined);
    await syncer.connect();
    const working = syncer.query('SELECT count(*) FROM generate_series(1, 1000000000)').catch(() => undefined);
    expect(await terminateSyncSessions(next, options.role)).toBe(1);
    const { rows } = await next.query('SELECT pid FROM pg_stat_activity WHERE usename = $1', [options.role]);
    expect(rows).toEqual([]);
    await working;
    await syncer.end();
  }
});

describe('a syncer that stops while it takes over, with its connection open', () => {
  it.each([
    ['sets green up', /LOCK TABLE hydra_cutover\.run/],
    ['takes the next generation', /UPDATE hydra_cutover\.syncer/],
  ])('and while it %s, is followed by the next one', async (_, sql) => {
    const worker = silentAfter(await database.connect(), sql);
    void becomeSyncer(worker, options);
    await worker.silent;
    const following = await becomeSyncer(next, options);
    // What the silent one did was not committed.
    expect(following.generation).toBe((generation += 1));
    await worker.end();
  });

  it.each([
    ['what sets green up', 'LOCK TABLE hydra_cutover.run IN SHARE UPDATE EXCLUSIVE MODE'],
    ['the generation', 'UPDATE hydra_cutover.syncer SET generation = generation'],
  ])('is told as LOCK_BUSY when it holds %s and no server ends it', async (_, sql) => {
    const endless = await database.connect();
    await endless.query('BEGIN');
    await endless.query(sql);
    await expect(becomeSyncer(next, { ...options, lockTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'LOCK_BUSY',
      retryable: true,
    });
    await endless.end();
    const following = await becomeSyncer(next, options);
    expect(following.generation).toBe((generation += 1));
  });
});
