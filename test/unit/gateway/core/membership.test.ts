import { type BeatAnswer, type Known, Membership } from '../../../../gateway/core/membership';
import { GREEN, setUp as setUpController } from '../support/controller-setup';
import { ManualClock, settle } from '../support/manual-clock';

const ADMITTED: BeatAnswer = { admitted: true, living: null, committed: null };

/** A gateway's lease with an arbiter that answers what the test says, and rejects when it says nothing. */
function setUp() {
  const clock = new ManualClock();
  const seen = {
    beats: [] as { at: number; leaseMs: number; known: number }[],
    lapsed: 0,
    late: 0,
    committed: [] as number[],
  };
  const arbiter: { answer: BeatAnswer | null; knows: Known } = { answer: ADMITTED, knows: { undecided: 0, moved: 0 } };
  const membership = new Membership({
    clock,
    beat: async (leaseMs, known) => {
      seen.beats.push({ at: clock.now(), leaseMs, known });
      if (arbiter.answer === null) throw new Error('the arbiter is away');
      return arbiter.answer;
    },
    knows: () => arbiter.knows,
    onLapsed: () => (seen.lapsed += 1),
    onLate: () => (seen.late += 1),
    onCommitted: (epoch) => seen.committed.push(epoch),
    onBeat: () => undefined,
  });
  return { clock, seen, arbiter, membership };
}

describe('a member', () => {
  it('says which attempt it knows of only after it was told, and then stops before its lease ends', async () => {
    const { clock, seen, arbiter, membership } = setUp();
    await membership.start();
    arbiter.answer = { ...ADMITTED, living: 7 };
    await clock.advance(5_000);
    await clock.advance(500);
    expect(seen.beats.map(({ at, known }) => [at, known])).toEqual([
      [0, 0],
      [5_000, 0],
      [5_500, 7],
    ]);
    arbiter.answer = null;
    await clock.advance(2_499);
    expect([membership.isLapsed, seen.lapsed]).toEqual([false, 0]);
    await clock.advance(1);
    expect([membership.isLapsed, seen.lapsed]).toEqual([true, 1]);
    membership.stop();
  });

  it('beats at once for what is staged, moved or decided, and not for a hold, whose fence would wait for it', async () => {
    const { seen, arbiter, membership } = setUp();
    const { controller } = setUpController();
    await membership.start();
    const beatsAfter = async (command: Promise<unknown>): Promise<number> => {
      await command;
      arbiter.knows = controller.known;
      membership.beatOnNews();
      await settle();
      return seen.beats.length;
    };
    expect(await beatsAfter(controller.stage(1, GREEN))).toBe(2);
    expect(await beatsAfter(controller.hold(1, 5_000, 'writes'))).toBe(2);
    arbiter.answer = null;
    expect(await beatsAfter(controller.moveReads(1))).toBe(3);
    arbiter.answer = ADMITTED;
    // What had no answer is news still.
    expect(await beatsAfter(controller.moveReads(1))).toBe(4);
    expect(await beatsAfter(controller.apply(1))).toBe(5);
    expect(await beatsAfter(controller.apply(1))).toBe(5);
    membership.stop();
  });

  it('goes on when its beats fail and nothing is under way, or what was committed is what it serves', async () => {
    for (const moved of [0, 7]) {
      const { clock, arbiter, membership } = setUp();
      arbiter.answer = { admitted: true, living: moved === 0 ? null : moved, committed: null };
      await membership.start();
      arbiter.knows = { undecided: 0, moved };
      arbiter.answer = null;
      await clock.advance(60_000);
      expect([membership.isLapsed, membership.isAlive]).toEqual([false, false]);
      membership.stop();
    }
  });

  it('beats again before a lease of a switchover that is decided ends', async () => {
    const { clock, seen, arbiter, membership } = setUp();
    arbiter.knows = { undecided: 3, moved: 0 };
    await membership.start();
    arbiter.knows = { undecided: 0, moved: 0 };
    await clock.advance(4_000);
    const [, second] = seen.beats;
    expect(second).toEqual({ at: 500, leaseMs: 15_000, known: 0 });
    membership.stop();
  });
});

