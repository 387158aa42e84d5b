import { commitAttempt, fence, mayReadHere, openSide, readMembers } from '../../../hydra/arbiter';
import { SOON, until } from '../../support/until';
import { type GatewayProcess } from '../../unit/gateway/support/gateway-process';
import { rawExchange } from '../../unit/gateway/support/sockets';
import { GatewayFleet, holds, idOf, LOCK_TIMEOUT_MS, READ, servedByAll, serves, untilAsked } from './gateway-fleet';

const fleet = new GatewayFleet();

const stop = ({ pid }: GatewayProcess): void => void process.kill(pid, 'SIGSTOP');
const wake = ({ pid }: GatewayProcess): void => void process.kill(pid, 'SIGCONT');
const moveReads = (gateway: GatewayProcess) => gateway.control('PUT', '/reads', { epoch: 1 });
const readsAt = async ({ publicPort }: GatewayProcess): Promise<string> =>
  (await rawExchange(publicPort, READ)).split('\r\n\r\n')[1] ?? '';

/** As many that serve blue and are members. */
async function started(count: number, options: Parameters<GatewayFleet['start']>[0] = {}) {
  const gateways = await Promise.all(Array.from({ length: count }, () => fleet.start(options)));
  await Promise.all(gateways.map((gateway) => gateway.until({ mode: 'pass', settledBy: 'aborted' })));
  return gateways;
}

/** Nobody may send a read to blue any more, by the arbiter's word: what a run waits for before it opens green. */
async function untilNobodyReadsAtBlue(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await until('it sends no read to blue', async () => !(await mayReadHere(fleet.clients[0], id, 1)), SOON);
  }
}

