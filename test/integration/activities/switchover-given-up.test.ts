import { abandonSwitchover } from '../../../activities/abandon-switchover';
import { claimAttempt } from '../../../activities/switchover/claim-attempt';
import { realTools } from '../../../activities/switchover/real-tools';
import { proveDrain } from '../../../activities/prove-drain';
import { FORWARD } from '../../../domain/sides';
import { assertKnows, beginningsKnown, beginningsNoted, noteBeginning } from '../../../hydra/closing';
import { beginRemoval } from '../../../hydra/arbiter';
import { useDatabase } from '../../support/database';
import { CutoverFault } from '../../../domain/faults';
import { type SqlClient } from '../../../domain/ports/sql-client';
import { History } from '../hydra/sync/history';
import { stepContext } from './green-fixture';
import { BLUE, GREEN, SwitchoverWorld } from './switchover-fixture';
import { type PartyHooks } from './switchover-parties';

const database = useDatabase('hydra_1_11_10');
const history = new History(14);
const world = new SwitchoverWorld(database.config);

beforeAll(() => world.start((blue) => history.go(blue, 5)));
beforeEach(() => world.reset());
afterAll(() => world.close());

const LOST = () => new CutoverFault('DB_UNREACHABLE', 'read ECONNRESET');

/** Nobody has anything staged or held, and all serve blue, which takes writes. */
async function expectAllBack(): Promise<void> {
  const views = await Promise.all(parties().map((party) => party.read()));
  expect(views.map(({ stagedEpoch }) => stagedEpoch)).toEqual([null, null, null, null]);
  expect(await world.whoServes()).toEqual(BLUE);
}

const parties = () => [...world.gateways, ...world.targets];

/** Runs the switchover until `step` was done, and ends it there as a crash does. */
async function crashAfter(step: string): Promise<void> {
  world.scenario.onAction = (done) => {
    if (done === step) throw new Error('crash');
  };
  await expect(world.run()).rejects.toThrow('crash');
  world.scenario = {};
  world.events = [];
}

describe('giving a switchover up', () => {
  it.each(['begin', 'stage', 'hold', 'fence', 'lastRound', 'pushChallenges'])(
    'brings everybody back to blue after a worker died behind %s, however often it is asked',
    async (step) => {
      await crashAfter(step);
      for (let time = 0; time < 2; time += 1) {
        expect(await world.abandon()).toEqual({ outcome: 'aborted' });
        await expectAllBack();
      }
    },
  );

  it.each([
    ['everybody answers', []],
    ['whoever has seen the highest epoch is away for a moment', ['edge-1', 'edge-2', 'policy', 'resource']],
  ])('refuses the beginning of a run that stalled before it and wakes up later, when %s', async (_when, away) => {
    // Of an earlier cutover, which this blue knows nothing of.
    for (const target of world.targets) target.record = { ...target.record, applied: { epoch: 7, state: 'blue' } };
    for (const gateway of world.gateways) gateway.replace({ appliedEpoch: 7 });
    let [wakeUp, fellAsleep] = [(): void => undefined, (): void => undefined];
    const awake = new Promise<void>((wake) => (wakeUp = wake));
    const asleep = new Promise<void>((sleep) => (fellAsleep = sleep));
    world.scenario.onQuery = async ({ text }, call) => {
      if (!text.includes('begin_attempt')) return call();
      fellAsleep();
      await awake;
      return call();
    };
    const stalled = world.run();
    await asleep;
    const waitedFor = new Set(away);
    const before: PartyHooks['before'] = ({ name, method }) => {
      if (method === 'read' && waitedFor.delete(name))
        throw new CutoverFault('TARGET_UNREACHABLE', 'away for a moment');
    };
    world.scenario = { hooks: { before } };
    expect(await world.abandon()).toEqual({ outcome: 'aborted' });
    expect(waitedFor.size).toBe(0);
    wakeUp();
    expect(await stalled).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('stale_epoch') as string,
    });
    expect(world.events.filter((event) => event.startsWith('stage '))).toEqual([]);
    await expectAllBack();
  });

  it('gives up where the removal of the arbiter has begun, and takes no epoch from the next cutover', async () => {
    await crashAfter('hold');
    await world.endLeases();
    await beginRemoval(world.blue, world.input.cutoverId);
    expect(await world.abandon()).toEqual({ outcome: 'aborted' });
    await expectAllBack();
    expect(parties().map(({ record }) => record.revertedEpoch)).toEqual([1, 1, 1, 1]);
  });

  it('says that it is too late after the commit, and reverts nobody', async () => {
    await crashAfter('commit');
    expect(await world.abandon()).toEqual({ outcome: 'committed' });
    expect(world.events).toEqual([]);
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it.each(['hold', 'commit', 'openEntered'])(
    'changes nothing where the database reached as blue has no arbiter, after a worker died behind %s',
    async (step) => {
      await crashAfter(step);
      await world.blue.query('ALTER SCHEMA hydra_cutover RENAME TO elsewhere');
      try {
        await expect(world.abandon()).rejects.toMatchObject({ code: 'CROSSED_CONNECTION' });
      } finally {
        await world.blue.query('ALTER SCHEMA elsewhere RENAME TO hydra_cutover');
      }
      expect(world.events.filter((event) => event.startsWith('revert '))).toEqual([]);
      const outcome = step === 'hold' ? 'aborted' : 'committed';
      expect(await world.abandon()).toEqual({ outcome });
    },
  );
});

