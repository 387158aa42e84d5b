import { closed, decide, gateOpens, statusOf, useTemporal } from './support/environment';
import { fakeSteps } from './support/fake-steps';

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
