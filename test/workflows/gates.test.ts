import { PREPARING_PHASES, type PreparingPhase } from '../../domain/runbook';
import { COPY_UPGRADE } from '../../domain/runbooks/copy-upgrade';
import { SEARCH_ATTRIBUTE_NAMES } from '../../domain/search-attributes';
import { closed, decide, gateOpens, statusOf, until, useTemporal, type Handle } from './support/environment';
import { EVIDENCE, fakeSteps, PLAN, type StepName, withGates, withPlan } from './support/fake-steps';

const temporal = useTemporal();

const stepOf = (phase: PreparingPhase): StepName => COPY_UPGRADE[phase].acts[0];

/** How the Update was refused. */
async function refusal(handle: Handle, ...args: unknown[]): Promise<{ type: string; message: string }> {
  try {
    // As the Temporal UI would: with any JSON, or none.
    await handle.executeUpdate('decide', { args: args as [] });
  } catch (error) {
    const { type, message, stack } = (error as { cause: { type: string; message: string; stack?: string } }).cause;
    // The UI shows it to whoever decides.
    expect(stack ?? '').not.toMatch(/workflows|\.ts/);
    return { type, message };
  }
  throw new Error('the decision was taken');
}

describe('a gate', () => {
  it('that nobody decides in time ends the run with nothing changed', async () => {
    const { calls, activities } = fakeSteps();
    const end = await temporal.upgrade(activities, closed);
    expect(end).toMatchObject({ type: 'UNDONE', report: { cause: { code: 'GATE_TIMEOUT' }, undone: [] } });
    expect(calls).toEqual(['preflight']);
  });

  it.each(['plan', 'cutover'] as const)('%s that is rejected ends the run, with who and why', async (gate) => {
    const { calls, activities } = fakeSteps();
    const end = await temporal.upgrade(activities, async (handle) => {
      if (gate === 'cutover') await decide(handle, 'plan');
      await gateOpens(handle, gate);
      await handle.executeUpdate('decide', { args: [{ gate, decision: 'reject', by: 'bob', note: 'not today' }] });
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'FAILED', type: 'UNDONE', report: { outcome: 'undone' } });
    expect(end.report.cause).toEqual({ code: 'GATE_REJECTED', message: `bob rejected at gate ${gate}: not today` });
    expect(calls).not.toContain('switchover');
    expect(calls.includes('deleteGreen')).toBe(gate === 'cutover');
  });

  it.each(PREPARING_PHASES)('before phase %s, where the config wants one, is asked before its step', async (phase) => {
    const { calls, activities } = fakeSteps({
      ...withPlan({ extendLifetimes: true, gates: { ...PLAN.gates, before: [phase] } }),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      const { awaiting } = await gateOpens(handle, 'proceed');
      expect(awaiting?.evidence.title).toContain(`phase ${phase}`);
      await handle.executeUpdate('decide', { args: [{ gate: 'proceed', decision: 'reject', by: 'bob' }] });
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'undone', cause: { code: 'GATE_REJECTED' } });
    const inOrder = PREPARING_PHASES.map(stepOf);
    expect(calls.filter((call) => inOrder.includes(call))).toEqual(inOrder.slice(0, PREPARING_PHASES.indexOf(phase)));
  });

  it('finalize that nobody decides in time calls a person; green goes on serving', async () => {
    const { calls, activities } = fakeSteps(withGates({ finalizeTimeoutMs: 500 }));
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      await decide(handle, 'intervene', 'skip');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed' });
    expect(calls).not.toContain('deleteGreen');
  });

  it('refuses what does not fit, says why, and keeps waiting', async () => {
    const { activities } = fakeSteps(withGates({ approverIsNotStarter: true }));
    await temporal.upgrade(activities, async (handle) => {
      await gateOpens(handle, 'plan');
      expect(await refusal(handle)).toMatchObject({ type: 'DECISION_INVALID' });
      expect(await refusal(handle, { gate: 'cutover', decision: 'approve', by: 'b' })).toEqual({
        type: 'GATE_NOT_OPEN',
        message: 'gate cutover is not open: the open gate is plan; nothing was recorded',
      });
      expect(await refusal(handle, { gate: 'plan', decision: 'approve', by: ' STARTER ' })).toMatchObject({
        type: 'DECISION_INVALID',
        message: expect.stringContaining('another person must decide') as string,
      });
      await decide(handle, 'plan');
      await gateOpens(handle, 'cutover');
      expect(await refusal(handle, { gate: 'plan', decision: 'reject', by: 'late' })).toEqual({
        type: 'GATE_NOT_OPEN',
        message: 'gate plan is decided already: approve by approver; nothing was recorded',
      });
      expect((await statusOf(handle)).decisions).toHaveLength(1);
      await handle.cancel();
      return closed(handle);
    });
  });

  it.each([
    [
      'clients write more than the config wants',
      41,
      'clients write 41 times per second (gates.writesPerSecondMax: 20)',
    ],
    ['nobody knows how much clients write', null, 'nobody knows how often clients write now'],
  ])('cutover is approved only with a reason while %s', async (_title, writesPerSecond, said) => {
    const { calls, activities } = fakeSteps({
      ...withGates({ writesPerSecondMax: 20 }),
      gatherEvidence: async () => ({ ...EVIDENCE, writesPerSecond }),
    });
    await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      const { awaiting } = await gateOpens(handle, 'cutover');
      const approve = { gate: 'cutover', decision: 'approve', by: 'bob', question: awaiting?.question };
      expect(await refusal(handle, approve)).toMatchObject({
        type: 'DECISION_INVALID',
        message: expect.stringContaining(said) as string,
      });
      expect(calls).not.toContain('switchover');
      await handle.executeUpdate('decide', { args: [{ ...approve, note: 'the window closes' } as never] });
      await decide(handle, 'finalize');
      expect(calls).toContain('switchover');
      return closed(handle);
    });
  });

  it('cutover is approved as ever while clients write no more than the config wants', async () => {
    const { activities } = fakeSteps({
      ...withGates({ writesPerSecondMax: 20 }),
      gatherEvidence: async () => ({ ...EVIDENCE, writesPerSecond: 20 }),
    });
    await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
      return closed(handle);
    });
  });

  it('refuses an approval that was meant for the question of an earlier run, and takes its own', async () => {
    const { activities } = fakeSteps();
    await temporal.upgrade(activities, async (handle) => {
      const { awaiting } = await gateOpens(handle, 'plan');
      const decision = { gate: 'plan', decision: 'approve', by: 'bob' };
      expect(await refusal(handle, { ...decision, question: 'plan-1-0f3a9c21' })).toEqual({
        type: 'GATE_NOT_OPEN',
        message: `the decision is for question plan-1-0f3a9c21, of an earlier time or another run; the open one is ${awaiting?.question}: read it again and decide again; nothing was recorded`,
      });
      await handle.signal('decideSignal', { ...decision, question: 'plan-1-0f3a9c21' });
      await until(async () => (await statusOf(handle)).ignored.length === 1);
      expect((await statusOf(handle)).awaiting?.gate).toBe('plan');
      await handle.executeUpdate('decide', { args: [{ ...decision, question: awaiting?.question } as never] });
      const next = (await gateOpens(handle, 'cutover')).awaiting;
      expect(next?.question).not.toBe(awaiting?.question);
      await handle.cancel();
      return closed(handle);
    });
  });

  it('says who may not decide, and that names are claims', async () => {
    const { activities } = fakeSteps(withGates({ approverIsNotStarter: true }));
    await temporal.upgrade(activities, async (handle) => {
      await gateOpens(handle, 'plan');
      const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(currentDetails).toContain(
        'Another person than starter, who started this, must decide. Both names are claims',
      );
      await handle.cancel();
      return closed(handle);
    });
  });

  it('takes a signal as a decision', async () => {
    const { activities } = fakeSteps();
    await temporal.upgrade(activities, async (handle) => {
      await gateOpens(handle, 'plan');
      await handle.signal('decideSignal', { gate: 'plan', decision: 'reject', by: 'bob' });
      expect((await closed(handle)).report.cause?.code).toBe('GATE_REJECTED');
    });
  });

  it('notes signals with garbage as ignored and goes on waiting', async () => {
    const garbage: unknown[][] = [
      [],
      [null],
      ['approve'],
      [['plan', 'approve']],
      [{ gate: { deep: true }, decision: 7, by: [] }],
      [new Uint8Array([0, 255, 1])],
      ['plan', 'approve'],
      [{ gate: 'finalize', decision: 'approve', by: 'b' }],
    ];
    const { activities } = fakeSteps();
    await temporal.upgrade(activities, async (handle) => {
      await gateOpens(handle, 'plan');
      for (const args of garbage) await handle.signal('decideSignal', ...args);
      const status = await until(async () => {
        const now = await statusOf(handle);
        return now.ignored.length === garbage.length && now;
      });
      expect(status).toMatchObject({ awaiting: { gate: 'plan' }, decisions: [] });
      await handle.cancel();
      expect((await closed(handle)).status).toBe('CANCELLED');
    });
  });
});

