import { IN_PLACE_PHASE_NAMES } from '../../domain/in-place/runbook';
import { closed, decide, gateOpens, statusOf, until, useTemporal, type Handle } from './support/environment';
import { fakeInPlaceSteps, IN_PLACE_PLAN, share, type InPlaceStepName } from './support/fake-in-place-steps';
import { answers, fails, inTurn, untilCancelled } from './support/fake-steps';

const temporal = useTemporal();

type Overrides = Parameters<typeof fakeInPlaceSteps>[0];

async function run(overrides: Overrides, drive: (handle: Handle, calls: readonly string[]) => Promise<void>) {
  const { calls, activities } = fakeInPlaceSteps(overrides);
  const end = await temporal.upgradeInPlace(activities, async (handle) => {
    await drive(handle, calls);
    return closed(handle);
  });
  return { calls, end };
}

const approveAll = async (handle: Handle) => {
  await decide(handle, 'plan');
  await decide(handle, 'finalize');
};

const FORWARD = [
  'planInPlace',
  'layLayer',
  'migrateOnline',
  'bookMigrations',
  'startBeside',
  'shiftTraffic 1',
  'judgeShare 1',
  'shiftTraffic 100',
  'judgeShare 100',
  'stopOld',
  'removeLayer',
  'encryptAtRest',
];

describe('an upgrade in place', () => {
  it('goes through every phase in order and completes with what each one proved', async () => {
    const { calls, end } = await run({}, approveAll);
    expect(calls).toEqual(FORWARD);
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed', undone: [], plan: null } });
    expect(end.report.phases.map(({ name }) => name)).toEqual(IN_PLACE_PHASE_NAMES);
    expect(end.report.inPlace).toMatchObject({
      plan: { from: '1.3.2', to: '1.11.10' },
      bookkeeping: { versions: 97, pending: 0 },
      shares: [{ share: 1 }, { share: 100 }],
      retired: { rowsBroughtUp: 2 },
      layerStays: false,
    });
  });

  it('shows the plan, and at gate finalize what was seen at each share, and says who serves', async () => {
    await run({}, async (handle) => {
      const plan = await gateOpens(handle, 'plan');
      const read = JSON.stringify(plan.awaiting?.evidence);
      expect(read).toMatch(/a warning.*1\.3\.2 to 1\.11\.10, in place.*index a/);
      expect(plan.serves).toContain('The old version serves');
      await decide(handle, 'plan');
      const accept = await gateOpens(handle, 'finalize');
      const seen = JSON.stringify(accept.awaiting?.evidence);
      expect(seen).toMatch(/97 versions, 0 pending.*"100 %","clean","10".*1.5 ms of CPU per request/);
      expect(accept.serves).toContain('can take all of it at any time');
      await decide(handle, 'finalize');
    });
  });

  it.each([
    ['a check refuses', { planInPlace: fails }, 'it broke'],
    ['a worker of another environment', { planInPlace: answers(IN_PLACE_PLAN) }, 'the worker is of environment'],
  ])('changes nothing when %s', async (_what, overrides: Overrides, says) => {
    const { calls, end } = await run(overrides, async () => undefined);
    expect(end).toMatchObject({ type: 'CHECK_FAILED', report: { outcome: 'refused' } });
    expect(end.message).toContain(says);
    expect(calls).toEqual(['planInPlace']);
  });

  it('takes everything back in turn when a person rejects at the end', async () => {
    const { calls, end } = await run({ takeLayerBack: answers({ stays: true }) }, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'finalize', 'reject');
    });
    expect(calls.slice(FORWARD.indexOf('stopOld'))).toEqual(['shiftTraffic 0', 'stopBeside', 'takeLayerBack']);
    expect(end).toMatchObject({ type: 'UNDONE', report: { outcome: 'undone', inPlace: { layerStays: true } } });
    expect(end.message).toContain('serves through its views');
  });
});

describe('a share of the traffic', () => {
  it('that is bad goes back before anybody is asked, and begins with the first one again', async () => {
    const judgeShare = inTurn(
      async () => share(),
      async () => share({ share: 100, verdict: 'bad', problems: ['token: 5 of 9'] }),
      async () => share(),
      async () => share({ share: 100 }),
    );
    const { calls, end } = await run({ judgeShare }, async (handle, so) => {
      await decide(handle, 'plan');
      const asked = await gateOpens(handle, 'intervene');
      expect(so.at(-1)).toBe('shiftTraffic 0');
      expect(asked.awaiting?.why).toContain('token: 5 of 9');
      expect(asked.serves).toContain('Hydra 1.3.2 serves all requests again');
      expect(asked.awaiting?.decisions).toEqual(['retry', 'wait', 'give_up']);
      await decide(handle, 'intervene', 'retry');
      await decide(handle, 'finalize');
    });
    expect(calls.filter((call) => call.startsWith('shift'))).toEqual([
      'shiftTraffic 1',
      'shiftTraffic 100',
      'shiftTraffic 0',
      'shiftTraffic 1',
      'shiftTraffic 100',
    ]);
    expect(end.report.inPlace?.shares.map(({ verdict }) => verdict)).toEqual(['clean', 'bad', 'clean', 'clean']);
  });

  it('that is bad ends the run when a person gives up, with all requests at the old version', async () => {
    const { calls, end } = await run({ judgeShare: answers(share({ verdict: 'bad' })) }, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'intervene', 'give_up');
    });
    expect(end).toMatchObject({ type: 'UNDONE', report: { cause: { code: 'SHARE_BAD' } } });
    expect(calls.slice(-4)).toEqual(['shiftTraffic 0', 'shiftTraffic 0', 'stopBeside', 'takeLayerBack']);
  });

  it.each([
    ['watched again', 'retry', ['judgeShare 1', 'judgeShare 1', 'judgeShare 100']],
    ['taken for good', 'skip', ['judgeShare 1', 'judgeShare 100']],
  ])('with too few requests is a person’s to say: %s', async (_what, decision, watched) => {
    const judgeShare = inTurn(
      async () => share({ verdict: 'inconclusive', problems: ['3 requests were seen'] }),
      async () => share(),
    );
    const { calls, end } = await run({ judgeShare }, async (handle) => {
      await decide(handle, 'plan');
      expect((await gateOpens(handle, 'intervene')).awaiting?.why).toContain('3 requests were seen');
      await decide(handle, 'intervene', decision);
      const accept = await gateOpens(handle, 'finalize');
      expect(JSON.stringify(accept.awaiting?.evidence).includes('Let pass by a person')).toBe(decision === 'skip');
      await decide(handle, 'finalize');
    });
    expect(calls.filter((call) => call.startsWith('judge'))).toEqual(watched);
    expect(end.status).toBe('COMPLETED');
  });
});

