import { PHASE_NAMES } from '../../domain/runbook';
import { closed, decide, useTemporal } from './support/environment';
import { fakeSteps } from './support/fake-steps';

const temporal = useTemporal();

describe('a run in which all is well', () => {
  it('goes through every phase in order and completes with a report', async () => {
    const { calls, activities } = fakeSteps();
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed', cause: null, undone: [] } });
    expect(end.report.phases.map(({ name }) => name)).toEqual(PHASE_NAMES);
    expect(calls).toMatchInlineSnapshot(`
     [
       "preflight",
       "extendLifetimes",
       "enableCapture",
       "takeSnapshot",
       "restoreGreen",
       "closeGreen",
       "cleanGreen",
       "migrateGreen",
       "repairGreen",
       "guardGreen",
       "vacuumGreen",
       "startGreen",
       "catchUp",
       "verifyParity",
       "gatherEvidence",
       "keepInSync",
       "pauseJobs",
       "sampleBlue",
       "readMetrics",
       "switchover",
       "proveDrain",
       "stopBlue",
       "validate",
       "bake",
       "readMetrics",
       "guardPurge",
       "resumeJobs",
       "restoreLifetimes",
       "finalize",
     ]
    `);
  });
});
