import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { type KeepReportInput, type News } from '../../domain/asides';
import { COMMITTED_SIGNAL } from '../../domain/commit-word';
import { type StepInput } from '../../domain/steps';
import { closed, decide, gateOpens, statusOf, until, useTemporal, type Handle } from './support/environment';
import { fakeInPlaceSteps } from './support/fake-in-place-steps';
import { answers, COMMITTED, FAKE_ASIDES, fails, fakeSteps, inTurn } from './support/fake-steps';

const temporal = useTemporal();

/** Keeps what is told. */
function listening() {
  const heard: News[] = [];
  const tell = async (news: unknown) => void heard.push(news as News);
  return { heard, asides: { ...FAKE_ASIDES, tell: tell as (input: StepInput) => Promise<unknown> } };
}

type History = Awaited<ReturnType<Handle['fetchHistory']>>;

/**
 * What each piece of news follows in a history: the ends of steps and timers that were handed to the workflow in the task in which it
 * asked for it. What comes after that is Temporal's way to a worker, and the receiver's. Earlier news may be delivered in that very
 * moment, so an end of `tell` counts only where nothing else ended.
 */
function toldAtOnce({ events }: History): readonly string[] {
  const names = new Map<string, string>();
  let ended: string[] = ['the start'];
  let handed: readonly string[] = [];
  return (events ?? []).flatMap((event) => {
    const { activityTaskScheduledEventAttributes: scheduled, timerStartedEventAttributes: timer } = event;
    const end =
      event.activityTaskCompletedEventAttributes?.scheduledEventId ?? event.timerFiredEventAttributes?.startedEventId;
    if (end != null) ended.push(names.get(String(end)) ?? 'unknown');
    if (event.workflowTaskCompletedEventAttributes != null) [handed, ended] = [ended, []];
    const name = scheduled?.activityType?.name ?? textOf(event.userMetadata?.summary?.data) ?? '';
    if (scheduled != null || timer != null) names.set(String(event.eventId), name);
    if (name !== 'tell') return [];
    const { event: what } = JSON.parse(textOf(scheduled?.input?.payloads?.[0]?.data) ?? '') as News;
    const causes = handed.filter((cause) => cause !== 'tell');
    return [`${what} after ${(causes.length > 0 ? causes : handed).join(' and ')}`];
  });
}

