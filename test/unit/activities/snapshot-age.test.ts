import { restoreGreen } from '../../../activities/snapshot';
import { type StepContext, type StepDeps } from '../../../activities/step';
import { CutoverFault } from '../../../domain/faults';
import { FORWARD } from '../../../domain/sides';

const HOUR_MS = 3_600_000;
const context = { signal: new AbortController().signal, heartbeat: () => undefined } as unknown as StepContext;

/** @param instance whether green's is there already. What comes behind the look ends here. */
function restoreOf(ageMs: number, snapshotAgeMsMax: number | undefined, instance = false): Promise<unknown> {
  const createdAt = new Date(Date.now() - ageMs).toISOString();
  const provider = {
    describeSnapshot: () => Promise.resolve({ createdAt }),
    describeInstance: (id: string) =>
      id === 'green'
        ? Promise.resolve(instance ? {} : undefined)
        : Promise.reject(new CutoverFault('RDS_FAILED', 'the restore goes on')),
  };
  const settings = { provider: { blueInstanceId: 'blue', greenInstanceId: 'green', snapshotAgeMsMax } };
  const deps = { provider, settings, direction: FORWARD } as unknown as StepDeps;
  return restoreGreen(deps, { cutoverId: 'c', environment: 'e' }, context);
}

describe('a snapshot', () => {
  it('is not made into a green once it is older than the config allows, and is named', async () => {
    await expect(restoreOf(49 * HOUR_MS, 48 * HOUR_MS)).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(
        /^snapshot hydra-cutover-c .* 49 hours ago \(allowed: 48, retention\.snapshotAgeMsMax\)/,
      ) as string,
      details: { snapshotId: 'hydra-cutover-c', snapshotAgeMsMax: 48 * HOUR_MS },
    });
  });

  it.each([
    ['is younger', 47 * HOUR_MS, 48 * HOUR_MS, false],
    ['has no limit', 1_000 * HOUR_MS, undefined, false],
    ['was made into green before', 49 * HOUR_MS, 48 * HOUR_MS, true],
  ] as const)('is used when it %s', async (_, ageMs, limit, instance) => {
    await expect(restoreOf(ageMs, limit, instance)).rejects.toMatchObject({ code: 'RDS_FAILED' });
  });
});
