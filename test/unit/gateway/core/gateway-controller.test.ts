import { type FindArbiter } from '../../../../gateway/core/arbiter-lookout';
import { type ResolveDoubt, type Verdict } from '../../../../gateway/core/doubt';
import {
  GatewayController,
  type ControllerEvent,
  type ControllerSettings,
  type HoldAnswer,
} from '../../../../gateway/core/gateway-controller';
import { type GatewayRecord } from '../../../../gateway/core/gateway-record';
import { type GatewayState, type Side } from '../../../../gateway/core/gateway-state';
import { type Parked } from '../../../../gateway/core/hold-queue';
import { initialTargetRecord } from '../../../../domain/target';
import { ManualClock, settle } from '../support/manual-clock';

const BLUE: GatewayState = { mode: 'pass', weights: { blue: 1, green: 0 } };
const GREEN: GatewayState = { mode: 'pass', weights: { blue: 0, green: 1 } };
const SETTINGS: ControllerSettings = {
  maxParked: 1_000,
  maxParkedBytes: 1_000_000,
  maxParkedMs: 60_000,
  maxDeadlineMs: 10_000,
  drainTimeoutMs: 2_000,
  doubtRetryMs: 1_000,
  doubtTimeoutMs: 500,
  askOnStart: false,
};

class Disk {
  content: GatewayRecord = { target: initialTargetRecord(BLUE), hold: null };
  failing = false;
  writes = 0;

  persist = async (record: GatewayRecord): Promise<void> => {
    await Promise.resolve();
    if (this.failing) throw new Error('disk full');
    this.writes += 1;
    this.content = JSON.parse(JSON.stringify(record)) as GatewayRecord;
  };
}

interface Setup {
  readonly settings?: Partial<ControllerSettings>;
  readonly disk?: Disk;
  readonly resolveDoubt?: ResolveDoubt;
  readonly findArbiter?: FindArbiter;
}

function setUp(setup: Setup = {}) {
  const { settings, disk = new Disk(), resolveDoubt = async () => 'unknown' as const, findArbiter } = setup;
  const clock = new ManualClock();
  const events: ControllerEvent[] = [];
  const controller = new GatewayController(disk.content, {
    persist: disk.persist,
    clock,
    resolveDoubt,
    findArbiter,
    settings: { ...SETTINGS, ...settings },
    onEvent: (event) => events.push(event),
  });
  return { clock, events, controller, disk };
}

/** A request that notes what became of it. */
function request(log: string[], name: string): Parked {
  return { proceed: (side: Side) => log.push(`${name}→${side}`), refuse: (why) => log.push(`${name}✗${why}`) };
}

