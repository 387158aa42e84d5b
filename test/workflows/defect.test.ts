import { decide, until, useTemporal } from './support/environment';
import { answers, fakeSteps } from './support/fake-steps';
import { undosIn } from './support/undo-order';

// Alone in its file: the time-skipping server skips no time any more after a workflow task that goes on failing.
const temporal = useTemporal();

it('a defect of the workflow code undoes nothing and keeps the run open for a worker that is fixed', async () => {
  // What no step answers: the code that reads it fails with a TypeError, as a defect would.
  const { calls, activities } = fakeSteps({ catchUp: answers(undefined) });
  await temporal.upgrade(activities, async (handle) => {
    await decide(handle, 'plan');
    const failure = await until(async () => {
      const { events } = await handle.fetchHistory();
      const failed = events?.find(
        ({ workflowTaskFailedEventAttributes: why }) => why,
      )?.workflowTaskFailedEventAttributes;
      return failed?.failure?.message ?? undefined;
    });
    expect(failure).toContain('Cannot read properties of undefined');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(calls).toContain('restoreGreen');
    expect(undosIn(calls)).toEqual([]);
    await handle.terminate();
  });
});
