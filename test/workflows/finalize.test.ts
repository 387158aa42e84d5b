import { closed, decide, gateOpens, shown, useTemporal } from './support/environment';
import { answers, fails, fakeSteps, withGates } from './support/fake-steps';

const temporal = useTemporal();

describe('with an automatic finalize', () => {
  const AUTOMATIC = withGates({ finalize: 'automatic' });
  const baked = (verdict: string, problem: string) =>
    answers({ verdict, durationMs: 60_000, requests: 3, errorRate: 0, p95Ms: null, problems: [problem] });

  it('nobody is asked after a clean bake', async () => {
    const { activities } = fakeSteps(AUTOMATIC);
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed' });
  });

  it.each([
    ['a bake that a person skipped', { bake: baked('bad', 'p95 was 910 ms') }, true, '**bad: 3 requests in 1 min'],
    ['a bake that saw too little', { bake: baked('inconclusive', 'too few') }, false, '- too few'],
    [
      'a validation that a person skipped',
      { validate: answers({ ok: false, checks: [{ name: 'public keys', ok: false, observed: 'one is lost' }] }) },
      true,
      '- public keys: one is lost',
    ],
  ])('a person is asked all the same after %s, and is shown it', async (_case, steps, isSkipped, wanted) => {
    const { activities } = fakeSteps({ ...AUTOMATIC, ...steps });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      if (isSkipped) await decide(handle, 'intervene', 'skip');
      const evidence = shown(await gateOpens(handle, 'finalize'));
      expect(evidence).toContain(wanted);
      expect(evidence.includes('Let pass by a person')).toBe(isSkipped);
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed' });
  });
});

describe('gate finalize', () => {
  const toFinalize = async (steps: Parameters<typeof fakeSteps>[0]) => {
    const { calls, activities } = fakeSteps(steps);
    let evidence = '';
    await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      evidence = shown(await gateOpens(handle, 'finalize'));
      await decide(handle, 'finalize');
      return closed(handle);
    });
    return { calls, evidence };
  };

  it('shows what each job would remove, before anybody accepts green', async () => {
    const jobs = [{ name: 'cleanup', wouldRemove: 5, explained: 2, unnamed: 0, intact: 3, hidden: 0 }];
    const { calls, evidence } = await toFinalize({ previewJobs: answers({ ok: false, jobs }) });
    expect(evidence).toContain('cleanup would remove 5, 2 of them explained');
    expect(evidence).toContain('3 hang on a consent that green lists');
    // And once more before they are resumed: what was true at the gate may not be true any more.
    expect(calls.indexOf('guardPurge')).toBeGreaterThan(calls.indexOf('previewJobs'));
  });

  it('opens all the same when a job does not answer, and says that nobody knows', async () => {
    const { evidence } = await toFinalize({ previewJobs: fails });
    expect(evidence).toContain('what they would remove is not known');
  });
});
