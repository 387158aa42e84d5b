import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { abandonSwitchover } from '../../../activities/abandon-switchover';
import { CutoverFault } from '../../../domain/faults';
import { initialTargetRecord } from '../../../domain/target';
import { useDatabase } from '../../support/database';
import { SOON, until } from '../../support/until';
import { History } from '../hydra/sync/history';
import { stepContext } from './green-fixture';
import { GREEN, PATIENT, SwitchoverWorld } from './switchover-fixture';

const database = useDatabase('hydra_1_11_10');
const history = new History(12);
const world = new SwitchoverWorld(database.config);

beforeAll(() => world.start((blue) => history.go(blue, 5)));
beforeEach(() => world.reset());
afterAll(() => world.close());

const AWAY = () => new CutoverFault('TARGET_UNREACHABLE', 'away');
const WRITE = 'UPDATE hydra_client SET client_name = client_name';

/** Runs the switchover until `step` was done, and ends it there as a crash does. @returns what it said last */
async function crashBehind(step: string): Promise<unknown> {
  let said: unknown;
  world.scenario.onAction = (done) => {
    if (done === step) throw new Error('crash');
  };
  await expect(world.run({ heartbeat: (progress) => (said = progress) })).rejects.toThrow('crash');
  world.scenario = {};
  world.events = [];
  return said;
}

describe('a worker that falls silent with the lock of green, its connection open', () => {
  it('loses the lock to its successor, and does no harm when it wakes up', async () => {
    let wakeUp: () => void = () => undefined;
    const asleep = new Promise<void>((wake) => (wakeUp = wake));
    let isSilent: () => void = () => undefined;
    const silent = new Promise<void>((fell) => (isSilent = fell));
    world.scenario = {
      onQuery: async ({ side, text }, call) => {
        if (side === 'green' && text === 'SELECT 1') await asleep;
        return call();
      },
      hooks: {
        before: async ({ method }) => {
          if (method !== 'apply') return;
          isSilent();
          await asleep;
        },
      },
    };
    const first = world.run();
    await silent;
    world.scenario = {};
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(world.events).toContain('holdWriters: failed');
    expect(await world.whoServes()).toEqual(GREEN);
    wakeUp();
    expect(await first).toMatchObject({ outcome: 'committed' });
    expect(world.events.filter((event) => event === 'lookAtEntered: open')).toHaveLength(1);
    expect(await world.whoServes()).toEqual(GREEN);
  }, 120_000);
});

describe('a switchover that is repeated behind an open green', () => {
  it('lets everybody write while a target is away, and ends when that is back', async () => {
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    world.events = [];
    const writer = await world.sync.connect('green');
    await writer.query(`SET lock_timeout = '2s'`);
    const written: unknown[] = [];
    const told: unknown[] = [];
    world.scenario.hooks = {
      before: async ({ name, method }) => {
        if (name !== 'policy' || method !== 'apply' || written.length === 3) return;
        written.push(await writer.query(WRITE).catch((error: unknown) => error));
        // Before anybody was waited for: a successor tells it, too, whatever the one before it came to say.
        expect(told.at(0)).toEqual({ cutoverId: world.input.cutoverId, epoch: 1 });
        throw AWAY();
      },
    };
    const run = await world.run({ tellCommitted: (word) => told.push(word) });
    expect(run).toMatchObject({ outcome: 'committed', targets: { length: 4 } });
    expect(written).toEqual([1, 2, 3].map(() => expect.objectContaining({ command: 'UPDATE' }) as object));
    expect(world.events).not.toContain('holdWriters: ok');
    expect(world.before('confirmTargets: failed')).toContain('release: ok');
    await writer.end();
  });

  it.each([
    ['another cutover has made its own', `UPDATE hydra_cutover.run SET cutover_id = 'later'`, `cutover_id = '%'`],
    ['it is the other side', `UPDATE hydra_cutover.run SET side = 'blue'`, `side = 'green'`],
  ])('stops at once where %s, with nothing locked', async (_what, change, back) => {
    await crashBehind('commit');
    await world.green.query(change);
    try {
      await expect(world.run()).rejects.toMatchObject({ code: 'CROSSED_CONNECTION' });
    } finally {
      await world.green.query(`UPDATE hydra_cutover.run SET ${back.replace('%', world.sync.cutoverId)}`);
    }
    expect(world.events).toEqual([]);
    expect(await abandonSwitchover(world.deps(), world.input, stepContext())).toEqual({ outcome: 'committed' });
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(await world.whoServes()).toEqual(GREEN);
  });
});

describe('a green that is open for another epoch than the committed one', () => {
  it.each([
    ['an earlier one', 'epoch - 1'],
    ['a later one', 'epoch + 1'],
  ])('(%s) is none that took writes of it: nobody is released', async (_which, epoch) => {
    const lastProgress = await crashBehind('commit');
    const { rows } = await world.blue.query<{ epoch: string }>('SELECT epoch::text FROM hydra_cutover.run');
    const committed = Number(rows[0]?.epoch);
    await world.green.query(
      `UPDATE hydra_cutover.run SET state = 'open', epoch = ${epoch.replace('epoch', String(committed))}`,
    );
    let closed: Promise<unknown> | undefined;
    world.scenario.onAction = (step) => {
      if (step === 'openEntered')
        closed ??= world.green.query(`UPDATE hydra_cutover.run SET state = 'closed', epoch = 0`);
    };
    expect(await world.run({ lastProgress })).toMatchObject({ outcome: 'committed' });
    await closed;
    expect(world.events.filter((event) => event.startsWith('lookAtEntered'))[0]).toBe('lookAtEntered: closed');
    expect(world.before('openEntered')).not.toContain('release: ok');
    expect(await world.whoServes()).toEqual(GREEN);
  });
});