/** Every step with an undo of its own, in order: what is taken back when it is cancelled or given up. */
const WAY_BACK: readonly (readonly [InPlaceStepName, readonly string[]])[] = [
  ['layLayer', ['takeLayerBack']],
  ['migrateOnline', ['takeLayerBack']],
  ['bookMigrations', ['takeLayerBack']],
  ['startBeside', ['stopBeside', 'takeLayerBack']],
  ['judgeShare', ['shiftTraffic 0', 'stopBeside', 'takeLayerBack']],
  ['stopOld', ['startOld', 'shiftTraffic 0', 'stopBeside', 'takeLayerBack']],
];

describe.each(WAY_BACK)('%s', (step, back) => {
  const reach = async (handle: Handle, calls: readonly string[]) => {
    await decide(handle, 'plan');
    if (step === 'stopOld') await decide(handle, 'finalize');
    await until(async () => calls.some((call) => call.startsWith(step)));
  };

  it('is taken back with all before it when the run is cancelled there', async () => {
    const { calls, end } = await run({ [step]: untilCancelled }, async (handle, so) => {
      await reach(handle, so);
      await handle.cancel();
    });
    expect(end).toMatchObject({ status: 'CANCELLED', report: { outcome: 'cancelled' } });
    expect(calls.slice(calls.findIndex((call) => call.startsWith(step)) + 1)).toEqual(back);
  });

  it('is tried again, or taken back with all before it, as a person says', async () => {
    const isAsked = !['layLayer', 'judgeShare'].includes(step);
    const { calls, end } = await run({ [step]: fails }, async (handle, so) => {
      await reach(handle, so);
      if (!isAsked) return;
      await decide(handle, 'intervene', 'retry');
      await until(async () => so.filter((call) => call.startsWith(step)).length === 2);
      await decide(handle, 'intervene', 'give_up');
    });
    expect(end).toMatchObject({ type: 'UNDONE', report: { outcome: 'undone', cause: { code: 'RDS_FAILED' } } });
    expect(calls.slice(calls.findLastIndex((call) => call.startsWith(step)) + 1)).toEqual(back);
  });
});

it('tells every gateway its share again before the old version is stopped once more', async () => {
  const { calls, end } = await run({ stopOld: inTurn(fails, answers(undefined)) }, async (handle) => {
    await approveAll(handle);
    await decide(handle, 'intervene', 'retry');
  });
  expect(end).toMatchObject({ status: 'COMPLETED' });
  expect(calls.slice(FORWARD.indexOf('stopOld'))).toEqual([
    ...['stopOld', 'shiftTraffic 100', 'stopOld', 'removeLayer', 'encryptAtRest'],
  ]);
});

describe('once the old version is stopped', () => {
  it.each(['removeLayer', 'encryptAtRest'] as const)('%s is insisted on, whoever asks to cancel', async (step) => {
    const { calls, end } = await run(
      { [step]: inTurn(fails, fails, answers({ rowsBroughtUp: 0 })) },
      async (handle) => {
        await approveAll(handle);
        const asked = await gateOpens(handle, 'intervene');
        expect(asked.committed).toBe(true);
        await handle.cancel();
        await decide(handle, 'intervene', 'retry');
        await decide(handle, 'intervene', 'retry');
      },
    );
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed' } });
    expect(calls.filter((call) => call === step)).toHaveLength(3);
    expect(calls).not.toContain('startOld');
  });
});

it('asks about an undo that fails, and leaves what is below to a person', async () => {
  const { end } = await run({ stopBeside: fails, judgeShare: fails }, async (handle) => {
    await decide(handle, 'plan');
    expect((await gateOpens(handle, 'intervene')).awaiting?.why).toContain('Undoing phase `beside` failed');
    await decide(handle, 'intervene', 'skip');
  });
  expect(end).toMatchObject({ type: 'UNDO_INCOMPLETE' });
  expect(end.report.undone.map(({ phase, ok }) => [phase, ok])).toEqual([
    ['shares', true],
    ['beside', false],
    ['layer', true],
  ]);
});

it('is one of its environment, and is asked for its status as every run is', async () => {
  await run({}, async (handle) => {
    await gateOpens(handle, 'plan');
    expect(await statusOf(handle)).toMatchObject({ mode: 'real', phase: 'plan', committed: false });
    await approveAll(handle);
  });
});