describe('what the Temporal UI shows', () => {
  it('says at a gate what is asked, the evidence, how to answer and what happens otherwise', async () => {
    const { activities } = fakeSteps();
    await temporal.upgrade(activities, async (handle) => {
      const question = (await gateOpens(handle, 'plan')).awaiting?.question ?? '';
      const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      const text = metadata.currentDetails;
      expect(text).toContain('gate `plan`');
      const answer = { gate: 'plan', decision: 'approve', by: 'YOUR NAME', note: 'why', question };
      expect(text).toContain(JSON.stringify(answer, undefined, 2));
      // Copied and sent as it is, it decides nothing.
      const sent = handle.executeUpdate('decide', { args: [answer as never] });
      await expect(sent).rejects.toMatchObject({ cause: { type: 'DECISION_INVALID' } });
      expect(text.replaceAll(/ \\\n */g, ' ')).toContain(
        `hydra-cutover reject --config FILE --gate plan --question ${question} --by "YOUR NAME"`,
      );
      expect(text).toContain('empty-subject: rows without subject | 2 |');
      expect(text).toContain('the commit has no way back');
      expect(text).toMatch(/If nobody decides by \d{4}-.*: the run ends as rejected/);
      const attributes = (await handle.describe()).typedSearchAttributes.getAll();
      const set = Object.fromEntries(attributes.map(({ key, value }) => [key.name, value]));
      expect(set).toMatchObject({ CutoverPhase: 'plan', CutoverAwaiting: 'plan', CutoverMode: 'real' });
      await handle.cancel();
      await closed(handle);
      const after = (await handle.describe()).typedSearchAttributes.getAll().map(({ key }) => key.name);
      // Temporal keeps one of its own, of the changes of the code that the run knows.
      expect(after.filter((name) => name.startsWith('Cutover')).sort()).toEqual(
        SEARCH_ATTRIBUTE_NAMES.filter((name) => name !== 'CutoverAwaiting').sort(),
      );
    });
  });
});
