import { useDatabase } from '../../support/database';
import { type NetworkFault } from '../../support/tcp-proxy';
import { FaultWorld, type LinkName } from './fault-world';

const databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') };
const world = new FaultWorld({ blue: () => databases.blue.config, green: () => databases.green.config });

beforeAll(() => world.start());
afterAll(() => world.close());

/** The action after which the network breaks; `nothing`: before the step begins. */
type Moment =
  | 'nothing'
  | 'prepare'
  | 'begin'
  | 'stage'
  | 'hold'
  | 'fence'
  | 'pushChallenges'
  | 'commit'
  | 'holdWriters'
  | 'applyTargets'
  | 'openEntered';
type Outcome = 'aborted' | 'committed' | 'either';

/** Of each link and each kind of fault the moments that were wrong before; `npm run test:long` has all. */
const SHORT: readonly string[] = [
  'blue blackHole hold',
  'blue blackHole pushChallenges',
  'blue blackHole commit',
  'green blackHole fence',
  'green blackHole applyTargets',
  'gateway blackHole fence',
  'target blackHole commit',
  'doubt blackHole stage',
  'blue halfOpen pushChallenges',
  'green halfOpen commit',
  'gateway halfOpen openEntered',
  'blue cut commit',
  'green cut fence',
  'gateway cut stage',
  'target cut holdWriters',
];

/**
 * `either`: the commit and the claim are both under way, and the arbiter decides which of them comes first; or nothing may be left to carry
 * when the fence is there, and the commit asks green nothing.
 */
const ALL: readonly (readonly [LinkName, NetworkFault, Moment, Outcome])[] = [
  ['blue', 'blackHole', 'nothing', 'committed'],
  ['blue', 'blackHole', 'prepare', 'aborted'],
  ['blue', 'blackHole', 'hold', 'aborted'],
  ['blue', 'blackHole', 'fence', 'aborted'],
  ['blue', 'blackHole', 'pushChallenges', 'either'],
  ['blue', 'blackHole', 'commit', 'committed'],
  ['green', 'blackHole', 'prepare', 'aborted'],
  ['green', 'blackHole', 'fence', 'either'],
  ['green', 'blackHole', 'commit', 'committed'],
  ['green', 'blackHole', 'applyTargets', 'committed'],
  ['green', 'blackHole', 'openEntered', 'committed'],
  ['gateway', 'blackHole', 'prepare', 'aborted'],
  ['gateway', 'blackHole', 'fence', 'committed'],
  ['gateway', 'blackHole', 'openEntered', 'committed'],
  ['target', 'blackHole', 'begin', 'aborted'],
  ['target', 'blackHole', 'commit', 'committed'],
  // Gateways look for the arbiter before they hold, and go on when it does not answer just then.
  ['doubt', 'blackHole', 'stage', 'committed'],
  // What was sent arrives, and its answer never does: `begin`, `fence`, `commit`, `hold`, the opening of green.
  ['blue', 'halfOpen', 'prepare', 'aborted'],
  ['blue', 'halfOpen', 'hold', 'aborted'],
  ['blue', 'halfOpen', 'pushChallenges', 'committed'],
  ['green', 'halfOpen', 'commit', 'committed'],
  ['green', 'halfOpen', 'applyTargets', 'committed'],
  ['gateway', 'halfOpen', 'stage', 'aborted'],
  ['gateway', 'halfOpen', 'openEntered', 'committed'],
  ['target', 'halfOpen', 'holdWriters', 'committed'],
  ['blue', 'cut', 'fence', 'aborted'],
  ['blue', 'cut', 'commit', 'committed'],
  ['green', 'cut', 'fence', 'either'],
  ['green', 'cut', 'holdWriters', 'committed'],
  ['gateway', 'cut', 'stage', 'aborted'],
  ['target', 'cut', 'holdWriters', 'committed'],
];
const ROWS =
  process.env['LONG_TESTS'] === '1'
    ? ALL
    : ALL.filter(([link, fault, moment]) => SHORT.includes(`${link} ${fault} ${moment}`));

