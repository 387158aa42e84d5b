import { type HoldAnswer } from '../../../../gateway/core/controller-deps';
import { BLUE, GREEN, request, setUp } from '../support/controller-setup';
import { settle } from '../support/manual-clock';

describe('holding', () => {
  it('acknowledges only once the last forwarded request is answered, and parks what comes meanwhile', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    expect([controller.admit('write'), controller.admit('write')]).toEqual(['blue', 'blue']);
    let answer: HoldAnswer | undefined;
    const held = controller.hold(1, 5_000, 'everything').then((value) => (answer = value));
    await settle();
    expect(controller.mode).toBe('hold');
    expect(controller.admit('write')).toBeNull();
    controller.finished('write');
    await settle();
    expect(answer).toBeUndefined();
    controller.park(request([], 'a'), 10);
    controller.finished('write');
    await held;
    expect(answer).toEqual({ kind: 'holding', epoch: 1, parked: 1 });
    expect(clock.pending).toBeGreaterThan(0); // the deadline goes on
  });

  it('begins only where its epoch was seen prepared, looked for at the stage, and goes on when it is gone later', async () => {
    const seen: (boolean | Error)[] = [false, false, true];
    let looks = 0;
    const findAttempt = async (epoch: number) => {
      const answer = seen[looks++] ?? new Error('not to be asked');
      if (answer instanceof Error) throw answer;
      expect(epoch).toBe(1);
      return answer;
    };
    const { controller, disk } = setUp({ findAttempt });
    expect(await controller.stage(1, GREEN)).toMatchObject({ ok: true });
    expect(await controller.hold(1, 5_000, 'everything')).toEqual({ kind: 'no_arbiter' });
    expect([controller.mode, disk.content.hold, looks]).toEqual(['pass', null, 2]);
    await controller.stage(1, GREEN);
    expect(await controller.hold(1, 5_000, 'everything')).toMatchObject({ kind: 'holding' });
    expect(await controller.hold(1, 5_000, 'everything')).toMatchObject({ kind: 'holding' });
    expect(looks).toBe(3);
  });

  it('begins when it cannot be told whether its epoch is prepared', async () => {
    const { controller } = setUp({ findAttempt: () => Promise.reject(new Error('away')) });
    await controller.stage(1, GREEN);
    expect(await controller.hold(1, 5_000, 'everything')).toMatchObject({ kind: 'holding' });
  });

  it('answers a drain timeout and goes on holding when a request does not end', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    controller.admit('write');
    const held = controller.hold(1, 5_000, 'everything');
    await clock.advance(2_000);
    expect(await held).toEqual({ kind: 'drain_timeout', epoch: 1, inFlight: 1 });
    expect(controller.mode).toBe('hold');
    controller.finished('write');
    expect(await controller.hold(1, 5_000, 'everything')).toMatchObject({ kind: 'holding' });
  });

  it('is idempotent: concurrent repeats get the same answer and never extend the deadline', async () => {
    const { controller, clock, disk } = setUp();
    await controller.stage(1, GREEN);
    const writes = disk.writes;
    const answers = await Promise.all([
      controller.hold(1, 1_000, 'everything'),
      controller.hold(1, 9_000, 'everything'),
      controller.hold(1, 9_000, 'everything'),
    ]);
    expect(answers.map(({ kind }) => kind)).toEqual(['holding', 'holding', 'holding']);
    expect(disk.writes).toBe(writes + 1);
    await clock.advance(1_000);
    expect(controller.mode).toBe('in_doubt');
    expect(await controller.hold(1, 9_000, 'everything')).toEqual({ kind: 'in_doubt' });
  });

  it('lasts no longer than this gateway allows, whatever the caller asks for', async () => {
    const { controller, clock, disk } = setUp({ settings: { maxDeadlineMs: 3_000 } });
    await controller.stage(1, GREEN);
    await controller.hold(1, 60_000, 'everything');
    expect(disk.content.hold).toEqual({ epoch: 1, deadlineMs: 3_000, holds: 'everything', readsMoved: false });
    await clock.advance(2_999);
    expect(controller.mode).toBe('hold');
    await clock.advance(1);
    expect(controller.mode).toBe('in_doubt');
  });

  it('sends no read to the side that was left once it stood still past its deadline, before a timer has told so', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 3_000, 'writes');
    clock.standStill(2_999);
    expect(controller.admit('read')).toBe('blue');
    clock.standStill(1);
    expect([controller.admit('read'), controller.mode]).toEqual([null, 'in_doubt']);
    const moved = setUp();
    await moved.controller.stage(1, GREEN);
    await moved.controller.hold(1, 3_000, 'writes');
    await moved.controller.moveReads(1);
    moved.clock.standStill(3_000);
    expect(moved.controller.admit('read')).toBe('green');
  });

  it('refuses an epoch that was not staged, and one that was reverted', async () => {
    const { controller } = setUp();
    expect(await controller.hold(1, 1_000, 'everything')).toEqual({
      kind: 'refused',
      refusal: 'NOT_STAGED',
      highestEpoch: 0,
    });
    await controller.stage(1, GREEN);
    await controller.revert(1);
    expect(await controller.hold(1, 1_000, 'everything')).toMatchObject({ kind: 'refused', refusal: 'STALE_EPOCH' });
    expect(controller.mode).toBe('pass');
  });

  it('goes on forwarding when the hold could not be made durable', async () => {
    const { controller, disk } = setUp();
    await controller.stage(1, GREEN);
    disk.failing = true;
    await expect(controller.hold(1, 1_000, 'everything')).rejects.toThrow('disk full');
    expect(controller.admit('write')).toBe('blue');
  });

  it('refuses to stage, hold or revert a newer epoch while an older one is held', async () => {
    const { controller } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000, 'everything');
    expect(await controller.stage(2, GREEN)).toMatchObject({ ok: false, refusal: 'HOLD_UNRESOLVED' });
    expect(await controller.revert(2)).toMatchObject({ ok: false, refusal: 'HOLD_UNRESOLVED' });
    expect(await controller.hold(2, 1_000, 'everything')).toMatchObject({
      kind: 'refused',
      refusal: 'HOLD_UNRESOLVED',
    });
    expect(await controller.apply(1)).toMatchObject({ ok: true });
    expect(controller.admit('write')).toBe('green');
  });

  it('tells a waiting hold that its epoch was reverted', async () => {
    const { controller } = setUp();
    await controller.stage(1, GREEN);
    controller.admit('write');
    const held = controller.hold(1, 5_000, 'everything');
    await settle();
    await controller.revert(1);
    expect(await held).toMatchObject({ kind: 'refused', refusal: 'STALE_EPOCH' });
  });
});

