import { createSwitchover } from '../../../activities/switchover';
import { PATIENCE } from '../../../activities/switchover/patience';
import { realTools } from '../../../activities/switchover/real-tools';
import { randomUUID } from 'node:crypto';
import { useDatabase } from '../../support/database';
import { CutoverFault } from '../../../domain/faults';
import { type TargetView } from '../../../domain/ports/targets';
import { claimEpoch } from '../../../hydra/arbiter';
import { asidesOf } from '../../../activities/keep-asides';
import { History } from '../hydra/sync/history';
import { stepContext } from './green-fixture';
import { BLUE, GREEN, SwitchoverWorld } from './switchover-fixture';
import { type FakeTarget, type LocalGateway, type PartyHooks } from './switchover-parties';
import { FORWARD } from '../../../domain/sides';

const database = useDatabase('hydra_1_11_10');
const history = new History(11);
const world = new SwitchoverWorld(database.config);

beforeAll(() => world.start((blue) => history.go(blue, 10)));
beforeEach(() => world.reset());
afterAll(() => world.close());

const AWAY = () => new CutoverFault('TARGET_UNREACHABLE', 'away');

const heldBy = (what: string) =>
  expect.stringMatching(`^${what} did not get its lock; held by process \\d+ of role `) as string;

/** As a beat that came before the attempt began, and is seen only now. */
const STRANGER = `INSERT INTO hydra_cutover.member (member, name, lease_until) VALUES ($1, 'edge-9', clock_timestamp() + interval '1 minute')`;