function textOf(data: Uint8Array | null | undefined): string | undefined {
  return data == null ? undefined : Buffer.from(data).toString().replace(/^"|"$/g, '');
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

it('tells of the commit when the step says so, not when it ends, and once, however often it is said', async () => {
  const { heard, asides } = listening();
  let isBack: () => void = () => undefined;
  const targetIsAway = new Promise<void>((back) => (isBack = back));
  let cutoverId = '';
  const switchover = async (input: StepInput) => {
    ({ cutoverId } = input);
    await targetIsAway;
    return COMMITTED;
  };
  let isMoved = false;
  let asked = 0;
  const isCommitted = async () => {
    asked += 1;
    return isMoved;
  };
  const { activities } = fakeSteps({ switchover }, { ...asides, isCommitted });
  await temporal.upgrade(activities, async (handle) => {
    const say = (word: unknown) => handle.signal(COMMITTED_SIGNAL, word);
    const commits = () => heard.filter(({ event }) => event === 'committed');
    await decide(handle, 'plan');
    await gateOpens(handle, 'cutover');
    // Anybody can send it. What is not this run's asks nobody, and what is asks blue, which does not say so.
    const own = (await statusOf(handle)).cutoverId;
    const huge = { cutoverId: 'another', epoch: 1, more: 'x'.repeat(500_000) };
    for (const foreign of [huge, {}, null, 'committed', { cutoverId: [own] }]) await say(foreign);
    expect((await statusOf(handle)).committed).toBe(false);
    expect(asked).toBe(0);
    await say({ cutoverId: own, epoch: 1 });
    await until(async () => asked === 1);
    await decide(handle, 'cutover');
    await until(async () => cutoverId !== '');
    expect(await statusOf(handle)).toMatchObject({ committed: false, phase: 'switchover' });
    expect(commits()).toEqual([]);
    isMoved = true;
    // Twice, as by a worker that died and its successor.
    for (const word of Array(2).fill({ cutoverId, epoch: 1 })) await say(word as object);
    await until(async () => commits().length > 0);
    expect(commits()).toMatchObject([{ id: `${cutoverId}-committed`, phase: 'switchover', committed: true }]);
    isBack();
    await decide(handle, 'finalize');
    await closed(handle);
    expect(commits()).toHaveLength(1);
  });
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

it('asks for each piece of news in the moment in which it came to be, with no wait in between', async () => {
  const drain = { captured: 2, applied: 1, missing: 1, undoneChanges: 0, byKind: {}, notCarried: [] };
  const helped = await temporal.upgrade(fakeSteps({ proveDrain: answers(drain) }).activities, async (handle) => {
    for (const gate of ['plan', 'cutover'] as const) await decide(handle, gate);
    await decide(handle, 'intervene', 'skip');
    await decide(handle, 'finalize');
    await closed(handle);
    return handle.fetchHistory();
  });
  const late = await temporal.upgrade(fakeSteps().activities, async (handle) => {
    await closed(handle);
    return handle.fetchHistory();
  });
  const inPlace = await temporal.upgradeInPlace(fakeInPlaceSteps().activities, async (handle) => {
    for (const gate of ['plan', 'finalize'] as const) await decide(handle, gate);
    await closed(handle);
    return handle.fetchHistory();
  });
  expect(toldAtOnce(inPlace)).toEqual([
    ...[
      'gate_opened after planInPlace',
      'gate_opened after judgeShare',
      'committed after stopOld',
      'ended after keepReport',
    ],
  ]);
  expect(toldAtOnce(helped)).toEqual([
    ...['gate_opened after preflight', 'gate_opened after gatherEvidence', 'committed after switchover'],
    ...['person_needed after proveDrain', 'gate_opened after previewJobs', 'ended after keepReport'],
  ]);
  expect(toldAtOnce(late)).toEqual([
    ...['gate_opened after preflight', 'gate_closing after last call at gate plan', 'ended after keepReport'],
  ]);
});

/** So soon people are to be told. */
const TOLD_WITHIN_MS = 2_000;

it('does not let the news of the end wait for a folder that hangs', async () => {
  const { heard, asides } = listening();
  let tries = 0;
  const keepReport = async () => {
    tries += 1;
    while (!heard.some(({ event }) => event === 'ended')) await Context.current().sleep(10);
    return { kept: 'file', path: '/reports/late.html', sha256: 'ab', sizeBytes: 3 };
  };
  const { activities } = fakeSteps({ preflight: fails }, { ...asides, keepReport });
  const { end, history } = await temporal.upgrade(activities, async (handle) => ({
    end: await closed(handle),
    history: await handle.fetchHistory(),
  }));
  expect(end.report).toMatchObject({ outcome: 'refused', file: { path: '/reports/late.html' } });
  expect(heard.map(({ event, report }) => [event, report])).toEqual([['ended', undefined]]);
  // What it waits for instead, however fast this machine is.
  expect(toldAtOnce(history)).toEqual(['ended after the name of the report']);
  const waits = (history.events ?? []).flatMap(({ timerStartedEventAttributes: timer, userMetadata }) =>
    timer != null && textOf(userMetadata?.summary?.data) === 'the name of the report'
      ? [Number(timer.startToFireTimeout?.seconds) * 1_000]
      : [],
  );
  expect(waits).toHaveLength(1);
  expect(Math.max(...waits)).toBeLessThan(TOLD_WITHIN_MS);
  expect(tries).toBe(1);
});

it('tells of an upgrade in place, too, that there is no way back any more', async () => {
  const { heard, asides } = listening();
  const activities = { ...fakeInPlaceSteps().activities, ...asides };
  await temporal.upgradeInPlace(activities, async (handle) => {
    for (const gate of ['plan', 'finalize'] as const) await decide(handle, gate);
    return closed(handle);
  });
  expect(told(heard)).toEqual(['gate_opened plan', 'gate_opened finalize', 'committed -', 'ended -']);
});

// Both at once, because each waits for its last news as long as a run waits for them.
it('goes on and ends as ever with a webhook that hangs or refuses and a folder that takes nothing, and says so', async () => {
  const webhooks: readonly (() => Promise<unknown>)[] = [
    () => Context.current().cancelled,
    () => Promise.reject(ApplicationFailure.retryable('answered 500', 'WEBHOOK_FAILED')),
  ];
  const keepReport = () => Promise.reject(ApplicationFailure.nonRetryable('the folder is gone', 'INTERNAL'));
  const ends = webhooks.map(async (tell) => {
    const handle = await temporal.begin(fakeSteps({}, { ...FAKE_ASIDES, tell, keepReport }).activities);
    for (const gate of ['plan', 'cutover', 'finalize'] as const) await decide(handle, gate);
    return closed(handle);
  });
  for (const end of await Promise.all(ends)) {
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'completed' } });
    expect(end.report.file).toEqual({ kept: 'nowhere', why: 'step keepReport: the folder is gone' });
  }
});

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
