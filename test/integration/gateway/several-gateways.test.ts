import { rm } from 'node:fs/promises';
import {
  commitAttempt,
  fence,
  forgetMember,
  markFinalized,
  mayReadHere,
  openSide,
  readMembers,
  removeArbiter,
} from '../../../hydra/arbiter';
import { asAdmin } from '../../support/database';
import { SOON, until } from '../../support/until';
import { rawExchange } from '../../unit/gateway/support/sockets';
import {
  GatewayFleet,
  holds,
  idOf,
  LOCK_TIMEOUT_MS,
  READ,
  servedByAll,
  serves,
  SLOW_WRITE,
  untilAsked,
} from './gateway-fleet';

const fleet = new GatewayFleet();
const metricsOf = async ({ controlUrl }: { readonly controlUrl: string }): Promise<string> =>
  (await fetch(`${controlUrl}/metrics`)).text();

describe('several gateways, each a process of its own', () => {
  fleet.useHere();
  it('serve what is committed, whenever they were started, and before that serve nobody beside a living attempt', async () => {
    const [blueArbiter, greenArbiter] = fleet.clients;
    // Listed, and never told anything after the hold: it is cut off from the orchestrator.
    const listed = await fleet.start();
    await listed.until({ mode: 'pass', settledBy: 'aborted' });
    // Its very first question is answered: whoever starts it waits for no second one.
    expect(await metricsOf(listed)).not.toContain('gateway_doubt_questions_total{verdict="unknown"}');
    const attempt = await fleet.begin(1);
    await listed.stage(1, 'green');
    const late = [await fleet.newOne()];
    const held = [await holds(listed)];
    late.push(await fleet.newOne());
    // None of them has ended the attempt.
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
    late.push(await fleet.newOne());
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    late.push(await fleet.newOne());
    expect(await servedByAll(late)).toEqual(late.map(() => '503'));
    expect([...fleet.sides.blue.seen, ...fleet.sides.green.seen]).toEqual([]);

    expect(await openSide(greenArbiter, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await Promise.all(late.map((gateway) => gateway.until({ mode: 'pass', epoch: 1, committedEpoch: 1 })));
    late.push(await fleet.start());
    await late.at(-1)?.until({ mode: 'pass', settledBy: 'committed' });

    // Killed while it holds and started again, it finds out by itself.
    expect(await serves(late[0] ?? listed)).toBe('green');
    await listed.kill('SIGKILL');
    const again = await fleet.start({ home: listed.home });
    await again.until({ mode: 'pass', epoch: 1, hold: null });

    // After finalize green has no arbiter any more.
    expect(await markFinalized(blueArbiter, 1)).toBe(true);
    await removeArbiter(greenArbiter);
    const afterwards = await fleet.start();
    await afterwards.until({ mode: 'pass', settledBy: 'committed', epoch: 1 });
    expect(await servedByAll([...late, again, afterwards])).toEqual([...late, again, afterwards].map(() => 'green'));
    expect(fleet.sides.blue.seen).toEqual([]);
  });

  it('keep a fence away as long as one that nobody listed may forward, and no longer', async () => {
    const [blueArbiter] = fleet.clients;
    const listed = await fleet.start();
    const stranger = await fleet.start({ port: fleet.toBlue.port });
    for (const gateway of [listed, stranger]) await gateway.until({ mode: 'pass', settledBy: 'aborted' });
    const id = await idOf(stranger);
    const attempt = await fleet.begin(1);
    await listed.stage(1, 'green');
    const held = [await holds(listed)];
    const [name] = (await readMembers(blueArbiter)).flatMap(({ member, name: its }) => (member === id ? [its] : []));
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({
      ...{ ok: false, reason: 'members', alive: [name], silent: [] },
    });
    expect(await serves(stranger)).toBe('blue');
    // It learns of the attempt by a beat; cut off after that, it stops by its own clock, before its lease ends.
    const knows = async () => {
      const { rows } = await blueArbiter.query(
        'SELECT 1 FROM hydra_cutover.member WHERE member = $1 AND bound_epoch = 1',
        [id],
      );
      return rows.length > 0;
    };
    await until('the stranger knows of the attempt', knows, SOON);
    fleet.toBlue.cut();
    await fleet.untilUncounted(stranger, id);
    await until('a beat that failed is counted', async () => {
      const metrics = await fetch(`${stranger.controlUrl}/metrics`, { headers: { Connection: 'close' } });
      return /^gateway_beats_total\{outcome="failed"\} [1-9]/m.test(await metrics.text());
    });
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
    // In reach again, it is counted no more, and serves nobody until it is decided.
    fleet.toBlue.mend();
    await untilAsked(stranger);
    expect([await serves(stranger), await fleet.isCounted(id)]).toEqual(['503', false]);
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await openSide(fleet.clients[1], 1, LOCK_TIMEOUT_MS);
    await stranger.until({ mode: 'pass', epoch: 1 });
    expect(await serves(stranger)).toBe('green');
  });

  it('of which one stands still or is killed: its lease ends, and it forwards nothing when it goes on, and tells nobody how a write ended', async () => {
    const [blueArbiter, greenArbiter] = fleet.clients;
    const [frozen, killed, writing] = await Promise.all([fleet.start(), fleet.start(), fleet.start()]);
    const all = [frozen, killed, writing];
    for (const gateway of all) await gateway.until({ mode: 'pass', settledBy: 'aborted' });
    const attempt = await fleet.begin(1);
    for (const gateway of all) await gateway.stage(1, 'green');
    const told = rawExchange(writing.publicPort, SLOW_WRITE);
    const id = await idOf(writing);
    const isBound = async () => (await readMembers(blueArbiter)).some((is) => is.member === id && is.boundEpoch === 1);
    await until('blue has the write', () => fleet.slowWrites.length === 1, SOON);
    await until('the arbiter knows that it knows of the attempt', isBound, SOON);
    process.kill(writing.pid, 'SIGSTOP');
    const held = [await holds(frozen), await holds(killed)];
    expect(await rawExchange(frozen.publicPort, READ)).toMatch(/blue$/);
    process.kill(frozen.pid, 'SIGSTOP');
    await killed.kill('SIGKILL');
    await until('its lease is over', async () => !(await fleet.isCounted(id)), SOON);
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    for (const id of held) {
      await until('its lease is over', async () => !(await mayReadHere(blueArbiter, id, 1)), SOON);
    }
    // Nobody may send a read to blue any more: green opens.
    expect(await openSide(greenArbiter, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    fleet.sides.blue.seen.length = 0;
    process.kill(frozen.pid, 'SIGCONT');
    await rawExchange(frozen.publicPort, READ);
    await frozen.until({ mode: 'pass', epoch: 1 });
    expect(await rawExchange(frozen.publicPort, READ)).toMatch(/green$/);
    expect(fleet.sides.blue.seen).toEqual([]);
    // It is a member again, and may have met the fence with what blue answers only now.
    process.kill(writing.pid, 'SIGCONT');
    await writing.until({ mode: 'pass', epoch: 1 });
    expect(await fleet.isCounted(id)).toBe(true);
    fleet.slowWrites[0]?.();
    expect(await told).toBe('');
  });

  it('look for the attempt in the session in which they beat, and in a new one when that has ended', async () => {
    const gateway = await fleet.start();
    await gateway.until({ mode: 'pass', settledBy: 'aborted' });
    const attempt = await fleet.begin(1);
    await asAdmin(`ALTER ROLE ${fleet.role} NOLOGIN`);
    try {
      // Who could not ask would hold: silence settles no doubt.
      await gateway.stage(2, 'green');
      expect(await gateway.hold(2)).toMatchObject({ status: 409, body: { code: 'NO_ARBITER' } });
    } finally {
      await asAdmin(`ALTER ROLE ${fleet.role} LOGIN`);
    }
    await fleet.giveUp(attempt);
    await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${fleet.role}'`);
    expect(await gateway.hold(2)).toMatchObject({ status: 409, body: { code: 'NO_ARBITER' } });
  });

  it('learn of the commit from the arbiter where the orchestrator cannot reach them: their reads go to green', async () => {
    const [blueArbiter] = fleet.clients;
    const cutOff = await fleet.start();
    await cutOff.until({ mode: 'pass', settledBy: 'aborted' });
    const attempt = await fleet.begin(1);
    await cutOff.stage(1, 'green');
    const id = await holds(cutOff);
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, [id])).toMatchObject({ ok: true });
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await until('it reads at green', async () => !(await mayReadHere(blueArbiter, id, 1)), SOON);
    expect(await fleet.isCounted(id)).toBe(true);
    expect(await rawExchange(cutOff.publicPort, READ)).toMatch(/green$/);
  });

  it('that stop in order are members no more; of one that was killed only a person can say that it is gone', async () => {
    const [blueArbiter] = fleet.clients;
    const [stops, killed] = [await fleet.start(), await fleet.start()];
    for (const gateway of [stops, killed]) await gateway.until({ mode: 'pass', settledBy: 'aborted' });
    await stops.kill('SIGTERM');
    await killed.kill('SIGKILL');
    const members = await readMembers(blueArbiter);
    expect(members).toHaveLength(1);
    const { member = '', name = '' } = members[0] ?? {};
    expect(await forgetMember(blueArbiter, name)).toBe(0);
    await blueArbiter.query('UPDATE hydra_cutover.member SET lease_until = clock_timestamp()');
    const attempt = await fleet.begin(1);
    const silent = { ok: false, reason: 'members', alive: [], silent: [name] };
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject(silent);
    expect(await forgetMember(blueArbiter, name)).toBe(1);
    expect(await fleet.isCounted(member)).toBe(false);
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  });

  it('for which there is no room among the members serve all the same, and keep every fence away', async () => {
    const [blueArbiter] = fleet.clients;
    const join = `hydra_cutover.beat_member(gen_random_uuid(), 'edge', 100, 0, 0)`;
    await blueArbiter.query(`SELECT ${join} FROM generate_series(1, 1000)`);
    const late = await fleet.start();
    await late.until({ mode: 'pass', settledBy: 'aborted' });
    expect(await serves(late)).toBe('blue');
    await blueArbiter.query(`DELETE FROM hydra_cutover.member WHERE name = 'edge'`);
    const attempt = await fleet.begin(1);
    const answer = await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS);
    expect(answer).toMatchObject({ ok: false, reason: 'members' });
  });

  it('that lost its state, or is cut off from the arbiter, forwards nothing until somebody who knows can tell it', async () => {
    const [blueArbiter, greenArbiter] = fleet.clients;
    const cutOff = await fleet.start({ port: fleet.toBlue.port });
    const loses = await fleet.start();
    const both = [cutOff, loses];
    for (const gateway of both) await gateway.until({ mode: 'pass' });
    expect(await servedByAll(both)).toEqual(['blue', 'blue']);
    const attempt = await fleet.begin(1);
    for (const gateway of both) await gateway.stage(1, 'green');
    const held = [await holds(cutOff), await holds(loses)];
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
    fleet.toBlue.cut();
    await Promise.all(both.map((gateway) => gateway.kill('SIGKILL')));
    await rm(loses.home.stateFile);
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });

    const [second, third] = [
      await fleet.start({ home: cutOff.home, port: fleet.toBlue.port }),
      await fleet.start({ home: loses.home }),
    ];
    await Promise.all([untilAsked(second), untilAsked(third)]);
    expect(await servedByAll([second, third])).toEqual(['503', '503']);
    // Told too early, while green is closed: neither believes it.
    for (const gateway of [second, third]) {
      expect(await gateway.tellCommitted(1)).toMatchObject({ status: 409, body: { code: 'NOT_COMMITTED' } });
    }
    expect(fleet.sides.green.seen).toEqual([]);

    expect(await openSide(greenArbiter, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    // Blue is still out of its reach; green's word is enough.
    expect(await second.tellCommitted(1)).toMatchObject({ status: 200, body: { committedEpoch: 1 } });
    await third.until({ mode: 'pass', epoch: 1 });
    expect(await servedByAll([second, third])).toEqual(['green', 'green']);
    for (const gateway of [second, third]) {
      expect(await gateway.revert(1)).toMatchObject({ status: 409, body: { code: 'COMMITTED' } });
    }
    expect(await servedByAll([second, third])).toEqual(['green', 'green']);
    expect(fleet.sides.blue.seen).toHaveLength(2);
  });
});
