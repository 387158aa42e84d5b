import { type Client } from 'pg';
import { blockersOf } from '../../../activities/evidence/blockers';
import { useDatabase } from '../../support/database';
import { until } from '../../support/until';

const database = useDatabase();
let ours: Client;
let theirs: Client;
let look: () => ReturnType<typeof blockersOf>;

beforeAll(async () => {
  [ours, theirs] = [await database.connect(), await database.connect()];
  look = () => blockersOf({ query: (text: string, values?: unknown[]) => ours.query(text, values) }, 'blue');
  await ours.query('CREATE TABLE rows (id int)');
});

it('tells how long the oldest transaction that writes is open, and once that is long, whose it is', async () => {
  await theirs.query('BEGIN');
  await theirs.query('SELECT count(*) FROM rows');
  // One that only reads holds up no fence.
  expect(await look()).toEqual({ longestWriteMs: null, problems: [] });
  await theirs.query('INSERT INTO rows VALUES (1)');
  const { rows } = await theirs.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let seen = await look();
  expect(seen.longestWriteMs).toBeGreaterThanOrEqual(0);
  await until('it to be long', async () => (seen = await look()).problems.length > 0);
  expect(seen.longestWriteMs).toBeGreaterThan(2_000);
  expect(seen.problems).toEqual([
    expect.stringMatching(
      new RegExp(
        `^session ${rows[0]?.pid} on blue writes in a transaction that is open for \\d+ s \\(idle in transaction\\)`,
      ),
    ),
  ]);
  await theirs.query('ROLLBACK');
  expect(await look()).toEqual({ longestWriteMs: null, problems: [] });
});