/** What only a whole network ends: nobody knows whether blue committed, or it is known that it did. */
const STUCK =
  /^(claim: unreachable|(lookAtEntered|lookAround|holdWriters|applyTargets|release|confirmTargets): failed|.*: session_lost|openEntered: lost)$/;

function breakAfter(moment: Moment, link: LinkName, fault: NetworkFault): void {
  const isSilent = fault === 'blackHole' || fault === 'halfOpen';
  let isOnce = false;
  const begin = (): void => {
    if (isOnce) return;
    isOnce = true;
    world.links[link].break(fault);
    world.isHurried = isSilent;
  };
  const end = (): void => {
    world.links[link].heal();
    world.isHurried = false;
  };
  world.scenario = {
    // Of the session that `begin` is sent on, which was opened while all was well.
    patience: isSilent && moment === 'prepare' ? { statementMs: 5_000 } : {},
    // A gateway that holds and whose answers are lost is not told that it is over: it asks the arbiter by itself.
    settings: link === 'gateway' && moment === 'stage' ? { holdDeadlineMs: 5_000 } : {},
    onAction: (step, result) => {
      if (step === moment && result === 'ok') begin();
      else if (STUCK.test(`${step}: ${result}`)) end();
    },
    onRepeat: end,
  };
  if (moment === 'nothing') begin();
}

describe('a network that breaks during a switchover', () => {
  it.each(ROWS)('to %s, %s after %s: %s, writes are on one side, and nobody waits', (link, fault, moment, expected) =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      breakAfter(moment, link, fault);
      let receipt = await world.runToTheEnd();
      // A gateway may not yet have found both sides ready again: an attempt that ended before the moment has met no fault.
      for (let more = 0; more < 5 && moment !== 'nothing' && !world.events.includes(`${moment}: ok`); more += 1) {
        receipt = await world.runToTheEnd();
      }
      const { outcome } = receipt;
      // The receipt of an attempt that ended elsewhere says why.
      if (moment !== 'nothing')
        expect({ ...receipt, events: world.events }).toMatchObject({
          events: expect.arrayContaining([`${moment}: ok`]) as string[],
        });
      if (expected !== 'either') expect({ ...receipt, events: world.events }).toMatchObject({ outcome: expected });
      const side = outcome === 'aborted' ? 'blue' : 'green';
      // Before the commit the network is still broken, and all is well nevertheless.
      expect(await world.forwardsTo()).toBe(side);
      expect(world.targetServes).toEqual({ issuer: side });
      await watcher.writes(side);
      world.links[link].heal();
      expect(await watcher.stop()).toEqual([]);
    }),
  );

  it('is tried in every way that is listed as short', () => {
    expect(ALL.filter(([link, fault, moment]) => SHORT.includes(`${link} ${fault} ${moment}`))).toHaveLength(
      SHORT.length,
    );
  });

  it('may be slow everywhere', () =>
    world.scene(async () => {
      const watcher = world.watch();
      Object.values(world.links).forEach((link) => link.break('delay'));
      expect(await world.runToTheEnd()).toMatchObject({ outcome: 'committed', refused: expect.any(Number) as number });
      expect(await world.forwardsTo()).toBe('green');
      await watcher.writes('green');
      expect(await watcher.stop()).toEqual([]);
    }));

  it('keeps a gateway holding that reaches nobody, and lets it serve blue once it reaches the arbiter', () =>
    world.scene(async () => {
      const watcher = world.watch();
      world.scenario = {
        settings: { holdDeadlineMs: 2_000, pauseBudgetMs: 1_500 },
        onAction: (step) => {
          if (step !== 'hold') return;
          world.links.doubt.break('blackHole');
          throw new Error('the worker is gone');
        },
      };
      await expect(world.run()).rejects.toThrow('the worker is gone');
      const forwarded = world.forwardsTo();
      const answered: string[] = [];
      void forwarded.then((side) => answered.push(side));
      await world.gateway.until({ mode: 'in_doubt' });
      expect(answered).toEqual([]);
      world.links.doubt.heal();
      expect(await forwarded).toBe('blue');
      await watcher.writes('blue');
      expect(await watcher.stop()).toEqual([]);
      world.scenario = {};
      expect(await world.runToTheEnd()).toMatchObject({ outcome: 'committed' });
    }));
});