describe('green stays closed for a gateway that does not say that it moved its reads', () => {
  const [HOLD_MS, MARGIN_MS] = [PATIENT.holdDeadlineMs, PATIENT.leaseMarginMs];
  let skewMs = 0;
  beforeEach(() => {
    skewMs = 0;
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + skewMs);
  });
  afterEach(() => jest.restoreAllMocks());

  /** The first gateway does not answer; with the third time `then` has been done. @returns how often it was asked */
  async function runUntil(then: () => unknown, lastProgress?: unknown): Promise<number> {
    let asked = 0;
    world.scenario.hooks = {
      before: async ({ name, method }) => {
        if (name !== 'edge-1' || method !== 'moveReads') return;
        asked += 1;
        if (asked === 3) await then();
        // Who would ask for ever gets an answer some time.
        if (asked < 9) throw AWAY();
      },
    };
    expect(await world.run({ lastProgress })).toMatchObject({ outcome: 'committed' });
    expect(await world.whoServes()).toEqual(GREEN);
    return asked;
  }

  it('as long as its lease lives', async () => {
    const id = randomUUID();
    Object.assign(world.gateways[0] ?? {}, { member: { id, isAlive: true } });
    await world.blue.query(`SELECT hydra_cutover.beat_member($1::uuid, 'edge-1', 60000, 0, 0)`, [id]);
    const endLease = () => world.blue.query('UPDATE hydra_cutover.member SET lease_until = clock_timestamp()');
    expect(await runUntil(endLease)).toBe(3);
  });

  it('until its hold is over by its own clock, where nobody knows of a lease', async () => {
    expect(await runUntil(() => (skewMs = HOLD_MS + MARGIN_MS))).toBe(3);
  });

  it('for twice as long where another worker had asked it to hold, and nobody knows when', async () => {
    const said = await crashBehind('commit');
    await world.blue.query(
      `UPDATE hydra_cutover.attempt SET hold_started_at = hold_started_at - $1 * interval '1 millisecond'`,
      [HOLD_MS + MARGIN_MS],
    );
    expect(await runUntil(() => (skewMs = HOLD_MS), said)).toBe(3);
  });
});

describe('after the commit', () => {
  it('tells a target and a gateway again that were replaced and know nothing', async () => {
    await crashBehind('commit');
    if (world.targets[0] !== undefined) world.targets[0].record = initialTargetRecord<'blue' | 'green'>('blue');
    world.gateways[0]?.replace();
    expect(await world.run()).toMatchObject({ outcome: 'committed', targets: { length: 4 } });
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('counts a write that met the guard of green, between the flip of a target and the opening', async () => {
    const lastProgress = await crashBehind('applyTargets');
    await expect(world.green.query(WRITE)).rejects.toMatchObject({ code: 'HC001' });
    expect(await world.run({ lastProgress })).toMatchObject({ outcome: 'committed', refused: 1 });
  });

  it('does not say that no write was refused when a side does not tell', async () => {
    let isReleased = false;
    world.scenario = {
      onAction: (step) => (isReleased ||= step === 'release'),
      onQuery: ({ side }, call) =>
        isReleased && side === 'blue' ? Promise.reject(new CutoverFault('DB_UNREACHABLE', 'away')) : call(),
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', refused: null });
  });

  it('lets no gateway send browsers to green that lacks the challenges green cannot know', async () => {
    const { login } = await history.grant(world.blue);
    await crashBehind('commit');
    for (const { challenges } of world.gateways) challenges.clear();
    let refusals = 2;
    const known: Record<string, boolean> = {};
    world.scenario.hooks = {
      before: ({ name, method }) => {
        if (name === 'edge-2' && method === 'addStaleChallenges' && (refusals -= 1) >= 0) throw AWAY();
        const gateway = world.gateways.find((each) => each.name === name);
        if (method === 'apply' && gateway !== undefined) known[name] ??= gateway.challenges.has(`${login}v`);
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect({ refusals: refusals < 0, known }).toEqual({ refusals: true, known: { 'edge-1': true, 'edge-2': true } });
    expect(await world.whoServes()).toEqual(GREEN);
  });
});

it('takes the lock of green again before a target uses it, when its session ended while blue was looked at', async () => {
  const writer = await world.sync.connect('green');
  const holder = `relation = 'hydra_cutover_barrier.barrier'::regclass AND mode = 'ShareRowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  let isFirst = true;
  world.scenario.onQuery = async ({ side, text }, call) => {
    if (side === 'blue' && text.includes('problems_since_commit') && isFirst) {
      isFirst = false;
      const end = `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE ${holder}`;
      await until('green is held', async () => (await world.green.query(end)).rows.length > 0, SOON);
      await until('it is not any more', async () => (await world.green.query(end)).rows.length === 0, SOON);
      // Longer than what was answered counts as of now.
      await sleep(1_100);
    }
    return call();
  };
  let written: Promise<unknown> | undefined;
  world.scenario.hooks = {
    before: async ({ name, method }) => {
      if (name !== 'policy' || method !== 'apply' || written !== undefined) return;
      written = writer.query('UPDATE hydra_client SET client_name = client_name');
      await Promise.race([world.hasWaiter('green'), written.catch(() => undefined)]);
    },
  };
  expect(await world.run()).toMatchObject({ outcome: 'committed', refused: 0 });
  await expect(written).resolves.toBeDefined();
  await writer.end();
});
