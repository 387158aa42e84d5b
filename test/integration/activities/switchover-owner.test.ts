import { useDatabase } from '../../support/database';
import { CutoverFault } from '../../../domain/faults';
import { beginAttempt } from '../../../hydra/arbiter';
import { History } from '../hydra/sync/history';
import { GREEN, SwitchoverWorld } from './switchover-fixture';

const database = useDatabase('hydra_1_11_10');
const history = new History(13);
const world = new SwitchoverWorld(database.config);

beforeAll(() => world.start((blue) => history.go(blue, 5)));
beforeEach(() => world.reset());
afterAll(() => world.close());

const LOST = () => new CutoverFault('DB_UNREACHABLE', 'read ECONNRESET');

describe('two runs of the step that chose the same epoch', () => {
  it('the one whose attempt never reached blue takes nothing from the one that holds, which commits', async () => {
    let [isLost, wakeUp, fellAsleep] = [false, (): void => undefined, (): void => undefined];
    const awake = new Promise<void>((wake) => (wakeUp = wake));
    const asleep = new Promise<void>((sleep) => (fellAsleep = sleep));
    world.scenario = {
      onQuery: ({ text }, call) => {
        if (!text.includes('begin_attempt')) return call();
        isLost = true;
        return Promise.reject(LOST());
      },
      hooks: {
        before: async ({ method }) => {
          if (!isLost || (method !== 'read' && method !== 'revert')) return;
          fellAsleep();
          await awake;
        },
      },
    };
    const loser = world.run();
    await Promise.race([loser, asleep]);
    let held: readonly (number | null)[] = [];
    world.scenario = {
      onQuery: async ({ text }, call) => {
        if (!text.includes('commit_attempt') || held.length > 0) return call();
        wakeUp();
        await loser;
        held = world.gateways.map(({ heldEpoch }) => heldEpoch);
        // Committed in spite of it, this run would never end.
        if (held.includes(null)) throw LOST();
        return call();
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', epoch: 1 });
    expect(held).toEqual([1, 1]);
    expect(await loser).toMatchObject({ outcome: 'aborted', attempt: null, epoch: null });
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('the one that comes to its beginning after the other has committed says so, and gives nothing up', async () => {
    let isFirst = true;
    world.scenario.onQuery = async ({ text }, call) => {
      if (!text.includes('begin_attempt') || !isFirst) return call();
      isFirst = false;
      expect(await world.run()).toMatchObject({ outcome: 'committed', epoch: 1 });
      return call();
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', attempt: 1, epoch: 1 });
    expect(world.events.filter((event) => event.startsWith('revert '))).toEqual([]);
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('the one that is refused, because the other has begun, gives nothing up', async () => {
    world.scenario.onQuery = async ({ text }, call) => {
      if (text.includes('begin_attempt')) {
        const begun = await beginAttempt(world.blue, { epoch: 1, holdDeadlineMs: 600_000, marginMs: 0 });
        expect(begun).toMatchObject({ ok: true });
        for (const gateway of world.gateways) {
          await gateway.stage(1, 'green');
          await gateway.hold(1);
        }
      }
      return call();
    };
    expect(await world.run()).toMatchObject({ outcome: 'aborted', attempt: null, epoch: null });
    expect(world.gateways.map(({ heldEpoch }) => heldEpoch)).toEqual([1, 1]);
    expect(world.events.filter((event) => event.startsWith('revert '))).toEqual([]);
  });

  it('an attempt from before is not taken for the one whose beginning got no answer', async () => {
    world.scenario.hooks = {
      before: ({ method }) => {
        if (method === 'hold') throw new CutoverFault('GATEWAY_BUSY', 'busy');
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'aborted', attempt: 1, epoch: 1 });
    world.scenario = {
      onQuery: ({ text }, call) => (text.includes('begin_attempt') ? Promise.reject(LOST()) : call()),
    };
    expect(await world.run()).toMatchObject({ outcome: 'aborted', attempt: null, epoch: null });
  });
});
