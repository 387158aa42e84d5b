import { ApplicationFailure } from '@temporalio/common';
import { NOBODY_WATCHED } from '../../domain/callers';
import { PHASE_NAMES } from '../../domain/runbook';
import { type SwitchoverInput } from '../../domain/steps';
import { closed, decide, gateOpens, shown, until, useTemporal } from './support/environment';
import {
  ABORTED,
  answers,
  COMMITTED,
  EVIDENCE,
  fails,
  fakeSteps,
  inTurn,
  PARITY,
  PLAN,
  withGates,
} from './support/fake-steps';
import { BEFORE_COMMIT, undosAfter, undosIn } from './support/undo-order';

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
    expect(calls).toEqual([
      'preflight',
      ...BEFORE_COMMIT.slice(0, -1),
      'readMetrics',
      'switchover',
      'proveDrain',
      'stopBlue',
      'validate',
      'bake',
      'readMetrics',
      'previewJobs',
      'guardPurge',
      'resumeJobs',
      'restoreLifetimes',
      'finalize',
    ]);
    expect(end.report.decisions.map(({ gate, decision, by }) => [gate, decision, by])).toEqual([
      ['plan', 'approve', 'approver'],
      ['cutover', 'approve', 'approver'],
      ['finalize', 'approve', 'approver'],
    ]);
  });
});

describe('a drill', () => {
  it('asks at every gate and moves the writes as a real run does, and says that it was one', async () => {
    const { calls, activities } = fakeSteps();
    const end = await temporal.upgrade(
      activities,
      async (handle) => {
        for (const gate of ['plan', 'cutover', 'finalize'] as const) await decide(handle, gate);
        return closed(handle);
      },
      { mode: 'drill' },
    );
    expect(end.report).toMatchObject({ outcome: 'completed', mode: 'drill' });
    expect(calls).toContain('switchover');
  });
});

describe('preflight', () => {
  it.each([
    ['a failed check', {}, { preflight: fails }, 'it broke'],
    ['a worker of another environment', {}, { preflight: answers(PLAN) }, 'the worker is of environment "test"'],
    ['an unknown mode', { mode: 'x' as 'real' }, {}, '"mode" must be one of real, rehearse, drill'],
    ['another workflow id', { environment: 'elsewhere' }, {}, 'start it as "cutover/elsewhere"'],
    ['garbage', { environment: 5 as unknown as string }, {}, '"environment" must be text'],
    [
      'nobody who starts, where the approver must be another',
      { by: undefined },
      withGates({ approverIsNotStarter: true }),
      'say who starts',
    ],
  ])('%s is refused and nothing is changed', async (_title, input, steps, message) => {
    const { calls, activities } = fakeSteps(steps);
    const end = await temporal.upgrade(activities, closed, input);
    expect(end).toMatchObject({ status: 'FAILED', type: 'CHECK_FAILED', report: { outcome: 'refused', undone: [] } });
    expect(end.message).toContain(message);
    expect(calls.filter((name) => name !== 'preflight')).toEqual([]);
  });
});

describe('before the commit', () => {
  it.each([
    ['of the full pass', { verifyParity: answers({ ...PARITY, differences: 1, examples: ['x'] }) }],
    ['in the evidence', { gatherEvidence: answers({ ...EVIDENCE, parity: { ...PARITY, differences: 1 } }) }],
  ])('parity differences %s end it before anybody is asked', async (_title, steps) => {
    const { activities } = fakeSteps(steps);
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'undone', cause: { code: 'PARITY_DIFFERS' } });
    expect(end.report.decisions).toHaveLength(1);
  });

  it.each([
    ['enableCapture', 12, ['plan']],
    ['closeGreen', 8, ['plan']],
    ['sampleBlue', 12, ['plan', 'cutover']],
  ] as const)('gives %s up after %d tries when it goes on failing', async (step, tries, gates) => {
    const { calls, activities } = fakeSteps({
      [step]: async () => {
        throw new Error('connection lost');
      },
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      for (const gate of gates) await decide(handle, gate);
      return closed(handle);
    });
    expect(calls.filter((name) => name === step)).toHaveLength(tries);
    expect(end.report).toMatchObject({ outcome: 'undone', cause: { message: `step ${step}: connection lost` } });
    expect(undosIn(calls)).toEqual(undosAfter(step));
  });

  it('undoes everything when nobody decides gate cutover in time', async () => {
    const { calls, activities } = fakeSteps(withGates({ cutoverTimeoutMs: 300 }));
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      return closed(handle);
    });
    expect(end).toMatchObject({ type: 'UNDONE', report: { outcome: 'undone', cause: { code: 'GATE_TIMEOUT' } } });
    expect(undosIn(calls)).toEqual(undosAfter('keepInSync'));
  });
});