describe('a blue that is an older copy of itself', () => {
  const becomeOlder = () => world.blue.query('DELETE FROM hydra_cutover.beginning; DELETE FROM hydra_cutover.attempt');
  const stagedAt = async () =>
    (await Promise.all(parties().map((party) => party.read()))).map((view) => view.stagedEpoch);
  it.each([
    ['green', 'is an older copy of blue'],
    ['what is staged, where green does not answer', 'never began are staged: edge-1 \\(1\\)'],
  ])('is not believed when it gives a switchover up, by the word of %s', async (witness, message) => {
    await crashAfter('hold');
    await becomeOlder();
    const all = world.databases();
    const withoutGreen: typeof all = {
      ...all,
      withSession: (side, work, options) =>
        side === 'green' ? Promise.reject(LOST()) : all.withSession(side, work, options),
    };
    const databases = witness === 'green' ? all : withoutGreen;
    await expect(abandonSwitchover(world.deps({ databases }), world.input, stepContext())).rejects.toMatchObject({
      code: 'CROSSED_CONNECTION',
      message: expect.stringMatching(message) as string,
    });
    expect(await stagedAt()).toEqual([1, 1, 1, 1]);
    expect(world.gateways.map(({ heldEpoch }) => heldEpoch)).toEqual([1, 1]);
    expect((await world.blue.query('SELECT FROM hydra_cutover.attempt')).rows).toEqual([]);
  });

  it('does not begin a switchover', async () => {
    await crashAfter('prepare');
    await becomeOlder();
    expect(await world.run()).toMatchObject({
      ...{ outcome: 'aborted', attempt: null },
      reason: expect.stringContaining('is an older copy of blue') as string,
    });
  });

  it('is none when a run was killed between the two notes, or slept there while another one began', async () => {
    const { cutoverId } = world.input;
    const sides = { direction: FORWARD, from: world.blue, to: world.green };
    const beforeItsNote = (work: () => Promise<void>): SqlClient => ({
      query: async (text, values) => {
        if (text.includes('array_append')) await work();
        return world.green.query(text, values);
      },
    });
    const killed = beforeItsNote(() => Promise.reject(LOST()));
    await expect(noteBeginning({ ...sides, to: killed }, cutoverId, 1)).rejects.toThrow('ECONNRESET');
    let copied: ReadonlySet<string> = new Set();
    const slow = beforeItsNote(async () => {
      copied = await beginningsKnown(world.blue);
      await world.green.query('ROLLBACK');
      await noteBeginning(sides, cutoverId, 2);
      await world.green.query('BEGIN');
    });
    await noteBeginning({ ...sides, to: slow }, cutoverId, 1);
    // What was copied before the faster run began is older, also though the slower one has noted itself last.
    const noted = (await beginningsNoted(world.green, FORWARD.to, cutoverId)) ?? [];
    expect(noted.some((token) => !copied.has(token))).toBe(true);
    expect(() => assertKnows(copied, noted, { cutoverId, direction: FORWARD })).toThrow('older copy');
    expect(await world.abandon()).toEqual({ outcome: 'aborted' });
    await expectAllBack();
  });
});

describe('a claim', () => {
  it('has no answer from a blue that does not know the attempt: it is not the blue that this was begun on', async () => {
    const claim = { cutoverId: world.input.cutoverId, side: FORWARD.from, attempt: 41, lockTimeoutMs: 500 };
    expect(await claimAttempt(realTools, world.blue, claim)).toBe('busy');
    expect(await claimAttempt(realTools, world.blue, { ...claim, attempt: null })).toMatchObject({
      outcome: 'aborted',
      attempt: null,
    });
  });
});

