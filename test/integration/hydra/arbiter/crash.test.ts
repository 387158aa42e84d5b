import { Client } from 'pg';
import { abortAttempt, commitAttempt, guardTables, installArbiter, readArbiter } from '../../../../hydra/arbiter';
import { fenced } from '../../../support/attempts';
import { OwnCluster } from '../../../support/own-cluster';

const LOCK_TIMEOUT_MS = 2_000;

let cluster: OwnCluster;

/** Of the server as it is then; a crash ends it, and is no failure of the test. */
async function withBlue<T>(work: (blue: Client) => Promise<T>): Promise<T> {
  const { host, port, master } = cluster;
  const blue = new Client({ host, port, ...master, database: 'postgres' });
  blue.on('error', () => undefined);
  await blue.connect();
  return work(blue).finally(() => blue.end());
}

const write = (blue: Client) => blue.query('INSERT INTO hydra_jwk VALUES (1)');

beforeAll(async () => {
  cluster = await OwnCluster.start(15, { tls: false, fsync: true });
  await withBlue(async (blue) => {
    await blue.query('CREATE TABLE hydra_jwk (id int)');
    await installArbiter(blue, { side: 'blue', cutoverId: 'test', initialState: 'open' });
    await guardTables(blue);
  });
});
afterAll(() => cluster.stop());

const crashes: readonly [string, () => Promise<void>][] = [
  ['of the whole server', () => cluster.crash()],
  [
    'of one backend',
    () =>
      withBlue(async (victim) => {
        const { rows } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await cluster.crashBackend(rows[0]?.pid ?? 0);
      }),
  ],
];

it.each(crashes)(
  'a crash %s leaves the fence as it was, and the count of refused writes unknown',
  async (name, crash) => {
    const epoch = 1 + crashes.findIndex(([one]) => one === name);
    const attempt = await withBlue(async (blue) => {
      const made = await fenced(blue, epoch);
      await expect(write(blue)).rejects.toMatchObject({ code: 'HC001' });
      expect((await readArbiter(blue)).refused).toBeGreaterThan(0);
      return made;
    });
    await crash();
    await withBlue(async (blue) => {
      await expect(write(blue)).rejects.toMatchObject({ code: 'HC001' });
      expect(await readArbiter(blue)).toMatchObject({ state: 'fenced', armed: true, refused: null });
      expect(await abortAttempt(blue, attempt, 'test', LOCK_TIMEOUT_MS)).toMatchObject({ outcome: 'aborted' });
    });
  },
);

it('an ordinary restart loses no count, and what was committed stays after a crash', async () => {
  await withBlue(async (blue) => {
    const attempt = await fenced(blue, 10);
    expect(await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await expect(write(blue)).rejects.toMatchObject({ code: 'HC001' });
  });
  const counted = await withBlue(readArbiter);
  await cluster.restart();
  expect(await withBlue(readArbiter)).toEqual(counted);
  expect(counted.refused).toBeGreaterThan(0);
  await cluster.crash();
  await withBlue(async (blue) => {
    expect(await readArbiter(blue)).toMatchObject({ state: 'committed', refused: null });
    await expect(write(blue)).rejects.toMatchObject({ code: 'HC001' });
  });
});