describe('holding', () => {
  it('acknowledges only once the last forwarded request is answered, and parks what comes meanwhile', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    expect([controller.admit(), controller.admit()]).toEqual(['blue', 'blue']);
    let answer: HoldAnswer | undefined;
    const held = controller.hold(1, 5_000).then((value) => (answer = value));
    await settle();
    expect(controller.mode).toBe('hold');
    expect(controller.admit()).toBeNull();
    controller.finished();
    await settle();
    expect(answer).toBeUndefined();
    controller.park(request([], 'a'), 10);
    controller.finished();
    await held;
    expect(answer).toEqual({ kind: 'holding', epoch: 1, parked: 1 });
    expect(clock.pending).toBeGreaterThan(0); // the deadline goes on
  });

  it('begins only where an arbiter was seen, looked for at the stage, and goes on when it is gone later', async () => {
    const seen: (boolean | Error)[] = [false, false, true];
    let looks = 0;
    const findArbiter = async () => {
      const answer = seen[looks++] ?? new Error('not to be asked');
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const { controller, disk } = setUp({ findArbiter });
    expect(await controller.stage(1, GREEN)).toMatchObject({ ok: true });
    expect(await controller.hold(1, 5_000)).toEqual({ kind: 'no_arbiter' });
    expect([controller.mode, disk.content.hold, looks]).toEqual(['pass', null, 2]);
    await controller.stage(1, GREEN);
    expect(await controller.hold(1, 5_000)).toMatchObject({ kind: 'holding' });
    expect(await controller.hold(1, 5_000)).toMatchObject({ kind: 'holding' });
    expect(looks).toBe(3);
  });

  it('begins when it cannot be told whether there is an arbiter', async () => {
    const { controller } = setUp({ findArbiter: () => Promise.reject(new Error('away')) });
    await controller.stage(1, GREEN);
    expect(await controller.hold(1, 5_000)).toMatchObject({ kind: 'holding' });
  });

  it('answers a drain timeout and goes on holding when a request does not end', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    controller.admit();
    const held = controller.hold(1, 5_000);
    await clock.advance(2_000);
    expect(await held).toEqual({ kind: 'drain_timeout', epoch: 1, inFlight: 1 });
    expect(controller.mode).toBe('hold');
    controller.finished();
    expect(await controller.hold(1, 5_000)).toMatchObject({ kind: 'holding' });
  });

  it('is idempotent: concurrent repeats get the same answer and never extend the deadline', async () => {
    const { controller, clock, disk } = setUp();
    await controller.stage(1, GREEN);
    const writes = disk.writes;
    const answers = await Promise.all([
      controller.hold(1, 1_000),
      controller.hold(1, 9_000),
      controller.hold(1, 9_000),
    ]);
    expect(answers.map(({ kind }) => kind)).toEqual(['holding', 'holding', 'holding']);
    expect(disk.writes).toBe(writes + 1);
    await clock.advance(1_000);
    expect(controller.mode).toBe('in_doubt');
    expect(await controller.hold(1, 9_000)).toEqual({ kind: 'in_doubt' });
  });

  it('refuses an epoch that was not staged, and one that was reverted', async () => {
    const { controller } = setUp();
    expect(await controller.hold(1, 1_000)).toEqual({ kind: 'refused', refusal: 'NOT_STAGED', highestEpoch: 0 });
    await controller.stage(1, GREEN);
    await controller.revert(1);
    expect(await controller.hold(1, 1_000)).toMatchObject({ kind: 'refused', refusal: 'STALE_EPOCH' });
    expect(controller.mode).toBe('pass');
  });

  it('goes on forwarding when the hold could not be made durable', async () => {
    const { controller, disk } = setUp();
    await controller.stage(1, GREEN);
    disk.failing = true;
    await expect(controller.hold(1, 1_000)).rejects.toThrow('disk full');
    expect(controller.admit()).toBe('blue');
  });

  it('refuses to stage, hold or revert a newer epoch while an older one is held', async () => {
    const { controller } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000);
    expect(await controller.stage(2, GREEN)).toMatchObject({ ok: false, refusal: 'HOLD_UNRESOLVED' });
    expect(await controller.revert(2)).toMatchObject({ ok: false, refusal: 'HOLD_UNRESOLVED' });
    expect(await controller.hold(2, 1_000)).toMatchObject({ kind: 'refused', refusal: 'HOLD_UNRESOLVED' });
    expect(await controller.apply(1)).toMatchObject({ ok: true });
    expect(controller.admit()).toBe('green');
  });

  it('tells a waiting hold that its epoch was reverted', async () => {
    const { controller } = setUp();
    await controller.stage(1, GREEN);
    controller.admit();
    const held = controller.hold(1, 5_000);
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
    await controller.hold(1, 5_000);
    const log: string[] = [];
    for (let index = 0; index < 300; index += 1) controller.park(request(log, `${index}`), 1);
    await controller[verb](1);
    // The first batch is out, the rest waits for its turn, and newcomers line up behind it.
    expect(controller.parked).toBeGreaterThan(0);
    expect(controller.admit()).toBeNull();
    controller.park(request(log, 'late'), 1);
    await clock.advance(1);
    expect(log).toEqual([...Array.from({ length: 300 }, (_, index) => `${index}→${side}`), `late→${side}`]);
    expect(controller.inFlight).toBe(301);
    expect(controller.admit()).toBe(side);
  });

  it('keeps the rest parked when a new hold comes in the middle of a release', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 5_000);
    const log: string[] = [];
    for (let index = 0; index < 200; index += 1) controller.park(request(log, `${index}`), 1);
    await controller.apply(1);
    await controller.stage(2, BLUE);
    const held = controller.hold(2, 5_000);
    await settle();
    const released = log.length;
    expect(released).toBeLessThan(200);
    await clock.advance(10);
    expect(log).toHaveLength(released);
    for (let index = 0; index < released; index += 1) controller.finished();
    expect(await held).toEqual({ kind: 'holding', epoch: 2, parked: 200 - released });
    await controller.apply(2);
    await clock.advance(1);
    expect(log.slice(released)).toEqual(Array.from({ length: 200 - released }, (_, i) => `${i + released}→blue`));
  });

  it('never forwards a request whose client left, and counts it', async () => {
    const { controller, events } = setUp();
    await controller.stage(1, GREEN);
    await controller.hold(1, 5_000);
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
    await controller.hold(1, 9_000);
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

describe('doubt', () => {
  const scripted = (verdicts: (Verdict | Error)[]) => {
    const asked: unknown[] = [];
    const resolveDoubt: ResolveDoubt = async (question) => {
      asked.push(question);
      const next = verdicts.shift() ?? 'unknown';
      if (next instanceof Error) throw next;
      return next;
    };
    return { asked, resolveDoubt };
  };

  it.each([
    ['aborted', 'blue', 1, 0],
    ['committed', 'green', 0, 1],
  ] as const)(
    'past the deadline asks and, when told "%s", releases to %s',
    async (verdict, side, reverted, applied) => {
      const { asked, resolveDoubt } = scripted([verdict]);
      const { controller, clock, disk } = setUp({ resolveDoubt });
      await controller.stage(1, GREEN);
      await controller.hold(1, 1_000);
      const log: string[] = [];
      controller.park(request(log, 'a'), 1);
      await clock.advance(999);
      expect(asked).toEqual([]);
      await clock.advance(1);
      expect(asked).toEqual([{ reason: 'hold_deadline', epoch: 1, appliedEpoch: 0 }]);
      expect(log).toEqual([`a→${side}`]);
      expect(disk.content.target).toMatchObject({ revertedEpoch: reverted, applied: { epoch: applied } });
      expect(disk.content.hold).toBeNull();
      expect(controller.mode).toBe('pass');
    },
  );

  it('forwards nothing, refuses and asks again while the answer is unknown, a failure or late', async () => {
    const { asked, resolveDoubt } = scripted(['unknown', new Error('arbiter away'), 'aborted']);
    const { controller, clock } = setUp({ resolveDoubt });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000);
    const log: string[] = [];
    controller.park(request(log, 'a'), 1);
    await clock.advance(1_000);
    expect(log).toEqual(['a✗in_doubt']);
    expect(controller.admit()).toBeNull();
    expect(controller.park(request(log, 'b'), 1)).toBe('in_doubt');
    await clock.advance(1_000);
    expect(asked).toHaveLength(2);
    expect(controller.mode).toBe('in_doubt');
    await clock.advance(1_000);
    expect(controller.admit()).toBe('blue');
  });

  it('counts a question without an answer as unknown', async () => {
    const { controller, clock, events } = setUp({ resolveDoubt: () => new Promise(() => undefined) });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000);
    await clock.advance(1_500);
    expect(events).toContainEqual({ kind: 'doubt_asked', epoch: 1, verdict: 'unknown', err: undefined });
  });

  it('restarted while holding, forwards nothing until it is told', async () => {
    const disk = new Disk();
    const first = setUp({ disk });
    await first.controller.stage(1, GREEN);
    await first.controller.hold(1, 5_000);
    let tell: (verdict: Verdict) => void = () => undefined;
    const { controller } = setUp({ disk, resolveDoubt: () => new Promise((resolve) => (tell = resolve)) });
    expect(controller.mode).toBe('in_doubt');
    expect(controller.admit()).toBeNull();
    const log: string[] = [];
    controller.park(request(log, 'a'), 1);
    tell('committed');
    await settle();
    expect(log).toEqual(['a→green']);
    expect(controller.view()).toMatchObject({ epoch: 1, mode: 'pass', hold: null, doubt: null });
  });

  it('obeys an operator who applies or reverts, and ignores a verdict that comes after', async () => {
    let tell: (verdict: Verdict) => void = () => undefined;
    const { controller, clock } = setUp({ resolveDoubt: () => new Promise((resolve) => (tell = resolve)) });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000);
    await clock.advance(1_000);
    expect(controller.mode).toBe('in_doubt');
    await controller.apply(1);
    expect(controller.admit()).toBe('green');
    tell('aborted');
    await settle();
    expect(controller.admit()).toBe('green');
    expect(controller.read().revertedEpoch).toBe(0);
  });

  it('asks at a start without a hold too, when told to, and reverts what was only staged', async () => {
    const disk = new Disk();
    await setUp({ disk }).controller.stage(4, GREEN);
    const { asked, resolveDoubt } = scripted(['unknown', 'aborted']);
    const { controller, clock } = setUp({ disk, resolveDoubt, settings: { askOnStart: true } });
    await clock.advance(0);
    expect(controller.mode).toBe('in_doubt');
    await clock.advance(1_000);
    expect(asked).toEqual([
      { reason: 'start', epoch: 4, appliedEpoch: 0 },
      { reason: 'start', epoch: 4, appliedEpoch: 0 },
    ]);
    expect(controller.admit()).toBe('blue');
    expect(await controller.hold(4, 1_000)).toMatchObject({ refusal: 'STALE_EPOCH' });
  });

  it('stays in doubt when the verdict cannot be made durable', async () => {
    const { asked, resolveDoubt } = scripted(['committed', 'committed']);
    const { controller, clock, disk } = setUp({ resolveDoubt });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000);
    disk.failing = true;
    await clock.advance(1_000);
    expect(controller.mode).toBe('in_doubt');
    disk.failing = false;
    await clock.advance(1_000);
    expect(asked).toHaveLength(2);
    expect(controller.admit()).toBe('green');
  });
});

describe('stopping', () => {
  it('refuses the parked and newcomers, and waits for what is in flight', async () => {
    const { controller, clock } = setUp();
    await controller.stage(1, GREEN);
    controller.admit();
    void controller.hold(1, 5_000);
    await settle();
    const log: string[] = [];
    controller.park(request(log, 'a'), 1);
    controller.stop();
    expect(log).toEqual(['a✗shutting_down']);
    expect(controller.park(request(log, 'b'), 1)).toBe('shutting_down');
    const left = controller.idle(1_000);
    await clock.advance(1_000);
    expect(await left).toBe(1);
    controller.finished();
    expect(await controller.idle(1_000)).toBe(0);
  });
});
