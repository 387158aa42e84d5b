import { closed, decide, gateOpens, until, useTemporal } from './support/environment';
import { answers, COMMITTED, fakeSteps, inTurn, untilCancelled } from './support/fake-steps';
import { undosAfter, undosIn } from './support/undo-order';

const temporal = useTemporal();

describe('a cancel request', () => {
  it('while a step runs waits for its end before anything is undone, and closes as cancelled', async () => {
    const { calls, activities } = fakeSteps({ takeSnapshot: untilCancelled });
    const { end, events } = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await until(async () => calls.includes('takeSnapshot'));
      await handle.cancel();
      const ended = await closed(handle);
      return { end: ended, events: (await handle.fetchHistory()).events ?? [] };
    });
    expect(end).toMatchObject({ status: 'CANCELLED', report: { outcome: 'cancelled' } });
    expect(undosIn(calls)).toEqual(['deleteSnapshot', 'disableCapture', 'restoreLifetimes']);
    const cancelledAt = events.findIndex((event) => event.activityTaskCanceledEventAttributes);
    const undoAt = events.findIndex(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'deleteSnapshot',
    );
    expect(cancelledAt).toBeGreaterThan(0);
    expect(undoAt).toBeGreaterThan(cancelledAt);
  });

  it.each(['plan', 'cutover'] as const)('at gate %s undoes what was done', async (gate) => {
    const { calls, activities } = fakeSteps();
    const end = await temporal.upgrade(activities, async (handle) => {
      if (gate === 'cutover') await decide(handle, 'plan');
      await gateOpens(handle, gate);
      await handle.cancel();
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'CANCELLED', report: { outcome: 'cancelled' } });
    expect(undosIn(calls)).toEqual(gate === 'plan' ? [] : undosAfter('keepInSync'));
  });

  it('inside the switchover claims before anything else is undone', async () => {
    const { calls, activities } = fakeSteps({ switchover: untilCancelled });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      await until(async () => calls.includes('switchover'));
      await handle.cancel();
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'CANCELLED', report: { outcome: 'cancelled' } });
    expect(undosIn(calls)).toEqual(undosAfter('switchover'));
  });

  it('that comes too late finishes the switchover and asks a person; nothing is undone', async () => {
    const { calls, activities } = fakeSteps({
      switchover: inTurn(untilCancelled, answers(COMMITTED)),
      abandonSwitchover: answers({ outcome: 'committed' }),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      await until(async () => calls.includes('switchover'));
      await handle.cancel();
      const { awaiting } = await gateOpens(handle, 'intervene');
      expect(awaiting?.why).toContain('asked to cancel');
      await decide(handle, 'intervene', 'retry');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed', undone: [] } });
    expect(end.report.switchovers).toEqual([COMMITTED]);
    expect(calls).not.toContain('deleteGreen');
  });

  it.each(['while the bake runs', 'at gate finalize'])('after the commit, %s, opens gate intervene', async (title) => {
    const duringBake = title.includes('bake');
    const bake = answers({ verdict: 'clean', durationMs: 1, requests: 1, errorRate: 0, p95Ms: 1, problems: [] });
    const { calls, activities } = fakeSteps(duringBake ? { bake: inTurn(untilCancelled, bake) } : {});
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      if (duringBake) await until(async () => calls.includes('bake'));
      else await gateOpens(handle, 'finalize');
      await handle.cancel();
      await decide(handle, 'intervene', 'wait');
      await decide(handle, 'intervene', 'retry');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed' } });
    expect(calls.filter((name) => name === 'bake')).toHaveLength(duringBake ? 2 : 1);
    expect(undosIn(calls)).toEqual(['resumeJobs', 'restoreLifetimes']);
  });
});
