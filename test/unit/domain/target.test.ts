import {
  applyTarget,
  highestEpoch,
  initialTargetRecord,
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
    for (const result of [stageTarget(newer, 1, GREEN), applyTarget(newer, 1), revertTarget(newer, 1)]) {
      expect(result).toEqual({ ok: false, refusal: 'STALE_EPOCH', highestEpoch: 2 });
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
});
