import { finalize } from '../../../activities/finalize';
import { type StepDeps } from '../../../activities/step';
import { realTools } from '../../../activities/switchover/real-tools';
import { enrolParties } from '../../../activities/switchover/enrol-parties';
import { describeArbiter, removeArbiter } from '../../../hydra/arbiter';
import { CutoverFault } from '../../../domain/faults';
import { initialTargetRecord } from '../../../domain/target';
import { useDatabase } from '../../support/database';
import { History } from '../hydra/sync/history';
import { stepContext } from './green-fixture';
import { BLUE, GREEN, SwitchoverWorld } from './switchover-fixture';
import { SOON, until } from '../../support/until';

const database = useDatabase('hydra_1_11_10');
const history = new History(12);
const world = new SwitchoverWorld(database.config);

beforeAll(() => world.start((blue) => history.go(blue, 5)));
beforeEach(() => world.reset());
afterAll(() => world.close());

const enrol = (name?: string) => enrolParties(world.deps(), realTools, { name, signal: new AbortController().signal });

/** As a new instance, that nobody ever told anything. */
function lose(name: string): void {
  const target = world.targets.find((each) => each.name === name);
  if (target !== undefined) target.record = initialTargetRecord('blue');
  world.gateways.find((each) => each.name === name)?.replace();
}

describe('enrolling', () => {
  it('brings those to green that lost what they were, with what green cannot know, and asks nobody else', async () => {
    const grant = await history.grant(world.blue);
    await world.run();
    for (const name of ['edge-2', 'resource']) lose(name);
    world.events = [];
    expect(await enrol('edge-2')).toEqual({
      cutoverId: world.input.cutoverId,
      epoch: 1,
      parties: [{ name: 'edge-2', kind: 'gateway', problem: null }],
    });
    expect(world.events).toEqual(['tellCommitted edge-2']);
    expect(world.gateways[1]?.challenges.has(`${grant.login}v`)).toBe(true);
    const { parties } = await enrol();
    expect(parties.map(({ name, problem }) => [name, problem])).toEqual(
      ['edge-1', 'edge-2', 'policy', 'resource'].map((name) => [name, null]),
    );
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('says of each one that is away, refuses, or does not keep it, what is wrong, and tells all others', async () => {
    await history.grant(world.blue);
    await world.run();
    for (const name of ['edge-1', 'edge-2', 'policy', 'resource']) lose(name);
    world.scenario.hooks = {
      before: ({ name, method }) => {
        if (name === 'edge-1' && method === 'addStaleChallenges') throw new CutoverFault('TARGET_UNREACHABLE', 'away');
        if (name === 'policy' && method === 'tellCommitted') throw new Error('a secret: hunter2');
      },
      after: ({ name, method }) => {
        if (name === 'resource' && method === 'tellCommitted') lose(name);
      },
    };
    const receipt = await enrol();
    const problems = Object.fromEntries(receipt.parties.map(({ name, problem }) => [name, problem]));
    expect(problems).toMatchObject({
      'edge-1': 'TARGET_UNREACHABLE: away',
      'edge-2': null,
      policy: 'INTERNAL: it could not be told',
      resource: expect.stringMatching(/^TARGET_REFUSED: resource serves blue at epoch 0/) as string,
    });
    expect(JSON.stringify(receipt)).not.toContain('hunter2');
  });

  it('tells nobody anything while nothing is committed, or green is not open yet, and names the name it does not know', async () => {
    const nothing = { code: 'CHECK_FAILED', message: expect.stringContaining('green: closed') as string };
    await expect(enrol()).rejects.toMatchObject(nothing);
    world.scenario.onQuery = ({ side, text }, call) =>
      side === 'green' && text.includes('open_side(') ? Promise.reject(new Error('held up')) : call();
    const running = world.run();
    await until('the commit', () => world.events.includes('commit: ok'), SOON);
    await expect(enrol()).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringContaining('committed') as string,
    });
    expect(world.events.filter((event) => event.startsWith('tellCommitted'))).toEqual([]);
    world.scenario.onQuery = undefined;
    await running;
    await expect(enrol('edge-9')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('edge-1, edge-2, policy, resource') as string,
    });
    await world.reset();
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it.each([
    [
      'a green without an arbiter, where blue has not seen everybody on green yet',
      'CHECK_FAILED',
      ['ALTER SCHEMA hydra_cutover RENAME TO away', 'ALTER SCHEMA away RENAME TO hydra_cutover'],
    ],
    [
      'a green that another cutover opened',
      'CROSSED_CONNECTION',
      [`UPDATE hydra_cutover.run SET cutover_id = 'another'`, 'UPDATE hydra_cutover.run SET cutover_id = $1'],
    ],
  ] as const)('tells nobody anything beside %s', async (_what, code, [change, back]) => {
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    lose('edge-2');
    world.events = [];
    await world.green.query(change);
    try {
      await expect(enrol()).rejects.toMatchObject({ code });
    } finally {
      await world.green.query(back, back.includes('$1') ? [world.input.cutoverId] : []);
    }
    expect(world.events).toEqual([]);
  });

  it('and a repeated switchover go on beside a finalize that stopped at its last act, and so does that', async () => {
    await world.run();
    const { settings } = world.deps();
    const deps = world.deps({
      settings: { ...settings, provider: { ...settings.provider, keepSnapshot: true } },
      provider: {
        describeInstance: () => Promise.resolve({ settings: { deletionProtection: true } }),
        describeSnapshot: () => Promise.resolve(undefined),
      } as unknown as StepDeps['provider'],
    });
    const locker = await world.sync.connect('green');
    await locker.query('BEGIN; LOCK TABLE hydra_client IN ROW EXCLUSIVE MODE');
    await expect(removeArbiter(world.green, { attemptsPerTable: 2, lockTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'LOCK_BUSY',
    });
    await locker.end();
    expect(await describeArbiter(world.green)).toMatchObject({ state: 'removing', epoch: 1 });
    lose('edge-2');
    expect((await enrol('edge-2')).parties).toEqual([{ name: 'edge-2', kind: 'gateway', problem: null }]);
    expect(await world.run()).toMatchObject({ outcome: 'committed', epoch: 1 });
    await finalize(deps, world.input, stepContext());
    expect(await describeArbiter(world.green)).toBeUndefined();
    expect(await describeArbiter(world.blue)).toMatchObject({ state: 'committed', epoch: 1 });
    expect(await world.whoServes()).toEqual(GREEN);
  });
});
