import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { type KeepReportInput, type News } from '../../domain/asides';
import { type StepInput } from '../../domain/steps';
import { closed, decide, gateOpens, useTemporal } from './support/environment';
import { answers, FAKE_ASIDES, fails, fakeSteps, inTurn } from './support/fake-steps';

const temporal = useTemporal();

/** Keeps what is told. */
function listening() {
  const heard: News[] = [];
  const tell = async (news: unknown) => void heard.push(news as News);
  return { heard, asides: { ...FAKE_ASIDES, tell: tell as (input: StepInput) => Promise<unknown> } };
}
const told = (heard: readonly News[]) => heard.map(({ event, gate = '-' }) => `${event} ${gate}`);

it('tells of each gate, of the commit and of the end, each once', async () => {
  const { heard, asides } = listening();
  const { activities } = fakeSteps({}, asides);
  await temporal.upgrade(activities, async (handle) => {
    for (const gate of ['plan', 'cutover', 'finalize'] as const) await decide(handle, gate);
    return closed(handle);
  });
  expect(told(heard).sort()).toEqual(
    ['gate_opened plan', 'gate_opened cutover', 'gate_opened finalize', 'committed -', 'ended -'].sort(),
  );
  expect(new Set(heard.map(({ id }) => id)).size).toBe(heard.length);
  const [plan] = heard;
  expect(plan).toMatchObject({ gate: 'plan', committed: false, verdict: { state: 'unknown' } });
  expect(plan?.question).toMatch(/^plan-1-/);
  expect(heard.find(({ event }) => event === 'ended')).toMatchObject({ outcome: 'completed', committed: true });
});

it('tells once more before a gate times out, and that a person is needed', async () => {
  const { heard, asides } = listening();
  const { activities } = fakeSteps({ migrateGreen: fails, deleteGreen: inTurn(fails, answers(undefined)) }, asides);
  await temporal.upgrade(activities, async (handle) => {
    await decide(handle, 'plan');
    await decide(handle, 'intervene', 'retry');
    return closed(handle);
  });
  expect(told(heard)).toContain('person_needed intervene');
  const late = listening();
  const end = await temporal.upgrade(fakeSteps({}, late.asides).activities, closed);
  expect(end.report.cause?.code).toBe('GATE_TIMEOUT');
  expect(told(late.heard)).toEqual(['gate_opened plan', 'gate_closing plan', 'ended -']);
  expect(late.heard[2]).toMatchObject({ outcome: 'undone', cause: { code: 'GATE_TIMEOUT' } });
});

it.each<[string, () => Promise<unknown>]>([
  ['hangs', () => Context.current().cancelled],
  ['refuses each time', () => Promise.reject(ApplicationFailure.retryable('answered 500', 'WEBHOOK_FAILED'))],
])(
  'goes on and ends as ever with a webhook that %s and a folder that takes nothing, and says so',
  async (_how, tell) => {
    const asides = {
      tell,
      keepReport: () => Promise.reject(ApplicationFailure.nonRetryable('the folder is gone', 'INTERNAL')),
    };
    const { activities } = fakeSteps({}, asides);
    const end = await temporal.upgrade(activities, async (handle) => {
      for (const gate of ['plan', 'cutover', 'finalize'] as const) await decide(handle, gate);
      return closed(handle);
    });
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed' } });
    expect(end.report.file).toEqual({ kept: 'nowhere', why: 'step keepReport: the folder is gone' });
  },
);

it.each(['completed', 'cancelled', 'refused'])(
  'keeps the report of a run that is %s, and names its file',
  async (outcome) => {
    const kept: KeepReportInput[] = [];
    const file = { kept: 'file', path: '/reports/one.html', sha256: 'ab', sizeBytes: 3 };
    const keepReport = async (input: unknown) => {
      kept.push(input as KeepReportInput);
      return file;
    };
    const { activities } = fakeSteps(outcome === 'refused' ? { preflight: fails } : {}, {
      ...FAKE_ASIDES,
      keepReport: keepReport,
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      if (outcome === 'completed')
        for (const gate of ['plan', 'cutover', 'finalize'] as const) await decide(handle, gate);
      if (outcome === 'cancelled') {
        await gateOpens(handle, 'plan');
        await handle.cancel();
      }
      return closed(handle);
    });
    expect(end.report).toMatchObject({ outcome, file });
    expect(kept.map(({ report }) => report.outcome)).toEqual([outcome]);
  },
);
