import { closed, decide, gateOpens, statusOf, until, useTemporal } from './support/environment';
import { ABORTED, answers, COMMITTED, fakeSteps, inTurn } from './support/fake-steps';

const temporal = useTemporal();

it('of two decisions that come at once one counts, and the other is told that it does not', async () => {
  const { activities } = fakeSteps();
  await temporal.upgrade(activities, async (handle) => {
    const { awaiting } = await gateOpens(handle, 'plan');
    const send = (by: string) =>
      handle.executeUpdate('decide', {
        args: [{ gate: 'plan', decision: 'approve', by, question: awaiting?.question }],
      });
    const ends = await Promise.allSettled(['alice', 'bob'].map(send));
    const taken = ends.filter(({ status }) => status === 'fulfilled');
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
    expect(taken).toHaveLength(1);
    expect(refused.map(({ cause }) => (cause as Error & { readonly type?: string }).type)).toEqual(['GATE_NOT_OPEN']);
    // What was approved twice moves one gate, not two.
    await gateOpens(handle, 'cutover');
    expect((await statusOf(handle)).decisions).toHaveLength(1);
    await decide(handle, 'cutover', 'reject');
    return closed(handle);
  });
});

it('an approval of what was asked before is refused once the gate was asked anew, however it is sent', async () => {
  const { activities } = fakeSteps({ switchover: inTurn(answers(ABORTED), answers(ABORTED), answers(COMMITTED)) });
  const end = await temporal.upgrade(activities, async (handle) => {
    await decide(handle, 'plan');
    const first = (await gateOpens(handle, 'cutover')).awaiting?.question;
    const approval = { gate: 'cutover', decision: 'approve', by: 'bob', question: first };
    await handle.executeUpdate('decide', { args: [approval as never] });
    const anew = await until(async () => {
      const { awaiting } = await gateOpens(handle, 'cutover');
      return awaiting !== null && awaiting.question !== first && awaiting;
    });
    expect(anew.why).toContain('requests in flight did not end in time');
    const refused = await handle
      .executeUpdate('decide', { args: [approval as never] })
      .catch((error: unknown) => error);
    expect((refused as Error).cause).toMatchObject({
      type: 'GATE_NOT_OPEN',
      message: expect.stringContaining(`for question ${first}, of an earlier time`) as string,
    });
    await handle.signal('decideSignal', approval as never);
    await until(async () => (await statusOf(handle)).ignored.length === 1);
    expect((await statusOf(handle)).awaiting?.question).toBe(anew.question);
    await handle.executeUpdate('decide', { args: [{ ...approval, question: anew.question } as never] });
    await decide(handle, 'finalize');
    return closed(handle);
  });
  expect(end.report).toMatchObject({ outcome: 'completed' });
  expect(end.report.decisions.filter(({ gate }) => gate === 'cutover')).toHaveLength(2);
});
