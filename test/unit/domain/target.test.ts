import {
  applyTarget,
  commitTarget,
  EPOCH_MAX,
  highestEpoch,
  initialTargetRecord,
  isEpoch,
  nextEpoch,
  revertTarget,
  stageTarget,
  type TargetRecord,
  type TargetResult,
} from '../../../domain/target';

const BLUE = { adminUrl: 'http://blue', generation: 1 };
const GREEN = { adminUrl: 'http://green', generation: 2 };
type State = typeof BLUE;

function ok(result: TargetResult<State>): TargetRecord<State> {
  if (!result.ok) throw new Error(`refused: ${result.refusal}`);
  return result.record;
}

const fresh = initialTargetRecord(BLUE);

describe('the target protocol', () => {
  it('serves the old state while a new one is staged, and the new one once applied', () => {
    const staged = ok(stageTarget(fresh, 1, GREEN));
    expect(staged.applied.state).toEqual(BLUE);
    expect(ok(applyTarget(staged, 1)).applied).toEqual({ epoch: 1, state: GREEN });
  });

  it('answers a repeated stage, apply and revert as it answered the first', () => {
    const staged = ok(stageTarget(fresh, 1, GREEN));
    expect(stageTarget(staged, 1, { generation: 2, adminUrl: 'http://green' })).toEqual({
      ok: true,
      record: staged,
      changed: false,
    });
    const applied = ok(applyTarget(staged, 1));
    expect(applyTarget(applied, 1)).toEqual({ ok: true, record: applied, changed: false });
    const reverted = ok(revertTarget(applied, 1));
    expect(revertTarget(reverted, 1)).toEqual({ ok: true, record: reverted, changed: false });
  });

  it('refuses another state under the same epoch', () => {
    const staged = ok(stageTarget(fresh, 1, GREEN));
    expect(stageTarget(staged, 1, BLUE)).toEqual({ ok: false, refusal: 'CONFLICTING_STATE', highestEpoch: 1 });
  });

  it('refuses every call of an older switchover', () => {
    const newer = ok(stageTarget(ok(stageTarget(fresh, 1, GREEN)), 2, GREEN));
    for (const record of [newer, ok(applyTarget(newer, 2))]) {
      for (const result of [stageTarget(record, 1, GREEN), applyTarget(record, 1), revertTarget(record, 1)]) {
        expect(result).toEqual({ ok: false, refusal: 'STALE_EPOCH', highestEpoch: 2 });
      }
    }
  });

  it('refuses to apply what was never staged', () => {
    expect(applyTarget(fresh, 1)).toEqual({ ok: false, refusal: 'NOT_STAGED', highestEpoch: 0 });
  });

  it('refuses a stage that arrives after its epoch was given up', () => {
    const abandoned = ok(revertTarget(fresh, 3));
    expect(stageTarget(abandoned, 3, GREEN)).toMatchObject({ ok: false, refusal: 'STALE_EPOCH' });
    expect(applyTarget(ok(revertTarget(ok(stageTarget(fresh, 1, GREEN)), 1)), 1)).toMatchObject({ ok: false });
  });

  it('goes back to the state before when an applied epoch is reverted, and remembers the epoch', () => {
    const reverted = ok(revertTarget(ok(applyTarget(ok(stageTarget(fresh, 4, GREEN)), 4)), 4));
    expect(reverted.applied.state).toEqual(BLUE);
    expect(highestEpoch(reverted)).toBe(4);
    expect(stageTarget(reverted, 4, GREEN)).toMatchObject({ ok: false, refusal: 'STALE_EPOCH' });
  });

  describe('told that an epoch was committed', () => {
    const staged = ok(stageTarget(fresh, 3, GREEN));
    const states: readonly (readonly [string, TargetRecord<State>])[] = [
      ['which it never heard of', fresh],
      ['which it had staged', staged],
      ['which it had staged with another state', ok(stageTarget(fresh, 3, BLUE))],
      ['which it had applied', ok(applyTarget(staged, 3))],
      ['which it had reverted before it arrived', ok(revertTarget(fresh, 3))],
      ['which it had reverted after it was applied', ok(revertTarget(ok(applyTarget(staged, 3)), 3))],
      ['when it had staged an older one', ok(stageTarget(fresh, 2, GREEN))],
      ['when it had reverted a newer one', ok(revertTarget(fresh, 4))],
    ];

    it.each(states)('%s, serves it, takes every repeat, and no revert of it', (_when, record) => {
      const told = ok(commitTarget(record, 3, GREEN));
      expect(told).toMatchObject({ applied: { epoch: 3, state: GREEN }, committedEpoch: 3, staged: null });
      expect(commitTarget(told, 3, GREEN)).toEqual({ ok: true, record: told, changed: false });
      expect(applyTarget(told, 3)).toEqual({ ok: true, record: told, changed: false });
      expect(stageTarget(told, 3, GREEN)).toEqual({ ok: true, record: told, changed: false });
      expect(revertTarget(told, 3)).toMatchObject({ ok: false, refusal: 'COMMITTED' });
      expect(highestEpoch(told)).toBe(
        highestEpoch({ ...record, committedEpoch: 3, applied: { epoch: 3, state: GREEN } }),
      );
    });

    it('keeps a newer epoch that is staged, and goes back to the committed one when that is given up', () => {
      const newer = ok(stageTarget(fresh, 5, BLUE));
      const told = ok(commitTarget(newer, 3, GREEN));
      expect(told).toMatchObject({ applied: { epoch: 3 }, staged: { epoch: 5 } });
      const back = ok(revertTarget(ok(applyTarget(told, 5)), 5));
      expect(back).toMatchObject({ applied: { epoch: 3, state: GREEN }, committedEpoch: 3 });
      expect(revertTarget(back, 3)).toMatchObject({ ok: false, refusal: 'COMMITTED' });
    });

    it('refuses it when a newer epoch is applied: what came before is over', () => {
      const newer = ok(applyTarget(ok(stageTarget(fresh, 5, GREEN)), 5));
      expect(commitTarget(newer, 3, BLUE)).toEqual({ ok: false, refusal: 'STALE_EPOCH', highestEpoch: 5 });
    });

    it('still takes the reverts of epochs that were given up before it', () => {
      const told = ok(commitTarget(ok(revertTarget(fresh, 2)), 3, GREEN));
      expect(revertTarget(told, 2)).toEqual({ ok: true, record: told, changed: false });
    });
  });

  it('knows which numbers are epochs, and finds the next one only where there is one', () => {
    expect([0, 1, EPOCH_MAX].map(isEpoch)).toEqual([true, true, true]);
    expect([-1, 0.5, NaN, Infinity, EPOCH_MAX + 1, 2 ** 53 - 1, 2 ** 63 - 1].some(isEpoch)).toBe(false);
    expect([nextEpoch([]), nextEpoch([0, 4, 2])]).toEqual([1, 5]);
    for (const broken of [2 ** 63 - 1, 2 ** 53 - 1, EPOCH_MAX, -1, 1.5]) {
      expect(() => nextEpoch([1, broken])).toThrow(expect.objectContaining({ code: 'EPOCH_IMPOSSIBLE' }) as Error);
    }
  });
});
