import { type Client } from 'pg';
import { purge } from '../../../activities/purge';
import { type StepDeps } from '../../../activities/step';
import { type Databases } from '../../../domain/ports/databases';
import { guardTables, installArbiter, markFinalized } from '../../../hydra/arbiter';
import { committed } from '../../support/attempts';
import { installCapture, removeCapture } from '../../../hydra/capture';
import { useDatabase } from '../../support/database';
import { PATH } from '../../support/path';
import { SETTINGS, stepContext } from './green-fixture';
import { FORWARD } from '../../../domain/sides';

const [blueDatabase, greenDatabase] = [useDatabase('hydra_1_11_10'), useDatabase('hydra_2_3_0')];
const input = { cutoverId: 'finished', environment: 'test' };
let blue: Client;
let green: Client;
let serves: 'blue' | 'green';
let snapshots: string[];

beforeAll(async () => {
  [blue, green] = [await blueDatabase.connect(), await greenDatabase.connect()];
  await installArbiter(blue, {
    ...{ side: 'blue', cutoverId: input.cutoverId, initialState: 'open' },
    origin: { startedBy: 'alice', environment: 'test', workflowId: 'cutover/test', temporal: 'here' },
  });
  await guardTables(blue);
  await installCapture(PATH, blue);
  await committed(blue, 3);
  for (const client of [blue, green]) {
    await client.query(
      'CREATE SCHEMA hydra_cutover_archive; CREATE TABLE hydra_cutover_archive.archive_x (before jsonb)',
    );
  }
  [serves, snapshots] = ['green', ['hydra-cutover-finished']];
});

const deps = (): StepDeps => {
  const sides = { blue, green };
  const withSession: Databases['withSession'] = (side, work) =>
    work({ backendPid: 0, query: (text, values) => sides[side].query(text, values) });
  return {
    settings: SETTINGS,
    direction: FORWARD,
    databases: { withSession },
    gateways: [
      {
        name: 'edge-1',
        read: () => Promise.resolve({ appliedEpoch: serves === 'green' ? 3 : 0, appliedSide: serves }),
      },
    ],
    targets: [],
    provider: {
      describeSnapshot: (id: string) => Promise.resolve(snapshots.includes(id) ? {} : undefined),
      deleteSnapshot: ({ snapshotId }: { snapshotId: string }) => {
        snapshots = snapshots.filter((id) => id !== snapshotId);
        return Promise.resolve();
      },
    },
  } as unknown as StepDeps;
};

const schemas = async (client: Client): Promise<readonly string[]> => {
  const { rows } = await client.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname ^@ 'hydra_cutover' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

describe('purge', () => {
  it('is refused before finalize, and while a gateway serves blue', async () => {
    await expect(purge(deps(), input, stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await removeCapture(blue);
    await markFinalized(blue, 3);
    serves = 'blue';
    await expect(purge(deps(), input, stepContext())).rejects.toMatchObject({ code: 'TARGET_FELL_BACK' });
    serves = 'green';
    await green.query('ALTER SCHEMA hydra_cutover_archive OWNER TO hydra');
    await expect(purge(deps(), input, stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await green.query('ALTER SCHEMA hydra_cutover_archive OWNER TO CURRENT_USER');
    expect(snapshots).toHaveLength(1);
    expect(await schemas(green)).toEqual(['hydra_cutover_archive']);
  });

  it("leaves nothing of ours but blue's guard and the committed row, also when repeated", async () => {
    const { removed } = await purge(deps(), input, stepContext());
    expect(removed.map(({ what, where }) => `${what}, ${where}`)).toEqual([
      'schema hydra_cutover_archive, instance green',
      'schema hydra_cutover_archive, instance blue',
      "blue's rows of before the migration, snapshot hydra-cutover-finished",
    ]);
    expect(await purge(deps(), input, stepContext())).toEqual({ removed: [] });
    expect(snapshots).toEqual([]);
    expect(await schemas(green)).toEqual([]);
    expect(await schemas(blue)).toEqual(['hydra_cutover', 'hydra_cutover_asks', 'hydra_cutover_barrier']);
    await expect(blue.query(`INSERT INTO hydra_client (id) VALUES ('late')`)).rejects.toMatchObject({ code: 'HC001' });
    expect((await blue.query('SELECT hydra_cutover_asks.outcome() AS o')).rows).toEqual([
      { o: expect.objectContaining({ committed: 3, finalized: true }) as unknown },
    ]);
    expect((await blue.query("SELECT 1 FROM pg_class WHERE relname = 'origin'")).rows).toEqual([]);
  });

  it('is refused where green is a side of the next cutover', async () => {
    await installArbiter(green, { side: 'blue', cutoverId: 'next', initialState: 'open' });
    await expect(purge(deps(), input, stepContext())).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/green is the blue side of cutover next/) as string,
    });
  });
});
