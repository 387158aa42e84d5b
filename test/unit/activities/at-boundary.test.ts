import { CancelledFailure, WorkflowNotFoundError } from '@temporalio/common';
import { type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { activitiesOf, failureOf, inPlaceActivitiesOf, type StepTable } from '../../../activities/at-boundary';
import { IN_PLACE_STEPS } from '../../../activities/in-place';
import { type InPlaceDeps } from '../../../activities/in-place/deps';
import { type OrderedContext, type StepContext, type StepDeps } from '../../../activities/step';
import { CutoverFault } from '../../../domain/faults';

const logged: object[] = [];
const note = (fields: object) => void logged.push(fields);
const log = { debug: note, info: note, warn: note, error: note };
const input = { cutoverId: 'c', environment: 'e' };
const BEATS = 5;

type Vacuum = (context: StepContext) => Promise<void>;

const environment = (info = {}, client?: object) =>
  new MockActivityEnvironment(info, {
    logger: new DefaultLogger('ERROR', () => undefined),
    ...(client && { client: client as Client }),
  });

function run(step: Vacuum, env = environment()) {
  const table = { vacuumGreen: (_deps: StepDeps, _input: unknown, context: StepContext) => step(context) };
  const { vacuumGreen } = activitiesOf(table as unknown as StepTable, { log } as unknown as StepDeps);
  return env.run(vacuumGreen, input);
}

beforeEach(() => logged.splice(0));

describe('a step at the boundary', () => {
  it.each([
    ['RDS_BUSY', false],
    ['MIGRATION_FAILED', true],
  ] as const)(
    'fails with its fault %s as type, and may be tried again as the table says',
    async (code, nonRetryable) => {
      const step = () =>
        Promise.reject(new CutoverFault(code, 'what and what next', { instance: 'green' }, new Error('s3cret')));
      const failure = await run(step).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        type: code,
        nonRetryable,
        message: 'what and what next',
        details: [{ instance: 'green' }],
      });
      expect(JSON.stringify([failure, (failure as Error).cause, logged])).not.toContain('s3cret');
    },
  );

  it('of an upgrade in place says at once that the config has none, whoever starts it', async () => {
    const { planInPlace } = inPlaceActivitiesOf(IN_PLACE_STEPS, undefined, log);
    await expect(environment().run(planInPlace, input)).rejects.toMatchObject({
      type: 'CHECK_FAILED',
      nonRetryable: true,
      message: expect.stringContaining('the config has no section inPlace') as string,
    });
  });

  it('of an upgrade in place has the same order in each of its tries', async () => {
    const orders: number[] = [];
    const startOld = (_deps: unknown, _input: unknown, { order }: OrderedContext) =>
      Promise.resolve(void orders.push(order));
    const deps = { log } as unknown as InPlaceDeps;
    const bound = inPlaceActivitiesOf({ ...IN_PLACE_STEPS, startOld }, deps, log);
    for (const attempt of [1, 2]) {
      const first = { scheduledTimestampMs: 1_000, currentAttemptScheduledTimestampMs: 1_000 * attempt };
      await environment({ attempt, ...first }).run(bound.startOld, input);
    }
    expect(orders).toEqual([1_000, 1_000]);
  });

  it('gives an unforeseen error up after a few tries, and tells its kind but not its text', () => {
    const error = Object.assign(new Error('duplicate key (s3cret)'), { name: 'DatabaseError', code: '23505' });
    expect(failureOf(error, 'bake', 1, log)).toMatchObject({ type: 'INTERNAL', nonRetryable: false });
    const last = failureOf(error, 'bake', 4, log);
    expect(last.nonRetryable).toBe(true);
    expect(last.message).toContain('DatabaseError 23505');
    expect(JSON.stringify([last.message, last.cause, logged])).not.toContain('s3cret');
  });

  it('ends as cancelled when it was, whatever the library below threw', async () => {
    const env = environment();
    const step: Vacuum = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(Object.assign(new Error('aborted'), { name: 'AbortError' })));
        env.cancel();
      });
    await expect(run(step, env)).rejects.toBeInstanceOf(CancelledFailure);
  });

  it('keeps a result that was reached in spite of a cancellation', async () => {
    const env = environment();
    const step: Vacuum = async () => env.cancel();
    await expect(run(step, env)).resolves.toBeUndefined();
  });

  it('beats by itself while the step is busy, with what it said last, and hands it to the next try', async () => {
    const env = environment({ attempt: 2, heartbeatDetails: { rows: 1 } });
    const beats: unknown[] = [];
    env.on('heartbeat', (details: unknown) => beats.push(details));
    let seen: unknown;
    await run(async ({ lastProgress, attempt, heartbeat }) => {
      seen = [attempt, lastProgress];
      heartbeat({ rows: 2 });
      await new Promise<void>((resolve) => {
        const wait = setInterval(() => {
          if (beats.length < 2) return;
          clearInterval(wait);
          resolve();
        }, 20);
      });
    }, env);
    expect(seen).toEqual([2, { rows: 1 }]);
    expect(beats).toEqual([{ rows: 2 }, { rows: 2 }]);
  });

  it.each([
    ['until Temporal took it, and then no more', ['away', 'away', null], 3, ['Error: away']],
    ['until Temporal says that the run is over', ['away', 'gone'], 2, ['Error: away', 'WorkflowNotFoundError: gone']],
    ['at every beat while Temporal is away, and warns once', ['away'], BEATS, ['Error: away']],
  ])('tells its run of a commit %s', async (_until, answers, times, reasons) => {
    const sent: unknown[] = [];
    const signal = (...word: unknown[]) => {
      sent.push(word);
      const answer = answers[Math.min(sent.length, answers.length) - 1] ?? null;
      if (answer === null) return Promise.resolve();
      return Promise.reject(
        answer === 'gone' ? new WorkflowNotFoundError(answer, 'cutover/e', 'r') : new Error(answer),
      );
    };
    const getHandle = (workflowId: string) => ({ signal: (...word: unknown[]) => signal(workflowId, ...word) });
    const withAbortSignal = (abort: AbortSignal, send: () => unknown) => {
      abort.throwIfAborted();
      return send();
    };
    const client = { workflow: { getHandle }, withAbortSignal };
    const workflowExecution = { workflowId: 'cutover/e', runId: 'r' };
    const word = { cutoverId: 'c', epoch: 3 };
    await run(
      async ({ tellCommitted }) => {
        for (let beat = 0; beat < BEATS; beat += 1) {
          tellCommitted?.(word);
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
      environment({ workflowExecution }, client),
    );
    expect(sent).toEqual(Array(times).fill(['cutover/e', 'committed', word]));
    expect(logged).toEqual(reasons.map((reason) => ({ ...word, reason })));
  });
});