describe('a run of the switchover', () => {
  it('gives up first what a killed attempt left staged and held', async () => {
    await crashAfter('hold');
    await world.endLeases();
    expect(await world.run()).toMatchObject({ outcome: 'aborted', attempt: 1 });
    await expectAllBack();
    await crashAfter('hold');
    await world.blue.query(`UPDATE hydra_cutover.attempt SET state = 'aborted'`);
    expect(await world.run()).toMatchObject({ outcome: 'committed', epoch: 3 });
    expect(world.before('stage ')).toContain('revertLeftovers: ok');
  });

  it('hears between hold and commit that it is cancelled', async () => {
    const cancel = new AbortController();
    world.scenario.onAction = (step) => {
      if (step === 'hold') cancel.abort(new Error('cancelled'));
    };
    expect(await world.run({ signal: cancel.signal })).toMatchObject({
      outcome: 'aborted',
      reason: 'it was cancelled',
    });
    expect(world.events).not.toContain('commit: ok');
    await expectAllBack();
  });

  it('reverts nobody while blue does not say how a commit ended whose answer was lost', async () => {
    let claims = 0;
    world.scenario.onQuery = async ({ text }, call) => {
      if (text.includes('commit_attempt')) {
        await call();
        throw LOST();
      }
      if (text.includes('abort_attempt') && (claims += 1) <= 2) throw LOST();
      return call();
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(world.events.filter((event) => event === 'claim: unreachable')).toHaveLength(2);
    expect(world.events.filter((event) => event.startsWith('revert '))).toEqual([]);
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('stops before it begins when another run began and gave up since it first looked', async () => {
    let isFirst = true;
    world.scenario.onQuery = async ({ side, text }, call) => {
      if (side === 'green' && text.includes('hydra_cutover.refused') && isFirst) {
        isFirst = false;
        await world.blue.query(
          `INSERT INTO hydra_cutover.attempt (attempt, epoch, state, hold_started_at, lease_until) VALUES (1, 1, 'aborted', now(), now())`,
        );
      }
      return call();
    };
    expect(await world.run()).toMatchObject({
      ...{ outcome: 'aborted', attempt: null },
      reason: expect.stringContaining('another run began or gave up') as string,
    });
    await expectAllBack();
  });

  it('stops before it begins when a party has seen its epoch meanwhile', async () => {
    let reads = 0;
    world.scenario.hooks = {
      before: async ({ name, method }) => {
        if (name === 'policy' && method === 'read' && (reads += 1) === 2) await world.targets[0]?.revert(1);
      },
    };
    expect(await world.run()).toMatchObject({
      ...{ outcome: 'aborted', attempt: null },
      reason: expect.stringContaining('has seen epoch 1') as string,
    });
    expect(world.events.filter((event) => event.startsWith('stage '))).toEqual([]);
  });

  it('lets no statement on blue outlive the pause budget', async () => {
    let limit: unknown;
    world.scenario = {
      settings: { pauseBudgetMs: 60_000 },
      onQuery: async ({ text, purpose }, call) => {
        if (text.includes('begin_attempt')) {
          const { rows } = await world.blue.query(
            `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SET statement_timeout = 60000%'`,
          );
          limit = { purpose, sessions: rows.length };
        }
        return call();
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(limit).toEqual({ purpose: 'switchover', sessions: 1 });
  });

  it('does not wait for ever for an answer to its beginning, and gives up what may have begun', async () => {
    world.scenario.onQuery = ({ text }, call) => {
      if (!text.includes('begin_attempt')) return call();
      return call().then(() => new Promise<never>(() => undefined));
    };
    expect(await world.run()).toMatchObject({ outcome: 'aborted', attempt: 1, epoch: 1 });
    await expectAllBack();
  });

  it('does not take a target for green that takes the epoch and then reads as blue', async () => {
    let lies = 2;
    const [, resource] = world.targets;
    const read = resource?.read.bind(resource);
    jest.spyOn(resource as NonNullable<typeof resource>, 'read').mockImplementation(async () => {
      const view = await (read as NonNullable<typeof read>)();
      return view.appliedEpoch === 0 || (lies -= 1) < 0 ? view : { ...view, appliedSide: 'blue' };
    });
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(world.events.filter((event) => event === 'applyTargets: failed')).toHaveLength(2);
    expect(world.before('release')).toContain('openEntered: ok');
    expect(await world.whoServes()).toEqual(GREEN);
  });

  // The last one: what was off stays found.
  it('does not say that nothing was lost where a guard of blue was off after the commit, and neither does the drain proof', async () => {
    let committing: Promise<unknown> = Promise.resolve();
    world.scenario.onQuery = async ({ side, text }, call) => {
      if (side === 'blue' && text.includes('problems_since_commit')) {
        // The first of them is sent behind the commit before that is answered.
        await committing;
        await world.blue.query('ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_guard');
      }
      const answer = call();
      if (text.includes('commit_attempt')) committing = answer.catch(() => undefined);
      return answer;
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', refused: null });
    await expect(proveDrain(world.deps(), world.input, stepContext())).rejects.toMatchObject({
      code: 'CAPTURE_BROKEN',
      message: expect.stringContaining('hydra_client') as string,
    });
  });
});
