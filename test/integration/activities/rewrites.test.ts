import { type Client } from 'pg';
import { readBacklog } from '../../../hydra/sync';
import { useDatabase } from '../../support/database';
import { SOON, until } from '../../support/until';
import { History } from '../hydra/sync/history';
import { BLUE, GREEN, type Scenario, SwitchoverWorld } from './switchover-fixture';

const database = useDatabase('hydra_1_11_10');
const history = new History(12);
const world = new SwitchoverWorld(database.config);
let name = 0;

beforeAll(() => world.start((blue) => history.go(blue, 10)));
beforeEach(async () => {
  await world.reset();
  name += 1;
});
afterAll(() => world.close());

/** Changes every client, and no trigger fires. */
const rewrite = (client: Client = world.blue) =>
  client.query(`ALTER TABLE hydra_client ALTER COLUMN client_name TYPE text USING 'rewritten ${name}'`);

const namesOf = async (client: Client): Promise<string[]> => {
  const { rows } = await client.query<{ name: string }>('SELECT DISTINCT client_name AS name FROM hydra_client');
  return rows.map((row) => row.name);
};

/** Runs `work` once, before the first statement that has `text` in it. */
function before(text: string, work: () => Promise<unknown>): void {
  let isDone = false;
  world.scenario.onQuery = async (event, call) => {
    if (!isDone && event.text.includes(text)) {
      isDone = true;
      await work();
    }
    return call();
  };
}

async function someoneWaitsForTable(): Promise<void> {
  const sql = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'hydra_client'::regclass`;
  await until('a session waits for hydra_client', async () => (await world.blue.query(sql)).rows.length > 0, SOON);
}

const refusedFor = (reason: string) => ({
  outcome: 'aborted',
  reason: expect.stringContaining(reason) as string,
});

async function expectCarried(): Promise<void> {
  expect(await world.run()).toMatchObject({ outcome: 'committed', refused: 0 });
  expect(await namesOf(world.blue)).toEqual([`rewritten ${name}`]);
  expect(await namesOf(world.green)).toEqual([`rewritten ${name}`]);
  expect(await world.whoServes()).toEqual(GREEN);
}

/** What pg_restore --disable-triggers does, too. */
const past = async (client: Client = world.blue): Promise<void> => {
  const { rows } = await client.query<{ sql: string }>(
    `SELECT string_agg(format('ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER %I', tgname), ';') AS sql
       FROM pg_trigger WHERE tgrelid = 'hydra_client'::regclass AND tgenabled = 'A'`,
  );
  await client.query(
    `ALTER TABLE hydra_client DISABLE TRIGGER USER; UPDATE hydra_client SET client_name = 'rewritten ${name}'; ${rows[0]?.sql ?? ''}`,
  );
};

describe('a table of blue that is written past its triggers', () => {
  it('before the switchover is carried altogether', async () => {
    await past();
    await expectCarried();
  });

  it('behind the fence stops the commit, and is carried by the next attempt', async () => {
    before('commit_attempt(', past);
    expect(await world.run()).toMatchObject(refusedFor('the guard of hydra_client was off'));
    expect(await world.whoServes()).toEqual(BLUE);
    await expectCarried();
  });

  it('in a transaction that is open at the commit stops it', async () => {
    const operator = await world.sync.connect('blue');
    before('commit_attempt(', async () => {
      await operator.query('BEGIN');
      await past(operator);
    });
    expect(await world.run()).toMatchObject({ outcome: 'aborted' });
    await operator.query('COMMIT');
    await operator.end();
    expect(await world.whoServes()).toEqual(BLUE);
    await expectCarried();
  });
});

describe('a table of blue that DDL rewrites', () => {
  it('before the switchover is carried altogether', async () => {
    await rewrite();
    await expectCarried();
  });

  it('after the last look before the fence is carried behind it', async () => {
    before('.fence(', rewrite);
    await expectCarried();
  });

  it('behind the fence stops the commit, and is carried by the next attempt', async () => {
    before('commit_attempt(', rewrite);
    expect(await world.run()).toMatchObject(refusedFor('hydra_client was rewritten, and its rows were not carried'));
    expect(await world.whoServes()).toEqual(BLUE);
    await expectCarried();
  });

  it('in a transaction that is open at the commit stops it', async () => {
    const operator = await world.sync.connect('blue');
    before('commit_attempt(', async () => {
      await operator.query('BEGIN');
      await rewrite(operator);
    });
    expect(await world.run()).toMatchObject({ outcome: 'aborted' });
    expect(world.events.filter((event) => event === 'commit: busy').length).toBeGreaterThan(0);
    await operator.query('COMMIT');
    await operator.end();
    expect(await world.whoServes()).toEqual(BLUE);
    await expectCarried();
  });

  it('in a transaction that ends while the commit waits for it stops it too', async () => {
    const operator = await world.sync.connect('blue');
    world.scenario = {
      settings: { lockTimeoutMs: 60_000 },
      onQuery: async ({ text }, call) => {
        if (!text.includes('commit_attempt(')) return call();
        await operator.query('BEGIN');
        await rewrite(operator);
        const answer = call();
        await someoneWaitsForTable();
        await operator.query('COMMIT');
        return answer;
      },
    };
    expect(await world.run()).toMatchObject(refusedFor('hydra_client was rewritten, and its rows were not carried'));
    await operator.end();
    expect(await world.whoServes()).toEqual(BLUE);
    world.scenario = {};
    await expectCarried();
  });

  it('and that takes longer behind the fence than the pause may, ends the attempt; the next one carries it', async () => {
    let isReached = false;
    const receipt = await world.runOutOfBudget(
      () => {
        let isFenced = false;
        const onQuery: Scenario['onQuery'] = async ({ text }, call) => {
          if (text.includes('.fence(')) {
            await rewrite();
            isFenced = true;
          } else if (isFenced && !isReached && text.includes('hydra_client AS source')) {
            isReached = true;
            // The page of the rewritten table takes all that is left.
            await new Promise(() => undefined);
          }
          return call();
        };
        return { onQuery };
      },
      () => isReached,
    );
    expect(receipt).toMatchObject(refusedFor('the last round took longer'));
    expect(await world.whoServes()).toEqual(BLUE);
    world.scenario = {};
    await expectCarried();
  });

  it.each(['VACUUM FULL hydra_client', 'CLUSTER hydra_client USING hydra_client_pkey', 'REINDEX TABLE hydra_client'])(
    'without a change (%s) stops nothing, before the fence or right before the fence',
    async (ddl) => {
      await world.blue.query(ddl);
      before('.fence(', () => world.blue.query(ddl));
      expect(await world.run()).toMatchObject({ outcome: 'committed', refused: 0 });
      expect(await readBacklog(world.blue)).toBe(0);
    },
  );
});
