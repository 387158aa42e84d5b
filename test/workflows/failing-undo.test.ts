import { closed, decide, gateOpens, useTemporal } from './support/environment';
import { answers, fails, fakeSteps, inTurn } from './support/fake-steps';
import { undosAfter, undosIn } from './support/undo-order';

const temporal = useTemporal();

describe('an undo that fails', () => {
  it('asks a person, who has it tried again', async () => {
    const { calls, activities } = fakeSteps({ migrateGreen: fails, deleteGreen: inTurn(fails, answers(undefined)) });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      const { undoing } = await gateOpens(handle, 'intervene');
      expect(undoing).toBe(true);
      await decide(handle, 'intervene', 'retry');
      return closed(handle);
    });
    expect(undosIn(calls)).toEqual([
      'deleteGreen',
      'deleteGreen',
      'deleteSnapshot',
      'disableCapture',
      'restoreLifetimes',
    ]);
    expect(end).toMatchObject({ type: 'UNDONE', report: { outcome: 'undone' } });
  });

  it('and is skipped by a person stays in the report, and the rest is undone', async () => {
    const { calls, activities } = fakeSteps({ migrateGreen: fails, deleteGreen: fails });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'intervene', 'skip');
      return closed(handle);
    });
    expect(undosIn(calls)).toEqual(undosAfter('migrateGreen'));
    expect(end).toMatchObject({ type: 'UNDO_INCOMPLETE', report: { outcome: 'undone' } });
    expect(end.report.undone[0]).toMatchObject({
      phase: 'restore',
      ok: false,
      error: 'RDS_FAILED: step deleteGreen: it broke; skipped by approver: known',
    });
  });

  it('cannot be skipped when it is the claim of the switchover', async () => {
    const { calls, activities } = fakeSteps({
      switchover: fails,
      abandonSwitchover: inTurn(fails, answers({ outcome: 'aborted' })),
    });
    await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      expect((await gateOpens(handle, 'intervene')).awaiting?.decisions).toEqual(['retry', 'wait']);
      expect(calls).not.toContain('deleteGreen');
      await decide(handle, 'intervene', 'retry');
      return closed(handle);
    });
    expect(undosIn(calls).slice(1)).toEqual(undosAfter('switchover'));
  });
});
