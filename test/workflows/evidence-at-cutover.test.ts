import { type News } from '../../domain/asides';
import { closed, decide, gateOpens, shown, statusOf, until, useTemporal } from './support/environment';
import { answers, EVIDENCE, FAKE_ASIDES, fails, fakeSteps, inTurn, PARITY, untilCancelled } from './support/fake-steps';
import { undosAfter, undosIn } from './support/undo-order';

const temporal = useTemporal();

describe('the evidence at gate cutover', () => {
  it.each([
    [0, 'nothing changed on blue that could be compared'],
    [146, '146 rows compared, 0 differ'],
  ])('shows the comparison of all rows beside that of the %i rows that changed last', async (rows, wanted) => {
    const all = { tables: { hydra_client: 3, hydra_oauth2_flow: 29 }, rows: 32, differences: 0, examples: [] };
    const { activities } = fakeSteps({
      verifyParity: answers(all),
      gatherEvidence: answers({ ...EVIDENCE, parity: { ...PARITY, rows } }),
    });
    await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      const evidence = shown(await gateOpens(handle, 'cutover'));
      expect(evidence).toMatch(/- parity of all rows: 32 rows in 2 tables, 0 differ, at \d{4}-\d\d-\d\dT/);
      expect(evidence).toContain(`- parity of what changed last: ${wanted}`);
      expect(evidence).not.toContain('| 0 rows compared');
      await handle.cancel();
      return closed(handle);
    });
  });

  const gathered = (minute: number, more: object = {}) =>
    answers({ ...EVIDENCE, gatheredAt: `2026-01-01T00:0${minute}:00.000Z`, ...more });
  const turn = answers({ rounds: 2, changes: 3, rows: 4, backlog: 0 });

  it('is gathered anew while it is open, a failure to do so forgiven; the question stays while nothing new speaks against it', async () => {
    const { calls, activities } = fakeSteps({
      keepInSync: inTurn(turn, turn, turn, untilCancelled),
      gatherEvidence: inTurn(gathered(1), gathered(2), fails, gathered(3, { requestsPerSecond: 7 })),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      const first = await gateOpens(handle, 'cutover');
      const last = await until(async () => {
        const status = await statusOf(handle);
        return shown(status).includes('00:03:00') && status;
      });
      expect(shown(last)).toContain('- requests per second: 7.0');
      expect({ ...last.awaiting, evidence: null }).toEqual({ ...first.awaiting, evidence: null });
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report).toMatchObject({
      outcome: 'completed',
      evidence: { gatheredAt: '2026-01-01T00:03:00.000Z' },
      sync: { rounds: 8, changes: 13, rows: 18 },
    });
    const beside = calls.filter((name) => name === 'keepInSync' || name === 'gatherEvidence');
    expect(beside).toEqual([1, 2, 3, 4].flatMap(() => ['gatherEvidence', 'keepInSync']));
  });

  it('that comes to speak against it asks anew, tells so, and takes no answer to the question before', async () => {
    const heard: News[] = [];
    let read: () => void = () => undefined;
    const isRead = new Promise<void>((resolve) => (read = resolve));
    const open = (seconds: number) => ({ problems: [`a transaction is open for ${seconds} s`] });
    const { activities } = fakeSteps(
      {
        keepInSync: inTurn((input) => isRead.then(() => turn(input)), turn, untilCancelled),
        gatherEvidence: inTurn(gathered(1), gathered(2, open(3)), gathered(3, open(95))),
      },
      { ...FAKE_ASIDES, tell: async (news: unknown) => void heard.push(news as News) },
    );
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      const first = (await gateOpens(handle, 'cutover')).awaiting;
      read();
      const anew = await until(async () => {
        const status = await statusOf(handle);
        return shown(status).includes('00:03:00') && (status.awaiting ?? undefined);
      });
      // A number that has moved asks nobody once more.
      expect([first?.question, anew.question]).toEqual([
        expect.stringMatching(/^cutover-2-/),
        expect.stringMatching(/^cutover-3-/),
      ]);
      expect(anew).toMatchObject({ since: first?.since, deadline: first?.deadline });
      const early = { gate: 'cutover', decision: 'approve', by: 'bob', question: first?.question } as const;
      await expect(handle.executeUpdate('decide', { args: [early] })).rejects.toMatchObject({
        cause: {
          type: 'GATE_NOT_OPEN',
          message: expect.stringContaining(`the open one is ${anew.question}`) as string,
        },
      });
      await until(async () => heard.filter(({ gate }) => gate === 'cutover').length === 2);
      expect(heard.filter(({ gate }) => gate === 'cutover')).toMatchObject([
        { event: 'gate_opened', question: first?.question, verdict: { state: 'unknown' } },
        { event: 'gate_opened', question: anew.question, verdict: { state: 'bad' } },
      ]);
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report.decisions.filter(({ gate }) => gate === 'cutover')).toHaveLength(1);
  });

  it('undoes the run when rows differ by then, although nobody decided', async () => {
    const { calls, activities } = fakeSteps({
      keepInSync: inTurn(turn, untilCancelled),
      gatherEvidence: inTurn(gathered(1), gathered(2, { parity: { ...PARITY, differences: 1, examples: ['x'] } })),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'undone', cause: { code: 'PARITY_DIFFERS' } });
    expect(undosIn(calls)).toEqual(undosAfter('keepInSync'));
  });

  it('does not keep the decision waiting while it is gathered', async () => {
    const { calls, activities } = fakeSteps({
      keepInSync: turn,
      gatherEvidence: inTurn(gathered(1), untilCancelled),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await until(async () => calls.filter((name) => name === 'gatherEvidence').length === 2);
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome: 'completed' });
  });
});
