import { type SideName } from '../../../domain/sides';
import { readArbiter } from '../../../hydra/arbiter';
import { MortalServer } from '../../support/mortal-server';
import { FaultWorld, type Scenario } from './fault-world';
import { endAll } from '../../support/end-all';
import { type Watcher } from './watcher';

const TEMPLATES = { blue: 'template_hydra_1_11_10', green: 'template_hydra_2_3_0' } as const;
const servers = {} as Record<SideName, MortalServer>;
const addressOf = (side: SideName) => () => {
  const { host, port, user, password } = servers[side];
  return { host, port, user, password, database: side };
};
const world = new FaultWorld({ blue: addressOf('blue'), green: addressOf('green') });

beforeAll(async () => {
  const [blue, green] = await MortalServer.startMany(2);
  if (blue === undefined || green === undefined) throw new Error('no servers');
  Object.assign(servers, { blue, green });
  for (const side of ['blue', 'green'] as const) await servers[side].createDatabase(side, TEMPLATES[side]);
  await world.start();
});
afterAll(() => endAll(() => world.close(), ...Object.values(servers).map((server) => () => server.stop())));

const WRITE = 'UPDATE hydra_client SET client_name = client_name';
const LOST = () => new Error('Connection terminated');

/** Every write that `side` confirmed to the watcher is there. */
async function assertAllThere(side: SideName, ids: readonly string[]): Promise<void> {
  await world.connect();
  const sql = 'SELECT signature FROM hydra_oauth2_jti_blacklist WHERE signature = ANY($1)';
  const { rows } = await world[side].query<{ signature: string }>(sql, [ids]);
  expect(rows).toHaveLength(ids.length);
}

/** Once, around the first statement of the step to `side` that `sql` matches. */
function around(side: SideName, sql: RegExp, act: Scenario['onQuery']): void {
  let isDone = false;
  world.scenario.onQuery = async (event, call) => {
    if (isDone || event.side !== side || !sql.test(event.text)) return call();
    isDone = true;
    return act?.(event, call) ?? call();
  };
}

async function restart(side: SideName): Promise<void> {
  await servers[side].kill();
  await servers[side].start();
}

/** After a fault is over. A gateway may not yet have found both sides ready again, which ends an attempt before its commit. */
async function commitsAtLast(): Promise<void> {
  let receipt = await world.runToTheEnd();
  for (let more = 0; more < 5 && receipt.outcome === 'aborted'; more += 1) receipt = await world.runToTheEnd();
  expect({ ...receipt, events: world.events }).toMatchObject({ outcome: 'committed' });
}

/** After an attempt that was given up: blue takes writes again, and the next attempt carries them all. */
async function nextOneCommits(watcher: Watcher): Promise<void> {
  await world.healDoubt();
  await watcher.writes('blue');
  await commitsAtLast();
  await watcher.writes('green');
  expect(await watcher.stop()).toEqual([]);
  await assertAllThere('green', watcher.ids('blue'));
}

