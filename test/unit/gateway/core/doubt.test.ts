import { type DoubtAnswer, type ResolveDoubt, type Verdict } from '../../../../gateway/core/doubt';
import { type GatewayController } from '../../../../gateway/core/gateway-controller';
import { answered, Disk, GREEN, request, setUp } from '../support/controller-setup';
import { settle } from '../support/manual-clock';

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
      await controller.hold(1, 1_000, 'everything');
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
    await controller.hold(1, 1_000, 'everything');
    const log: string[] = [];
    controller.park(request(log, 'a'), 1);
    await clock.advance(1_000);
    expect(log).toEqual(['a✗in_doubt']);
    expect(controller.admit('write')).toBeNull();
    expect(controller.park(request(log, 'b'), 1)).toBe('in_doubt');
    await clock.advance(1_000);
    expect(asked).toHaveLength(2);
    expect(controller.mode).toBe('in_doubt');
    await clock.advance(1_000);
    expect(controller.admit('write')).toBe('blue');
  });

  it('counts a question without an answer as unknown', async () => {
    const { controller, clock, events } = setUp({ resolveDoubt: () => new Promise(() => undefined) });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000, 'everything');
    await clock.advance(1_500);
    expect(events).toContainEqual({ kind: 'doubt_asked', epoch: 1, verdict: 'unknown', err: undefined });
  });

  it('restarted while holding, forwards nothing until it is told', async () => {
    const disk = new Disk();
    const first = setUp({ disk });
    await first.controller.stage(1, GREEN);
    await first.controller.hold(1, 5_000, 'everything');
    let tell: (answer: DoubtAnswer) => void = () => undefined;
    const { controller } = setUp({ disk, resolveDoubt: () => new Promise((resolve) => (tell = resolve)) });
    expect(controller.mode).toBe('in_doubt');
    expect(controller.admit('write')).toBeNull();
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
    await controller.hold(1, 1_000, 'everything');
    await clock.advance(1_000);
    expect(controller.mode).toBe('in_doubt');
    await controller.apply(1);
    expect(controller.admit('write')).toBe('green');
    tell(answered('aborted', 1));
    await settle();
    expect(controller.admit('write')).toBe('green');
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
    expect(controller.admit('write')).toBe('blue');
    expect(await controller.hold(4, 1_000, 'everything')).toMatchObject({ refusal: 'STALE_EPOCH' });
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
      expect(controller.admit('write')).toBe('blue');
      expect(controller.view()).toMatchObject({ doubt: null, settledBy: 'no_cutover' });
      expect(events).toContainEqual({ kind: 'doubt_ended', settledBy: 'no_cutover' });
    });

    it('serves what was committed, by itself and durably, whichever epoch that is', async () => {
      const { controller, clock, disk } = atStart({ verdict: 'committed', epoch: 7, side: 'green' });
      await clock.advance(0);
      expect(controller.admit('write')).toBe('green');
      expect(disk.content.target).toMatchObject({ applied: { epoch: 7, state: GREEN }, committedEpoch: 7 });
      const again = setUp({ disk });
      expect(again.controller.admit('write')).toBe('green');
    });

    it('serves nobody beside an attempt that lives, until that is decided', async () => {
      const { controller, clock } = atStart('unknown', 'unknown', { verdict: 'committed', epoch: 2, side: 'green' });
      await clock.advance(0);
      expect([controller.admit('write'), controller.park(request([], 'a'), 1)]).toEqual([null, 'in_doubt']);
      await clock.advance(1_000);
      expect(controller.admit('write')).toBeNull();
      await clock.advance(1_000);
      expect(controller.admit('write')).toBe('green');
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
        expect(controller.admit('write')).toBe('green');
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
    expect(controller.admit('write')).toBe('blue');
  });

  it('about an epoch is not settled by an arbiter that has never heard of a cutover: whoever staged it knew of one', async () => {
    const { resolveDoubt } = scripted(['no_cutover', 'no_cutover', 'aborted']);
    const { controller, clock } = setUp({ resolveDoubt });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000, 'everything');
    await clock.advance(2_000);
    expect(controller.view()).toMatchObject({ mode: 'in_doubt', doubt: { lastVerdict: 'no_cutover' } });
    await clock.advance(1_000);
    expect(controller.admit('write')).toBe('blue');
  });

  it('about an epoch ends with a newer one that was committed', async () => {
    const { resolveDoubt } = scripted([{ verdict: 'committed', epoch: 3, side: 'green' }]);
    const { controller, clock, disk } = setUp({ resolveDoubt });
    await controller.stage(1, { mode: 'pass', weights: { blue: 1, green: 1 } });
    await controller.hold(1, 1_000, 'everything');
    await clock.advance(1_000);
    expect([controller.admit('write'), controller.admit('write')]).toEqual(['green', 'green']);
    expect(disk.content).toMatchObject({ hold: null, target: { applied: { epoch: 3 }, staged: null } });
  });

  it('stays in doubt when the verdict cannot be made durable', async () => {
    const { asked, resolveDoubt } = scripted(['committed', 'committed']);
    const { controller, clock, disk } = setUp({ resolveDoubt });
    await controller.stage(1, GREEN);
    await controller.hold(1, 1_000, 'everything');
    disk.failing = true;
    await clock.advance(1_000);
    expect(controller.mode).toBe('in_doubt');
    disk.failing = false;
    await clock.advance(1_000);
    expect(asked).toHaveLength(2);
    expect(controller.admit('write')).toBe('green');
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
        await controller.hold(1, 5_000, 'everything');
      },
    ],
  ] as const)('serves green, once its arbiter confirms it, when it %s', async (_when, prepare) => {
    const confirmed: number[] = [];
    const confirmCommitted = async (epoch: number) => confirmed.push(epoch) > 0;
    const { controller, disk } = setUp({ confirmCommitted });
    await prepare(controller);
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: true });
    expect(controller.admit('write')).toBe('green');
    expect(disk.content).toMatchObject({ hold: null, target: { applied: { epoch: 1 }, committedEpoch: 1 } });
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: true, changed: false });
    expect(await controller.revert(1)).toMatchObject({ ok: false, refusal: 'COMMITTED' });
    expect(controller.admit('write')).toBe('green');
    expect(confirmed).toEqual([1, 1]);
  });

  it('changes nothing when its arbiter does not confirm it, or cannot be asked', async () => {
    const answers = [async () => false, () => Promise.reject(new Error('away'))];
    const confirmCommitted = () => (answers.shift() ?? answers[0] ?? (async () => true))();
    const { controller, disk } = setUp({ confirmCommitted });
    await controller.stage(1, GREEN);
    await controller.hold(1, 5_000, 'everything');
    const before = disk.content;
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: false, refusal: 'NOT_COMMITTED' });
    await expect(controller.tellCommitted(1, GREEN)).rejects.toThrow('away');
    expect([controller.mode, disk.content]).toEqual(['hold', before]);
  });

  it('goes on holding for a newer epoch, which is decided by itself', async () => {
    const { controller } = setUp();
    await controller.stage(2, GREEN);
    await controller.hold(2, 5_000, 'everything');
    expect(await controller.tellCommitted(1, GREEN)).toMatchObject({ ok: true });
    expect(controller.view()).toMatchObject({ mode: 'hold', epoch: 1, staged: { epoch: 2 } });
    await controller.revert(2);
    expect(controller.admit('write')).toBe('green');
  });
});
