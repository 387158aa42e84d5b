import { type FindAttempt } from '../../../../gateway/core/arbiter-lookout';
import {
  type ConfirmCommitted,
  type DoubtAnswer,
  type ResolveDoubt,
  type Verdict,
} from '../../../../gateway/core/doubt';
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

const UNKNOWN: DoubtAnswer = { verdict: 'unknown' };
/** What whoever is asked about `epoch` answers. */
const answered = (verdict: Verdict, epoch: number): DoubtAnswer =>
  verdict === 'committed' ? { verdict, epoch, side: 'green' } : { verdict };

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
  readonly findAttempt?: FindAttempt;
  readonly confirmCommitted?: ConfirmCommitted;
}

function setUp(setup: Setup = {}) {
  const { settings, disk = new Disk(), resolveDoubt = async () => UNKNOWN, findAttempt, confirmCommitted } = setup;
  const clock = new ManualClock();
  const events: ControllerEvent[] = [];
  const controller = new GatewayController(disk.content, {
    persist: disk.persist,
    clock,
    resolveDoubt,
    findAttempt,
    confirmCommitted,
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
    expect(await controller.hold(1, 5_000)).toEqual({ kind: 'no_arbiter' });
    expect([controller.mode, disk.content.hold, looks]).toEqual(['pass', null, 2]);
    await controller.stage(1, GREEN);
    expect(await controller.hold(1, 5_000)).toMatchObject({ kind: 'holding' });
    expect(await controller.hold(1, 5_000)).toMatchObject({ kind: 'holding' });
    expect(looks).toBe(3);
  });

  it('begins when it cannot be told whether its epoch is prepared', async () => {
    const { controller } = setUp({ findAttempt: () => Promise.reject(new Error('away')) });
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

  it('lasts no longer than this gateway allows, whatever the caller asks for', async () => {
    const { controller, clock, disk } = setUp({ settings: { maxDeadlineMs: 3_000 } });
    await controller.stage(1, GREEN);
    await controller.hold(1, 60_000);
    expect(disk.content.hold).toEqual({ epoch: 1, deadlineMs: 3_000 });
    await clock.advance(2_999);
    expect(controller.mode).toBe('hold');
    await clock.advance(1);
    expect(controller.mode).toBe('in_doubt');
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
  const scripted = (verdicts: (Verdict | DoubtAnswer | Error)[]) => {
    const asked: unknown[] = [];
    const resolveDoubt: ResolveDoubt = async (question) => {
      asked.push(question);
      const next = verdicts.shift() ?? 'unknown';
      if (next instanceof Error) throw next;
      return typeof next === 'string' ? answered(next, question.epoch ?? 0) : next;
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
    let tell: (answer: DoubtAnswer) => void = () => undefined;
    const { controller } = setUp({ disk, resolveDoubt: () => new Promise((resolve) => (tell = resolve)) });
    expect(controller.mode).toBe('in_doubt');
    expect(controller.admit()).toBeNull();
    const log: string[] = [];
    controller.park(request(log, 'a'), 1);
    tell(answered('committed', 1));
    await settle();
    expect(log).toEqual(['a→green']);
    expect(controller.view()).toMatchObject({ epoch: 1, mode: 'pass', hold: null, doubt: null });
  });

  it('obeys an operator who applies or reverts, and ignores a verdict that comes after', async () => {
    let tell: (answer: DoubtAnswer) => void = () => undefined;
    const { controller, clock } = setUp({ resolveDoubt: () => new Promise((resolve) => (tell = resolve)) });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000);
    await clock.advance(1_000);
    expect(controller.mode).toBe('in_doubt');
    await controller.apply(1);
    expect(controller.admit()).toBe('green');
    tell(answered('aborted', 1));
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

  describe('of one that knows of nothing undecided: it is new, or lost its state', () => {
    const atStart = (...verdicts: (Verdict | DoubtAnswer | Error)[]) => {
      const { asked, resolveDoubt } = scripted(verdicts);
      return { asked, ...setUp({ resolveDoubt, settings: { askOnStart: true } }) };
    };

    it('serves as it was told to at first when no cutover was heard of, and says so', async () => {
      const { controller, clock, asked, events } = atStart('no_cutover');
      await clock.advance(0);
      expect(asked).toEqual([{ reason: 'start', epoch: null, appliedEpoch: 0 }]);
      expect(controller.admit()).toBe('blue');
      expect(controller.view()).toMatchObject({ doubt: null, settledBy: 'no_cutover' });
      expect(events).toContainEqual({ kind: 'doubt_ended', settledBy: 'no_cutover' });
    });

    it('serves what was committed, by itself and durably, whichever epoch that is', async () => {
      const { controller, clock, disk } = atStart({ verdict: 'committed', epoch: 7, side: 'green' });
      await clock.advance(0);
      expect(controller.admit()).toBe('green');
      expect(disk.content.target).toMatchObject({ applied: { epoch: 7, state: GREEN }, committedEpoch: 7 });
      const again = setUp({ disk });
      expect(again.controller.admit()).toBe('green');
    });

    it('serves nobody beside an attempt that lives, until that is decided', async () => {
      const { controller, clock } = atStart('unknown', 'unknown', { verdict: 'committed', epoch: 2, side: 'green' });
      await clock.advance(0);
      expect([controller.admit(), controller.park(request([], 'a'), 1)]).toEqual([null, 'in_doubt']);
      await clock.advance(1_000);
      expect(controller.admit()).toBeNull();
      await clock.advance(1_000);
      expect(controller.admit()).toBe('green');
    });

    it('asks on whatever epoch is staged and given up meanwhile: that says nothing of the one it may have lost', async () => {
      const { controller, clock, asked } = atStart('unknown', 'aborted', 'aborted');
      await clock.advance(0);
      await controller.revert(1);
      await controller.stage(2, GREEN);
      await controller.revert(2);
      expect(controller.mode).toBe('in_doubt');
      await controller.stage(3, GREEN);
      await clock.advance(1_000);
      expect(controller.read()).toMatchObject({ staged: null, revertedEpoch: 3 });
      expect(controller.mode).toBe('in_doubt');
      await clock.advance(1_000);
      expect(asked.map((question) => (question as { epoch: number | null }).epoch)).toEqual([null, 3, null]);
      expect(controller.view()).toMatchObject({ mode: 'pass', settledBy: 'aborted' });
    });

    it('does not take the answer to one question for that to another', async () => {
      let tell: (answer: DoubtAnswer) => void = () => undefined;
      const resolveDoubt = () => new Promise<DoubtAnswer>((resolve) => (tell = resolve));
      const { controller, clock } = setUp({ resolveDoubt, settings: { askOnStart: true } });
      await clock.advance(0);
      await controller.stage(1, GREEN);
      tell({ verdict: 'aborted' });
      await settle();
      expect(controller.mode).toBe('in_doubt');
      expect(controller.read().staged).toMatchObject({ epoch: 1 });
    });

    it('is settled by what is applied or told', async () => {
      for (const settleIt of [
        async (controller: GatewayController) => {
          await controller.stage(4, GREEN);
          await controller.apply(4);
        },
        (controller: GatewayController) => controller.tellCommitted(4, GREEN),
      ]) {
        const { controller, clock } = atStart();
        await clock.advance(0);
        await settleIt(controller);
        expect(controller.admit()).toBe('green');
        expect(controller.view()).toMatchObject({ epoch: 4, settledBy: 'command' });
      }
    });
  });

  it('about an epoch is not settled by the late outcome of an older one', async () => {
    const disk = new Disk();
    const first = setUp({ disk }).controller;
    await first.stage(2, GREEN);
    await first.revert(2);
    await first.stage(4, GREEN);
    const { controller, clock } = setUp({ disk, settings: { askOnStart: true } });
    await clock.advance(0);
    expect(await controller.revert(2)).toMatchObject({ ok: true, changed: false });
    expect(controller.mode).toBe('in_doubt');
    expect(await controller.revert(4)).toMatchObject({ ok: true });
    expect(controller.admit()).toBe('blue');
  });

  it('about an epoch is not settled by an arbiter that has never heard of a cutover: whoever staged it knew of one', async () => {
    const { resolveDoubt } = scripted(['no_cutover', 'no_cutover', 'aborted']);
    const { controller, clock } = setUp({ resolveDoubt });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000);
    await clock.advance(2_000);
    expect(controller.view()).toMatchObject({ mode: 'in_doubt', doubt: { lastVerdict: 'no_cutover' } });
    await clock.advance(1_000);
    expect(controller.admit()).toBe('blue');
  });

  it('about an epoch ends with a newer one that was committed', async () => {
    const { resolveDoubt } = scripted([{ verdict: 'committed', epoch: 3, side: 'green' }]);
    const { controller, clock, disk } = setUp({ resolveDoubt });
    await controller.stage(1, { mode: 'pass', weights: { blue: 1, green: 1 } });
    await controller.hold(1, 1_000);
    await clock.advance(1_000);
    expect([controller.admit(), controller.admit()]).toEqual(['green', 'green']);
    expect(disk.content).toMatchObject({ hold: null, target: { applied: { epoch: 3 }, staged: null } });
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

describe('being told that an epoch was committed', () => {
  it.each([
    ['never heard of it', async () => undefined],
    ['had given it up', (controller: GatewayController) => controller.revert(1)],
    [
      'had staged it and gave it up',
      async (controller: GatewayController) => {
        await controller.stage(1, GREEN);
        await controller.revert(1);
      },
    ],
    [
      'holds for it',
      async (controller: GatewayController) => {
        await controller.stage(1, GREEN);
        await controller.hold(1, 5_000);
      },
    ],
  ] as const)('serves green, once its arbiter confirms it, when it %s', async (_when, prepare) => {
    const confirmed: number[] = [];
    const confirmCommitted = async (epoch: number) => confirmed.push(epoch) > 0;
    const { controller, disk } = setUp({ confirmCommitted });
    await prepare(controller);
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: true });
    expect(controller.admit()).toBe('green');
    expect(disk.content).toMatchObject({ hold: null, target: { applied: { epoch: 1 }, committedEpoch: 1 } });
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: true, changed: false });
    expect(await controller.revert(1)).toMatchObject({ ok: false, refusal: 'COMMITTED' });
    expect(controller.admit()).toBe('green');
    expect(confirmed).toEqual([1, 1]);
  });

  it('changes nothing when its arbiter does not confirm it, or cannot be asked', async () => {
    const answers = [async () => false, () => Promise.reject(new Error('away'))];
    const confirmCommitted = () => (answers.shift() ?? answers[0] ?? (async () => true))();
    const { controller, disk } = setUp({ confirmCommitted });
    await controller.stage(1, GREEN);
    await controller.hold(1, 5_000);
    const before = disk.content;
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: false, refusal: 'NOT_COMMITTED' });
    await expect(controller.tellCommitted(1, GREEN)).rejects.toThrow('away');
    expect([controller.mode, disk.content]).toEqual(['hold', before]);
  });

  it('goes on holding for a newer epoch, which is decided by itself', async () => {
    const { controller } = setUp();
    await controller.stage(2, GREEN);
    await controller.hold(2, 5_000);
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: true });
    expect(controller.view()).toMatchObject({ mode: 'hold', epoch: 1, staged: { epoch: 2 } });
    await controller.revert(2);
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