describe('a lease', () => {
  it('counts from before the beat was sent, however long its answer takes', async () => {
    const clock = new ManualClock();
    let answer: () => void = () => undefined;
    const membership = new Membership({
      clock,
      beat: () => new Promise((resolve) => (answer = () => resolve(ADMITTED))),
      knows: () => ({ undecided: 0, moved: 0 }),
      ...{ onLapsed: () => undefined, onLate: () => undefined, onCommitted: () => undefined, onBeat: () => undefined },
    });
    const joined = membership.start();
    await clock.advance(10_000);
    answer();
    await joined;
    await clock.advance(3_999);
    expect(membership.isAlive).toBe(true);
    await clock.advance(1);
    expect(membership.isAlive).toBe(false);
    membership.stop();
  });

  it('that is refused beside an attempt stops a gateway, unless that was told to hold for it', async () => {
    for (const undecided of [0, 7]) {
      const { seen, arbiter, membership } = setUp();
      arbiter.answer = { admitted: false, living: 7, committed: null };
      arbiter.knows = { undecided, moved: 0 };
      await membership.start();
      expect(seen.lapsed).toBe(undecided === 0 ? 1 : 0);
      membership.stop();
    }
  });

  it('that nobody has granted binds nobody: who never joined is counted by no fence but by what it answers itself', async () => {
    const { arbiter, membership, seen } = setUp();
    arbiter.answer = null;
    arbiter.knows = { undecided: 1, moved: 0 };
    await membership.start();
    expect([membership.isLapsed, membership.hasJoined, seen.lapsed]).toEqual([false, false, 0]);
    membership.stop();
  });

  it('that is over lets no request through, and no answer to a write back, before any timer has told so', async () => {
    let isLapsed = false;
    const { controller } = setUpController({ isLapsed: () => isLapsed });
    expect([controller.admit('write'), controller.admit('read')]).toEqual(['blue', 'blue']);
    isLapsed = true;
    expect([controller.mayTell('read', 0), controller.mayTell('write', 0)]).toEqual([true, false]);
    expect([controller.admit('read'), controller.admit('write'), controller.mode]).toEqual([null, null, 'in_doubt']);
  });

  it('that was over and is renewed says so, while it is still bound by what it knew', async () => {
    const { clock, arbiter, membership, seen } = setUp();
    arbiter.knows = { undecided: 1, moved: 0 };
    await membership.start();
    // The machine was paused: its timers count nothing of that.
    clock.standStill(3_000);
    arbiter.answer = { admitted: true, living: null, committed: 1 };
    await membership.beatNow();
    expect([seen.late, seen.lapsed, membership.isLapsed]).toEqual([1, 0, false]);
    await membership.beatNow();
    expect(seen.late).toBe(1);
    membership.stop();
  });

  it.each<[string, (controller: ReturnType<typeof setUpController>['controller']) => unknown]>([
    ['an epoch was applied', (controller) => controller.apply(1)],
    ['an epoch was given up', (controller) => controller.revert(1)],
    ['its lease was renewed', async (controller) => controller.noteLapse()],
  ])('that was over once lets no answer back to a write from before that, after %s', async (_how, end) => {
    let isLapsed = false;
    const { controller } = setUpController({ isLapsed: () => isLapsed });
    await controller.stage(1, GREEN);
    const { lapses } = controller;
    expect([controller.admit('write'), controller.mayTell('write', lapses)]).toEqual(['blue', true]);
    isLapsed = true;
    const ending = end(controller);
    await settle();
    isLapsed = false;
    await ending;
    expect([controller.mayTell('write', lapses), controller.mayTell('read', lapses)]).toEqual([false, true]);
    expect(controller.mayTell('write', controller.lapses)).toBe(true);
  });
});

describe('a gateway that is told to move its reads for an epoch that it knows nothing of', () => {
  const told = (confirmCommitted?: () => Promise<boolean>) => setUpController({ confirmCommitted }).controller;

  it('sends nothing anywhere before whom it asks has told who serves', async () => {
    const controller = told(async () => true);
    expect(await controller.moveReads(1)).toEqual({ kind: 'moved', epoch: 1, readsAt: 'nobody' });
    expect([controller.admit('read'), controller.admit('write'), controller.mode]).toEqual([null, null, 'in_doubt']);
  });

  it('says so where it asks nobody, and goes on when a newer epoch is what it serves', async () => {
    expect(await told().moveReads(1)).toMatchObject({ kind: 'refused', refusal: 'NOT_STAGED' });
    const served = told(async () => true);
    await served.stage(2, GREEN);
    await served.apply(2);
    expect(await served.moveReads(1)).toMatchObject({ kind: 'refused', refusal: 'STALE_EPOCH' });
    expect(served.admit('read')).toBe('green');
  });

  it('goes on holding for a newer epoch, which is decided by itself', async () => {
    const controller = told(async () => true);
    await controller.stage(2, GREEN);
    await controller.hold(2, 10_000, 'writes');
    expect(await controller.moveReads(1)).toMatchObject({ kind: 'refused', refusal: 'STALE_EPOCH' });
    expect(controller.mode).toBe('hold');
  });
});

describe('what a gateway says that it has moved', () => {
  it.each([
    ['all of its requests go to green', { blue: 0, green: 1 }, 1],
    ['some of its requests go to blue still', { blue: 1, green: 9 }, 0],
  ])('where %s', async (_where, weights, moved) => {
    const { controller } = setUpController();
    await controller.stage(1, { mode: 'pass', weights });
    await controller.apply(1);
    expect(controller.known).toEqual({ undecided: 0, moved });
  });
});

describe('a gateway that hears of a commit from its arbiter', () => {
  it('stops when it serves the side that was left and holds nothing for it, and not when it serves what was committed', async () => {
    const { controller } = setUpController();
    controller.learnCommitted(1);
    expect([controller.mode, controller.admit('write'), controller.mayTell('write', 0)]).toEqual([
      'in_doubt',
      null,
      false,
    ]);
    const served = setUpController();
    await served.controller.stage(1, GREEN);
    await served.controller.apply(1);
    served.controller.learnCommitted(1);
    expect([served.controller.mode, served.controller.admit('write')]).toEqual(['pass', 'green']);
  });

  it('takes no answer any more that it was on its way to before', async () => {
    let answer: () => void = () => undefined;
    const { controller, clock } = setUpController({
      settings: { askOnStart: true, doubtTimeoutMs: 10_000 },
      resolveDoubt: () => new Promise((resolve) => (answer = () => resolve({ verdict: 'aborted' }))),
    });
    controller.learnCommitted(1);
    answer();
    await settle();
    expect([controller.mode, controller.admit('write')]).toEqual(['in_doubt', null]);
    await clock.advance(1_000);
    answer();
    await settle();
    expect(controller.mode).toBe('pass');
  });
});