describe('switchover', () => {
  it('moves the writes, tells what it cost, and carries the last changes with what browsers still hold', async () => {
    const grant = await history.grant(world.blue);
    const receipt = await world.run();
    expect(receipt).toMatchObject({ outcome: 'committed', attempt: 1, epoch: 1, refused: 0 });
    expect(receipt).toMatchObject({ lastRound: { backlog: 0 } });
    expect(await world.whoServes()).toEqual(GREEN);
    for (const { challenges } of world.gateways) expect(challenges.has(`${grant.login}v`)).toBe(true);
    const { rows } = await world.green.query('SELECT epoch::int, state FROM hydra_cutover.run');
    expect(rows).toEqual([{ epoch: 1, state: 'open' }]);
  });

  it('does each thing after what it rests on: staged, held, fenced, carried, committed, applied, open, released', async () => {
    await world.run();
    const order = ['stage', 'hold', 'fence', 'lastRound', 'pushChallenges', 'commit', 'holdWriters'];
    const actions = [...order, 'applyTargets', 'openEntered', 'release'];
    const done = world.events.filter((event) => actions.includes(event.split(':')[0] ?? '') && event.includes(': '));
    expect(done.map((event) => event.split(':')[0])).toEqual(actions);
    expect(world.before('hold edge').filter((event) => event.startsWith('stage '))).toHaveLength(4);
    expect(world.before('fence').filter((event) => event.startsWith('hold edge'))).toHaveLength(2);
    expect(world.before('apply edge')).toContain('openEntered: ok');
    expect(world.before('openEntered').filter((event) => /^apply (policy|resource)/.test(event))).toHaveLength(2);
    // Readers are shown nothing that is over: they are at green before it takes a write.
    expect(world.before('openEntered').filter((event) => event.startsWith('moveReads edge'))).toHaveLength(2);
    expect(world.before('moveReads edge')).toContain('commit: ok');
  });

  it('has the gateways warm green up before anybody is held, and goes on where that fails', async () => {
    world.scenario.hooks = {
      before: ({ name, method }) => reject(name === 'edge-1' && method === 'warmUp', AWAY()),
      after: ({ name, method }) => void (method === 'warmUp' && world.events.push(`warmUp ${name}`)),
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', attempt: 1 });
    expect(world.before('hold edge')).toContain('warmUp edge-2');
    expect(world.gateways.map(({ warmed }) => warmed)).toEqual([[], ['green']]);
  });

  it('says that it is done when it is repeated, and moves nothing', async () => {
    const { isCommitted } = asidesOf({ databases: world.databases(), direction: FORWARD }, world.deps().log);
    expect(await isCommitted(world.input)).toBe(false);
    await world.run();
    expect(await isCommitted(world.input)).toBe(true);
    expect(await isCommitted({ ...world.input, cutoverId: 'another' })).toBe(false);
    expect(await world.run()).toMatchObject({ outcome: 'committed', attempt: 1, epoch: 1 });
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('stops before the first request is held when a target cannot be staged', async () => {
    world.scenario.hooks = { before: ({ name, method }) => reject(name === 'resource' && method === 'stage', AWAY()) };
    expect(await world.run()).toMatchObject({ outcome: 'aborted', holdMs: 0 });
    expect(world.events.some((event) => event.startsWith('hold '))).toBe(false);
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it.each([
    ['is in doubt', (gateway?: LocalGateway) => gateway?.replace({ inDoubt: true })],
    ['does not find green ready', (gateway?: LocalGateway) => void Object.assign(gateway ?? {}, { ready: false })],
    ['is older than this worker', (gateway?: LocalGateway) => void Object.assign(gateway ?? {}, { protocol: 1 })],
    [
      'is a member that does not reach the arbiter',
      (gateway?: LocalGateway) => void Object.assign(gateway ?? {}, { member: { id: randomUUID(), isAlive: false } }),
    ],
  ])('stops before anything begins when a gateway %s', async (_problem, change) => {
    change(world.gateways[1]);
    expect(await world.run()).toMatchObject({ outcome: 'aborted', attempt: null });
    expect(world.events.some((event) => event.startsWith('stage '))).toBe(false);
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it('holds nobody for a round that never ends: a network that swallows an answer ends no wait by itself', async () => {
    world.scenario.onQuery = ({ text }, call) =>
      text.includes('FROM hydra_cutover.change_log AS log WHERE done_at IS NULL')
        ? new Promise(() => undefined)
        : call();
    const impatient = createSwitchover({ ...realTools, patience: { ...PATIENCE, roundMs: 200 } });
    expect(await impatient(world.deps(), world.input, stepContext())).toMatchObject({
      outcome: 'aborted',
      attempt: null,
      reason: expect.stringContaining('a round of the sync took longer than the 200 ms') as string,
    });
    expect(world.events.some((event) => event.startsWith('stage '))).toBe(false);
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it.each([
    ['beats', 'list it'],
    ['is silent', 'enrol --forget'],
  ])('stops before anything begins while a gateway that nobody listed %s, and names it', async (state, fix) => {
    const lease = state === 'beats' ? 60_000 : 100;
    await world.blue.query(`SELECT hydra_cutover.beat_member($1::uuid, 'edge-9', $2, 0, 0)`, [randomUUID(), lease]);
    if (state !== 'beats') await world.blue.query('UPDATE hydra_cutover.member SET lease_until = clock_timestamp()');
    expect(await world.run()).toMatchObject({
      ...{ outcome: 'aborted', attempt: null },
      reason: expect.stringMatching(new RegExp(`edge-9 .*${fix}`)) as string,
    });
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it('is refused the fence by a gateway that came after the look, and takes those that hold at their word', async () => {
    const ids = [randomUUID(), randomUUID()];
    const join = (id: string, name: string) =>
      world.blue.query(`SELECT hydra_cutover.beat_member($1::uuid, $2, 60000, 0, 0)`, [id, name]);
    world.gateways.forEach((gateway, index) => (gateway.member = { id: ids[index] ?? '', isAlive: true }));
    for (const id of ids) await join(id, 'edge');
    world.scenario.hooks = {
      before: async ({ name, method }) => {
        if (name === 'edge-1' && method === 'stage') await world.blue.query(STRANGER, [randomUUID()]);
      },
    };
    expect(await world.run()).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('edge-9 may forward writes') as string,
    });
    expect(await world.whoServes()).toEqual(BLUE);
    await world.blue.query(`DELETE FROM hydra_cutover.member WHERE name = 'edge-9'`);
    world.scenario.hooks = {};
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
  });

  it('never fences while a request is in flight: Hydra answers 200 to a revoke that the fence refuses', async () => {
    const busy = new CutoverFault('GATEWAY_BUSY', '1 request in flight');
    world.scenario.hooks = { after: ({ name, method }) => reject(name === 'edge-2' && method === 'hold', busy) };
    expect(await world.run()).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('in flight') as string,
    });
    expect(world.events.some((event) => event.startsWith('fence'))).toBe(false);
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it('gives up when the pause budget is used up by a drain', async () => {
    let isDraining = false;
    const before: PartyHooks['before'] = ({ method }) => {
      if (method !== 'hold') return;
      isDraining = true;
      // Takes all that is left.
      return new Promise(() => undefined);
    };
    const receipt = await world.runOutOfBudget(
      () => ({ hooks: { before } }),
      () => isDraining,
    );
    expect(receipt).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('longer than') as string,
    });
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it('carries a write that commits while the fence waits for it', async () => {
    const writer = await world.sync.connect('blue');
    await writer.query('BEGIN');
    await writer.query(`UPDATE hydra_client SET client_name = 'at the last moment'`);
    world.scenario = {
      settings: { lockTimeoutMs: 60_000 },
      onQuery: async ({ text }, call) => {
        const answer = call();
        if (text.includes('.fence(')) {
          await world.hasWaiter('blue');
          await writer.query('COMMIT');
        }
        return answer;
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', refused: 0 });
    const { rows } = await world.green.query('SELECT DISTINCT client_name FROM hydra_client');
    expect(rows).toEqual([{ client_name: 'at the last moment' }]);
    await writer.end();
  });

  it('asks a few times for the lock that a writer holds, then lets blue go on', async () => {
    const writer = await world.sync.connect('blue');
    await writer.query('BEGIN');
    await writer.query('UPDATE hydra_client SET client_name = client_name');
    const receipt = await world.run();
    await writer.query('COMMIT');
    expect(receipt).toMatchObject({ outcome: 'aborted', reason: heldBy('the fence') });
    expect(world.events.filter((event) => event === 'fence: busy')).toHaveLength(3);
    expect(await world.whoServes()).toEqual(BLUE);
    await writer.end();
  });

  it('names who holds what a beginning needs, as a gateway may that stands still in its claim', async () => {
    const gateway = await world.sync.connect('blue');
    await gateway.query('BEGIN; LOCK TABLE hydra_cutover.attempt IN ROW EXCLUSIVE MODE');
    expect(await world.run()).toMatchObject({ outcome: 'aborted', reason: heldBy('beginning on blue') });
    await gateway.end();
  });

  it('lets blue go on when the last round meets a row that nobody can carry, and says which', async () => {
    const grant = await history.grant(world.blue);
    const claims = 'UPDATE hydra_oauth2_consent_request_handled SET session_id_token = $2 WHERE challenge = $1';
    world.scenario.onQuery = async ({ text }, call) => {
      // After the rounds before the hold: the one under the fence is the first to meet it.
      if (text.includes('.fence(')) await world.blue.query(claims, [grant.consent, '{"no":']);
      return call();
    };
    const receipt = await world.run();
    expect(receipt).toMatchObject({ outcome: 'aborted', reason: expect.stringContaining(grant.consent) as string });
    expect(world.events).toContain('lastRound: failed');
    expect(world.events.some((event) => event.startsWith('commit'))).toBe(false);
    expect(await world.whoServes()).toEqual(BLUE);
    await world.blue.query(claims, [grant.consent, '']);
    world.scenario = {};
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
  });

  it('is refused the commit by a change that was not carried', async () => {
    world.scenario.onQuery = async ({ text }, call) => {
      if (text.includes('commit_attempt')) {
        await world.blue.query(
          `INSERT INTO hydra_cutover.change_log (at, xid, kind, table_name)
           VALUES (now(), pg_current_xact_id(), 'canary', 'canary')`,
        );
      }
      return call();
    };
    expect(await world.run()).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('1 changes are not carried') as string,
    });
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it('is refused the commit by a lease that is over, whatever it believes itself', async () => {
    world.scenario = {
      onQuery: async ({ text }, call) => {
        if (text.includes('commit_attempt')) await world.endLeases();
        return call();
      },
    };
    expect(await world.run()).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('refused to commit: lease_over') as string,
    });
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it('fixes the lease by the clock of blue, with a worker whose own clock is wrong', async () => {
    const real = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000);
    try {
      expect(await world.run()).toMatchObject({ outcome: 'committed' });
    } finally {
      clock.mockRestore();
    }
    const { rows } = await world.blue.query(
      `SELECT extract(epoch FROM lease_until - hold_started_at)::float8 AS s, hold_started_at > now() - interval '1 minute' AS now
         FROM hydra_cutover.attempt`,
    );
    expect(rows).toEqual([{ s: 179.5, now: true }]);
  });

  it('counts a stray write that met the fence', async () => {
    let refusal: unknown;
    world.scenario.onQuery = async ({ text }, call) => {
      if (text.includes('commit_attempt')) {
        refusal = await world.blue.query('DELETE FROM hydra_client').catch((error: unknown) => error);
      }
      return call();
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', refused: 1 });
    expect(refusal).toMatchObject({ code: 'HC001' });
  });

  it('gives up when a gateway in doubt claimed the epoch', async () => {
    let answer: unknown;
    world.scenario.onQuery = async ({ text }, call) => {
      if (text.includes('commit_attempt')) {
        answer = await claimEpoch(world.blue, { epoch: 1, appliedEpoch: 0, by: 'edge-1' });
      }
      return call();
    };
    expect(await world.run()).toMatchObject({ outcome: 'aborted' });
    expect(answer).toBe('aborted');
    expect(await world.whoServes()).toEqual(BLUE);
  });

  it('takes an epoch above everything that anybody has seen', async () => {
    await world.targets[0]?.revert(41);
    expect(await world.run()).toMatchObject({ outcome: 'committed', epoch: 42 });
  });

  it.each([2 ** 63 - 1, 2 ** 53 - 1])('begins nothing when a target says that it has seen epoch %d', async (seen) => {
    const [target] = world.targets;
    if (target !== undefined) target.record = { ...target.record, revertedEpoch: seen };
    expect(await world.run()).toMatchObject({
      outcome: 'aborted',
      attempt: null,
      reason: expect.stringContaining('can be no epoch of a switchover') as string,
    });
    expect(world.events.some((event) => event.startsWith('stage '))).toBe(false);
  });
});

describe('after the commit', () => {
  it('lets the writers of green wait, and none fails', async () => {
    const writer = await world.sync.connect('green');
    let written: Promise<unknown> | undefined;
    world.scenario.hooks = {
      before: async ({ name, method }) => {
        if (name !== 'policy' || method !== 'apply') return;
        written = writer.query('UPDATE hydra_client SET client_name = client_name');
        await world.hasWaiter('green');
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    await expect(written).resolves.toBeDefined();
    await writer.end();
  });

  it.each<[string, (view: TargetView) => TargetView]>([
    [
      'is away',
      () => {
        throw AWAY();
      },
    ],
    ['says that it serves blue', (view) => ({ ...view, appliedSide: 'blue' })],
  ])('waits for a target that %s, and releases nobody before', async (_problem, answer) => {
    let tries = 0;
    const target = world.targets.find(({ name }) => name === 'resource') as FakeTarget;
    const [apply, read] = [target.apply.bind(target), target.read.bind(target)];
    const answered = async (view: Promise<TargetView>) => (tries > 0 && tries < 3 ? answer(await view) : view);
    target.apply = (epoch) => {
      tries += 1;
      return answered(apply(epoch));
    };
    target.read = () => answered(read());
    const said: unknown[] = [];
    const toldWhileAway: boolean[] = [];
    const run = await world.run({
      heartbeat: (now) => void said.push(now),
      tellCommitted: () => toldWhileAway.push(tries < 3),
    });
    expect(run).toMatchObject({ outcome: 'committed' });
    // The news of the commit do not wait for whoever is away.
    expect(toldWhileAway.at(0)).toBe(true);
    expect(world.events.filter((event) => event === 'applyTargets: failed')).toHaveLength(2);
    // Whoever looks meanwhile learns what keeps it, and no longer once it is mended.
    const problem = expect.stringMatching(/away|resource serves blue/) as unknown;
    expect(said).toContainEqual(expect.objectContaining({ state: 'committed', problem }));
    expect(said.at(-1)).not.toHaveProperty('problem');
    expect(world.before('apply edge')).toContain('openEntered: ok');
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('brings a party to green that was made to give the committed epoch up, and everybody then knows that it is committed', async () => {
    world.scenario.hooks = {
      before: async ({ name, method, epoch }) => {
        // A late revert of whoever took the attempt for lost.
        if (method === 'apply' && (name === 'resource' || name === 'edge-2')) {
          const party = [...world.gateways, ...world.targets].find((each) => each.name === name);
          await party?.revert(epoch ?? 0);
        }
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    world.scenario.hooks = {};
    expect(await world.whoServes()).toEqual(GREEN);
    const parties = [...world.gateways, ...world.targets];
    expect(parties.map(({ record }) => record.committedEpoch)).toEqual(parties.map(() => 1));
    for (const party of parties) await expect(party.revert(1)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('does not keep the requests of one gateway waiting for another that is away', async () => {
    let tries = 0;
    world.scenario.hooks = {
      before: ({ name, method }) => {
        if (name !== 'edge-1' || method !== 'apply') return;
        tries += 1;
        reject(tries < 3, AWAY());
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(world.before('release: failed')).toContain('apply edge-2');
  });

  it('takes the lock of green again when its session is lost', async () => {
    let isFirst = true;
    world.scenario.onQuery = async ({ side, text }, call) => {
      if (side === 'green' && text.startsWith('COMMIT;') && isFirst) {
        isFirst = false;
        await world.green.query(
          `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'hydra_cutover_barrier.barrier'::regclass AND mode = 'ShareRowExclusiveLock'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
      }
      return call();
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(world.events.filter((event) => event === 'holdWriters: ok')).toHaveLength(2);
    expect(await world.whoServes()).toEqual(GREEN);
  });
});

it('moves the writes from green to blue when it is handed that direction', async () => {
  await world.reset({ from: 'green', to: 'blue' });
  const grant = await history.grant(world.blue);
  expect(await world.run()).toMatchObject({ outcome: 'committed', attempt: 1, epoch: 1, lastRound: { backlog: 0 } });
  expect(await world.whoServes()).toEqual(BLUE);
  for (const { challenges } of world.gateways) expect(challenges.has(`${grant.login}v`)).toBe(true);
  const { rows } = await world.green.query('SELECT side, epoch::int, state FROM hydra_cutover.run');
  expect(rows).toEqual([{ side: 'blue', epoch: 1, state: 'open' }]);
});

function reject(when: boolean, error: Error): void {
  if (when) throw error;
}