describe('releasing', () => {
  it.each([
    ['apply', 'green'],
    ['revert', 'blue'],
  ] as const)('sends the parked on in arrival order to the right side after %s', async (verb, side) => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 5_000, 'everything');
    const log: string[] = [];
    for (let index = 0; index < 300; index += 1) controller.park(request(log, `${index}`), 1);
    await controller[verb](1);
    // The first batch is out, the rest waits for its turn, and newcomers line up behind it.
    expect(controller.parked).toBeGreaterThan(0);
    expect(controller.admit('write')).toBeNull();
    controller.park(request(log, 'late'), 1);
    await clock.advance(1);
    expect(log).toEqual([...Array.from({ length: 300 }, (_, index) => `${index}→${side}`), `late→${side}`]);
    expect(controller.inFlight).toBe(301);
    expect(controller.admit('write')).toBe(side);
  });

  it('keeps the rest parked when a new hold comes in the middle of a release', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 5_000, 'everything');
    const log: string[] = [];
    for (let index = 0; index < 200; index += 1) controller.park(request(log, `${index}`), 1);
    await controller.apply(1);
    await controller.stage(2, BLUE);
    const held = controller.hold(2, 5_000, 'everything');
    await settle();
    const released = log.length;
    expect(released).toBeLessThan(200);
    await clock.advance(10);
    expect(log).toHaveLength(released);
    for (let index = 0; index < released; index += 1) controller.finished('write');
    expect(await held).toEqual({ kind: 'holding', epoch: 2, parked: 200 - released });
    await controller.apply(2);
    await clock.advance(1);
    expect(log.slice(released)).toEqual(Array.from({ length: 200 - released }, (_, i) => `${i + released}→blue`));
  });

  it('never forwards a request whose client left, and counts it', async () => {
    const { controller, events } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 5_000, 'everything');
    const log: string[] = [];
    const [stays, leaves] = [request(log, 'stays'), request(log, 'leaves')];
    controller.park(leaves, 1);
    controller.park(stays, 1);
    controller.drop(leaves);
    controller.drop(leaves);
    await controller.apply(1);
    expect(log).toEqual(['stays→green']);
    expect(events.filter(({ kind }) => kind === 'dropped')).toHaveLength(1);
  });

  it('refuses beyond the bounds in count and bytes, and those that waited too long', async () => {
    const { controller, clock } = setUp({ settings: { maxParked: 2, maxParkedBytes: 100, maxParkedMs: 1_000 } });
    await controller.stage(1, GREEN);
    await controller.hold(1, 9_000, 'everything');
    const log: string[] = [];
    expect(controller.park(request(log, 'a'), 90)).toBeUndefined();
    expect(controller.park(request(log, 'b'), 20)).toBe('too_many_bytes');
    await clock.advance(500);
    const c = request(log, 'c');
    expect(controller.park(c, 10)).toBeUndefined();
    expect(controller.park(request(log, 'd'), 0)).toBe('too_many');
    await clock.advance(500);
    expect(log).toEqual(['a✗too_long']);
    expect(controller.parkedBytes).toBe(10);
    controller.drop(c);
    expect(controller.parkedBytes).toBe(0);
    await clock.advance(1_000);
    expect(log).toEqual(['a✗too_long']);
  });
});

describe('stopping', () => {
  it('refuses the parked and newcomers, and waits for what is in flight', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    controller.admit('write');
    void controller.hold(1, 5_000, 'everything');
    await settle();
    const log: string[] = [];
    controller.park(request(log, 'a'), 1);
    controller.stop();
    expect(log).toEqual(['a✗shutting_down']);
    expect(controller.park(request(log, 'b'), 1)).toBe('shutting_down');
    const left = controller.idle(1_000);
    await clock.advance(1_000);
    expect(await left).toBe(1);
    controller.finished('write');
    expect(await controller.idle(1_000)).toBe(0);
  });
});