describe('a gateway that stands still at an arrow of the protocol', () => {
  fleet.useHere();
  it('before it holds: there is no fence without it, and it serves blue when it goes on', async () => {
    const [blue] = fleet.clients;
    const [other, ...still] = await started(4);
    const [beforeBegin, beforeStage, beforeHold] = still;
    if (!other || !beforeBegin || !beforeStage || !beforeHold) throw new Error('too few');
    const ids = await Promise.all(still.map(idOf));
    const nameOf = new Map((await readMembers(blue)).map(({ member, name }) => [member, name]));
    stop(beforeBegin);
    const attempt = await fleet.begin(1);
    stop(beforeStage);
    for (const gateway of [other, beforeHold]) await gateway.stage(1, 'green');
    stop(beforeHold);
    const answer = await fence(blue, attempt, LOCK_TIMEOUT_MS, [await holds(other)]);
    expect(answer).toMatchObject({ ok: false, reason: 'members' });
    const { alive = [], silent = [] } = answer as Extract<typeof answer, { ok: false }>;
    expect([...alive, ...silent].sort()).toEqual(ids.map((id) => nameOf.get(id)).sort());
    await fleet.giveUp(attempt);
    await other.revert(1);
    still.forEach(wake);
    for (const gateway of [other, ...still]) {
      await until('it serves blue', async () => (await serves(gateway)) === 'blue', SOON);
    }
  });

  it('once it holds: it forwards nothing to a blue that refuses, and whoever waited at it is served by green', async () => {
    const [blue, green] = fleet.clients;
    const [afterHold, afterFence, afterCommit, afterReads, afterOpening, killed, last] = await started(7);
    if (!afterHold || !afterFence || !afterCommit || !afterReads || !afterOpening || !killed || !last)
      throw new Error('too few');
    const still = [afterHold, afterFence, afterCommit, afterReads, afterOpening];
    const attempt = await fleet.begin(1);
    const all = [...still, killed, last];
    for (const gateway of all) await gateway.stage(1, 'green');
    const ids = await Promise.all(all.map(holds));
    const waiting = [...still, last].map(serves);
    for (const gateway of [...still, last]) await gateway.until({ parked: 1 });
    fleet.sides.blue.seen.length = 0;
    stop(afterHold);
    expect(await fence(blue, attempt, LOCK_TIMEOUT_MS, ids)).toMatchObject({ ok: true });
    stop(afterFence);
    expect(await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    stop(afterCommit);
    await killed.kill('SIGKILL');
    for (const gateway of [afterReads, afterOpening, last]) {
      expect(await moveReads(gateway)).toMatchObject({ status: 200, body: { readsAt: 'green' } });
    }
    stop(afterReads);
    // Started again while green is closed, it serves nobody; and green opens without those that say nothing.
    const again = await fleet.start({ home: killed.home });
    await untilAsked(again);
    expect(await serves(again)).toBe('503');
    await untilNobodyReadsAtBlue(ids.slice(0, 3));
    expect(await openSide(green, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    stop(afterOpening);
    expect(await last.apply(1)).toMatchObject({ status: 200 });
    still.forEach(wake);
    // At the moment in which it goes on its own clock is all that it has.
    expect(await Promise.all(still.map(readsAt))).not.toContain('blue');
    // The run goes on until it has released everybody; the others find out by themselves, or later by the deadline of their hold.
    for (const gateway of [afterReads, afterOpening]) expect(await gateway.apply(1)).toMatchObject({ status: 200 });
    await Promise.all([...still, again].map((gateway) => gateway.until({ mode: 'pass', epoch: 1, hold: null })));
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'green'));
    expect(await servedByAll([...still, again, last])).toEqual([...still, again, last].map(() => 'green'));
    expect(fleet.sides.blue.seen).toEqual([]);
  });
});

describe("a gateway that is cut off from green's database", () => {
  fleet.useHere();
  it.each(['the attempt begins', 'it holds', 'the commit', 'the opening'])(
    'before %s does what it is told; started anew it serves nobody until somebody can tell it who serves',
    async (moment) => {
      const [blue, green] = fleet.clients;
      const cutBefore = (what: string): void => {
        if (what === moment) fleet.toGreen.cut();
      };
      const [told, restarted] = await started(2, { greenPort: fleet.toGreen.port });
      if (!told || !restarted) throw new Error('too few');
      cutBefore('the attempt begins');
      const attempt = await fleet.begin(1);
      for (const gateway of [told, restarted]) await gateway.stage(1, 'green');
      cutBefore('it holds');
      const ids = [await holds(told), await holds(restarted)];
      expect(await fence(blue, attempt, LOCK_TIMEOUT_MS, ids)).toMatchObject({ ok: true });
      fleet.sides.blue.seen.length = 0;
      cutBefore('the commit');
      expect(await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
      expect(await moveReads(told)).toMatchObject({ status: 200, body: { readsAt: 'green' } });
      await restarted.kill('SIGKILL');
      await untilNobodyReadsAtBlue(ids);
      cutBefore('the opening');
      expect(await openSide(green, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
      expect(await told.apply(1)).toMatchObject({ status: 200 });
      expect([await serves(told), await readsAt(told)]).toEqual(['green', 'green']);
      const again = await fleet.start({ home: restarted.home, greenPort: fleet.toGreen.port });
      await untilAsked(again);
      expect([await serves(again), await serves(told)]).toEqual(['503', 'green']);
      fleet.toGreen.mend();
      await again.until({ mode: 'pass', epoch: 1 });
      expect([await serves(again), await readsAt(again)]).toEqual(['green', 'green']);
      expect(fleet.sides.blue.seen).toEqual([]);
    },
  );
});

describe('a gateway whose login is taken away while it holds', () => {
  fleet.useHere();
  it('sends no read to blue once its lease is over, and serves green as soon as it is told', async () => {
    const [blue, green] = fleet.clients;
    const [gateway] = await started(1);
    if (!gateway) throw new Error('too few');
    const attempt = await fleet.begin(1);
    await gateway.stage(1, 'green');
    const id = await holds(gateway);
    expect(await readsAt(gateway)).toBe('blue');
    await blue.query(`ALTER ROLE ${fleet.role} NOLOGIN`);
    await blue.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [fleet.role]);
    expect(await fence(blue, attempt, LOCK_TIMEOUT_MS, [id])).toMatchObject({ ok: true });
    expect(await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await untilNobodyReadsAtBlue([id]);
    fleet.sides.blue.seen.length = 0;
    expect(await readsAt(gateway)).not.toBe('blue');
    expect(await openSide(green, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await blue.query(`ALTER ROLE ${fleet.role} LOGIN`);
    await gateway.until({ mode: 'pass', epoch: 1 });
    expect([await serves(gateway), await readsAt(gateway)]).toEqual(['green', 'green']);
    expect(fleet.sides.blue.seen).toEqual([]);
  });
});

describe("two gateways of which one was started on a copy of the other one's state", () => {
  fleet.useHere();
  it('are told apart: no fence takes the word of one of them for both', async () => {
    const [blue] = fleet.clients;
    const [first] = await started(1);
    if (!first) throw new Error('too few');
    const second = await fleet.start({ copyOf: first.home });
    await second.until({ mode: 'pass' });
    expect(await idOf(second)).toBe(await idOf(first));
    const isDoubled = async () => (await readMembers(blue))[0]?.isDoubled === true;
    await until('the arbiter sees two of them', isDoubled, SOON);
    const attempt = await fleet.begin(1);
    await first.stage(1, 'green');
    const held = [await holds(first)];
    expect(await serves(second)).toBe('blue');
    expect(await fence(blue, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: false, reason: 'members' });
    await second.kill('SIGKILL');
    await until('the arbiter sees one of them', async () => !(await isDoubled()), SOON);
    expect(await fence(blue, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
  });
});