describe('a blue that dies inside its fence', () => {
  const holding = async (lease: string): Promise<void> => {
    world.scenario.onAction = (step) => {
      if (step === 'fence') throw new Error('the worker is gone');
    };
    await expect(world.run()).rejects.toThrow('the worker is gone');
    world.scenario = {};
    // Or the gateway, whose lease ends while blue is away, gives the attempt up before the next worker does.
    world.links.doubt.break('cut');
    await world.blue.query(
      `SET synchronous_commit = on;
       UPDATE hydra_cutover.attempt SET lease_until = ${lease}; UPDATE hydra_cutover.run SET lease_until = ${lease}`,
    );
    await restart('blue');
    await world.connect();
  };

  it('refuses after its recovery as before, until the lease ends', () =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      await holding(`clock_timestamp() + interval '1 hour'`);
      expect(await readArbiter(world.blue)).toMatchObject({ state: 'fenced', armed: true });
      await expect(world.blue.query(WRITE)).rejects.toMatchObject({ code: 'HC001' });
      expect(await world.runToTheEnd()).toMatchObject({ outcome: 'aborted' });
      await nextOneCommits(watcher);
    }));

  it('takes writes when it comes back after the lease, and the attempt never commits', () =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      await holding('clock_timestamp()');
      await watcher.writes('blue');
      expect(await world.runToTheEnd()).toMatchObject({ outcome: 'aborted' });
      await world.healDoubt();
      expect(await world.forwardsTo()).toBe('blue');
      expect(await watcher.stop()).toEqual([]);
      await assertAllThere('blue', watcher.ids('blue'));
    }));

  it('or before it, in the round beside it, has the attempt given up, and the next one carries what that did not', () =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      let isInRound = false;
      world.scenario.onQuery = async ({ side, text }, call) => {
        const isOfRound = /undone_changes\(\)|^BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY/.test(text);
        if (isInRound || side !== 'blue' || !isOfRound || !world.events.includes('stage: ok')) return call();
        isInRound = true;
        await call();
        await restart('blue');
        throw LOST();
      };
      expect(await world.runToTheEnd()).toMatchObject({ outcome: 'aborted' });
      expect(isInRound).toBe(true);
      expect(world.events).toContain('hold: ok');
      expect(world.events.filter((event) => /^(commit|lookAtEntered|release)/.test(event))).toEqual([]);
      await nextOneCommits(watcher);
    }));

  it('gives the attempt up with its worker alive', () =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      around('blue', /\.fence\(/, async (_event, call) => {
        const answer = await call();
        await restart('blue');
        return answer;
      });
      expect(await world.runToTheEnd()).toMatchObject({ outcome: 'aborted' });
      expect(world.events).toContain('fence: ok');
      expect(await world.forwardsTo()).toBe('blue');
      await watcher.writes('blue');
      expect(await watcher.stop()).toEqual([]);
      await assertAllThere('blue', watcher.ids('blue'));
    }));
});

describe('a server that dies about the commit', () => {
  /** Everything is on green, blue refuses, and nothing that was confirmed is lost. */
  const endsOnGreen = async (arrange: () => void, revive?: () => Promise<void>): Promise<void> => {
    const watcher = world.watch();
    await watcher.writes('blue');
    arrange();
    expect({ ...(await world.runToTheEnd()), events: world.events }).toMatchObject({ outcome: 'committed' });
    expect(await world.forwardsTo()).toBe('green');
    await watcher.writes('green');
    await revive?.();
    expect(await watcher.stop()).toEqual([]);
    await assertAllThere('green', [...watcher.ids('blue'), ...watcher.ids('green')]);
    expect(await readArbiter(world.blue)).toMatchObject({ state: 'committed' });
    await expect(world.blue.query(WRITE)).rejects.toMatchObject({ code: 'HC001' });
  };

  it('blue, before it said what it refused: green opens when it is back and everything was compared, because it forgot what it refused', () =>
    world.scene(async () => {
      let back: Promise<void> | undefined;
      await endsOnGreen(() => {
        around('blue', /problems_since_commit\(\)/, async (_event, call) => {
          await call();
          await servers.blue.kill();
          throw LOST();
        });
        world.scenario.onAction = (step, result) => {
          if (step === 'lookAround' && result === 'failed') back ??= servers.blue.start();
        };
      });
      await back;
      expect(world.events).toContain('carryAround: ok');
    }));

  it('blue, before its answer arrives', () =>
    world.scene(() =>
      endsOnGreen(() =>
        around('blue', /commit_attempt/, async (_event, call) => {
          await call();
          await restart('blue');
          throw LOST();
        }),
      ),
    ));

  it('green, before its writers are held', () =>
    world.scene(() =>
      endsOnGreen(() =>
        around('blue', /commit_attempt/, async (_event, call) => {
          const answer = await call();
          await servers.green.kill();
          void servers.green.start();
          return answer;
        }),
      ),
    ));

  it('green, opened and not committed', () =>
    world.scene(() =>
      endsOnGreen(() =>
        around('green', /open_side/, async (_event, call) => {
          const answer = await call();
          await restart('green');
          return answer;
        }),
      ),
    ));

  it('green, opened and committed, before its answer arrives: what it confirmed meanwhile is kept', () =>
    world.scene(() =>
      endsOnGreen(() => {
        around('green', /open_side/, async (_event, call) => {
          const answer = await call();
          around('green', /^COMMIT;/, async (_commit, commit) => {
            await commit();
            await restart('green');
            throw LOST();
          });
          return answer;
        });
      }),
    ));
});