describe('the switchover', () => {
  it('is tried as often as the plan says, then asks again while blue serves and green is kept in sync', async () => {
    const { calls, activities } = fakeSteps({
      switchover: inTurn(answers(ABORTED), answers(ABORTED), answers(COMMITTED)),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      const { awaiting } = await until(async () => {
        const status = await gateOpens(handle, 'cutover');
        return calls.includes('abandonSwitchover') ? status : undefined;
      });
      expect(awaiting?.why).toContain('requests in flight did not end in time');
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed', undone: [] });
    expect(end.report.switchovers).toEqual([ABORTED, ABORTED, COMMITTED]);
    const from = calls.indexOf('switchover');
    expect(calls.slice(from, from + 10)).toEqual([
      'switchover',
      'switchover',
      'abandonSwitchover',
      'resumeJobs',
      'gatherEvidence',
      'keepInSync',
      'pauseJobs',
      'sampleBlue',
      'readMetrics',
      'switchover',
    ]);
  });

  it('that fails behind its commit goes forward and cannot be skipped', async () => {
    const { activities } = fakeSteps({
      switchover: inTurn(fails, fails, answers(COMMITTED)),
      abandonSwitchover: answers({ outcome: 'committed' }),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      const { awaiting, committed } = await gateOpens(handle, 'intervene');
      expect([awaiting?.decisions, committed]).toEqual([['retry', 'wait'], true]);
      await expect(decide(handle, 'intervene', 'skip')).rejects.toMatchObject({
        cause: { type: 'DECISION_INVALID', message: expect.stringContaining('allowed: retry, wait') as string },
      });
      await decide(handle, 'intervene', 'retry');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed', switchovers: [COMMITTED], undone: [] });
  });
});

describe('a fence of blue that is not proven after the commit', () => {
  const unproven = () =>
    Promise.reject(
      ApplicationFailure.nonRetryable('something may have gone around the fence', 'FENCE_UNPROVEN', {
        ...{ attempt: 3, epoch: 9, rows: 0 },
      }),
    );

  it('asks a person at once, carries when told to, and opens green without it only on a word with its reason', async () => {
    const told: SwitchoverInput[] = [];
    let run = 0;
    const { activities } = fakeSteps({
      switchover: (input) => {
        told.push(input);
        run += 1;
        return run < 3 ? unproven() : Promise.resolve(COMMITTED);
      },
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      const status = await gateOpens(handle, 'intervene');
      const { awaiting, committed } = status;
      expect([awaiting?.decisions, committed]).toEqual([['retry', 'wait', 'skip'], true]);
      expect(awaiting?.why).toContain('gone around the fence');
      expect(shown(status)).toContain('"nothing lost" is not claimed');
      await decide(handle, 'intervene', 'retry');
      await gateOpens(handle, 'intervene');
      await decide(handle, 'intervene', 'skip');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed', switchovers: [COMMITTED], undone: [] });
    expect(told.map(({ fence }) => fence)).toEqual([undefined, 'carry', 'open']);
    expect(told[2]?.decided).toMatch(/.+: .+/);
    // Blue may be gone by then.
    expect(told[2]?.committed).toEqual({ attempt: 3, epoch: 9 });
  });
});

describe('after the commit', () => {
  const BAD = {
    proveDrain: { captured: 2, applied: 1, missing: 1, undoneChanges: 0, byKind: {}, notCarried: [] },
    validate: { ok: false, checks: [{ name: 'jwks', ok: false, observed: 'a key is missing' }] },
    bake: { verdict: 'bad', durationMs: 1, requests: 1, errorRate: 1, p95Ms: 1, problems: ['error rate 1'] },
    guardPurge: {
      ok: false,
      jobs: [{ name: 'cleanup', wouldRemove: 2, explained: 1, unnamed: 0, intact: 1, hidden: 0 }],
    },
  } as const;

  it.each([
    ['a revocation that is missing', { missing: 1, undoneChanges: 0 }],
    ['a change that was not carried', { missing: 0, undoneChanges: 1 }],
  ])('%s in the drain proof asks a person', async (_case, counts) => {
    const drain = { captured: 2, applied: 2, byKind: {}, notCarried: [], ...counts };
    const { activities } = fakeSteps({ proveDrain: answers(drain) });
    await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      expect((await gateOpens(handle, 'intervene')).awaiting?.why).toContain('phase `drain`');
      await decide(handle, 'intervene', 'skip');
      await decide(handle, 'finalize');
      return closed(handle);
    });
  });

  it.each(Object.keys(BAD) as (keyof typeof BAD)[])('a bad answer of %s asks a person, who accepts', async (step) => {
    const { activities } = fakeSteps({ [step]: answers(BAD[step]) });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      if (step === 'guardPurge') await decide(handle, 'finalize');
      await decide(handle, 'intervene', 'skip');
      if (step !== 'guardPurge') await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed', undone: [] } });
  });

  it.each(['stopBlue', 'validate', 'finalize'] as const)(
    'a failure of %s asks a person, who has it tried again',
    async (step) => {
      const { calls, activities } = fakeSteps({
        [step]: inTurn(fails, answers({ ok: true, checks: [], callers: NOBODY_WATCHED })),
      });
      const end = await temporal.upgrade(activities, async (handle) => {
        await decide(handle, 'plan');
        await decide(handle, 'cutover');
        if (step === 'finalize') await decide(handle, 'finalize');
        await decide(handle, 'intervene', 'retry');
        if (step !== 'finalize') await decide(handle, 'finalize');
        return closed(handle);
      });
      expect(end.report).toMatchObject({ outcome: 'completed' });
      expect(calls.filter((name) => name === step)).toHaveLength(2);
    },
  );

  it('a rejection at finalize asks a person, and a retry asks at finalize again', async () => {
    const { activities } = fakeSteps();
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      await decide(handle, 'finalize', 'reject');
      await decide(handle, 'intervene', 'retry');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed' });
  });
});
