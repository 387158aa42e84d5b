import { randomBytes } from 'node:crypto';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Client, type WorkflowHandle } from '@temporalio/client';
import {
  cutoverWorkflowId,
  SCHEDULED_REHEARSAL_WORKFLOW,
  UPGRADE_WORKFLOW,
  type CutoverStatus,
  type Gate,
  type UpgradeInput,
} from '../../../domain/runbook';
import { type Report, type ScheduledRehearsal } from '../../../domain/receipts';
import { SEARCH_ATTRIBUTE_NAMES } from '../../../domain/search-attributes';
import { workflowBundle } from '../../../workers/workflow-bundle';
import { IN_PLACE_WORKFLOW } from '../../../domain/in-place/runbook';
import { fakeInPlaceSteps } from './fake-in-place-steps';
import { fakeSteps } from './fake-steps';
import { type StepInput } from '../../../domain/steps';
import { pageMarkdown } from '../../../domain/page/markdown';
import { sharedServers } from '../../support/shared-servers';

/** Source: Temporal's API, enum IndexedValueType. */
const INDEXED_VALUE_TYPE_KEYWORD = 2;
const TASK_QUEUE = 'upgrades';
/** Histories are kept in the repository: nothing of the machine belongs in them. */
const IDENTITY = 'tests';
/** More than the runs that go on at once; some hold a slot with a step that is silent. */
const ACTIVITY_SLOTS = 500;

export type Handle = WorkflowHandle<(input: UpgradeInput) => Promise<Report>>;

type Activities = Readonly<Record<string, (input: StepInput) => Promise<unknown>>>;

/** Open Temporal of its own, with one worker that runs the workflow code as it is in production. */
export interface OpenTemporal {
  /** Starts an upgrade whose end may be awaited beside others: time does not skip meanwhile. */
  readonly begin: (activities: Activities, input?: Partial<UpgradeInput>, workflow?: string) => Promise<Handle>;
  /** Starts an upgrade with these steps and hands its handle to `drive`, which must bring it to its end. */
  readonly upgrade: <T>(
    activities: Activities,
    drive: (handle: Handle) => Promise<T>,
    input?: Partial<UpgradeInput>,
  ) => Promise<T>;
  /** The same of an upgrade in place. */
  readonly upgradeInPlace: <T>(
    activities: Activities,
    drive: (handle: Handle) => Promise<T>,
    input?: Partial<UpgradeInput>,
  ) => Promise<T>;
  /** Starts what a schedule starts, and @returns what it ends with. */
  readonly rehearseOnSchedule: (activities: Activities, input?: Partial<UpgradeInput>) => Promise<ScheduledRehearsal>;
  readonly close: () => Promise<void>;
}

/** The same for one test file. */
export function useTemporal(): Omit<OpenTemporal, 'close'> {
  let open: OpenTemporal;
  beforeAll(async () => {
    open = await openTemporal(sharedServers().binaries.temporalTestServer);
  });
  afterAll(() => open.close());
  return {
    begin: (...args) => open.begin(...args),
    upgrade: (...args) => open.upgrade(...args),
    upgradeInPlace: (activities, drive, input) => open.upgradeInPlace(activities, drive, input),
    rehearseOnSchedule: (...args) => open.rehearseOnSchedule(...args),
  };
}

/**
 * A time-skipping server and one worker. Each run brings steps of its own: they are found by the environment, which every run
 * has for itself.
 *
 * @param testServer path of the time-skipping test server
 */
export async function openTemporal(testServer: string): Promise<OpenTemporal> {
  // Tests provoke this one; a workflow task that fails is what must be seen.
  const logger = new DefaultLogger('ERROR', ({ message, meta }) => {
    if (message !== 'undo failed') process.stderr.write(`${message} ${JSON.stringify(meta)}\n`);
  });
  Runtime.install({
    logger,
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testServer } },
    client: { identity: IDENTITY },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? 'default',
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTE_NAMES.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
  });
  const stepsOf = new Map<string, Activities>();
  const worker = await Worker.create({
    connection: env.nativeConnection,
    identity: IDENTITY,
    ...(env.namespace === undefined ? {} : { namespace: env.namespace }),
    taskQueue: TASK_QUEUE,
    workflowBundle: await workflowBundle(process.env, logger),
    activities: Object.fromEntries(
      Object.keys({ ...fakeSteps().activities, ...fakeInPlaceSteps().activities }).map((name) => [
        name,
        (input: StepInput) => stepsOf.get(input.environment)?.[name]?.(input) ?? Promise.reject(new Error('no steps')),
      ]),
    ),
    maxHeartbeatThrottleInterval: '100ms',
    shutdownGraceTime: '1s',
    maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
  });
  const running = worker.run();
  const begin = async (
    client: Client,
    activities: Activities,
    input: Partial<UpgradeInput>,
    workflow: string = UPGRADE_WORKFLOW,
  ): Promise<Handle> => {
    const environment = `test-${randomBytes(6).toString('hex')}`;
    stepsOf.set(environment, activities);
    return client.workflow.start<(input: UpgradeInput) => Promise<Report>>(workflow, {
      workflowId: cutoverWorkflowId(environment),
      taskQueue: TASK_QUEUE,
      args: [{ environment, by: 'starter', ...input }],
    });
  };
  const { connection, namespace } = env;
  const unskipped = new Client({
    connection,
    identity: IDENTITY,
    ...(namespace === undefined ? {} : { namespace }),
  });
  return {
    begin: (activities, input = {}, workflow) => begin(unskipped, activities, input, workflow),
    upgrade: async (activities, drive, input = {}) => drive(await begin(env.client, activities, input)),
    upgradeInPlace: async (activities, drive, input = {}) =>
      drive(await begin(env.client, activities, input, IN_PLACE_WORKFLOW)),
    rehearseOnSchedule: async (activities, input = {}) => {
      const environment = `test-${randomBytes(6).toString('hex')}`;
      stepsOf.set(environment, activities);
      return env.client.workflow.execute<(input: UpgradeInput) => Promise<ScheduledRehearsal>>(
        SCHEDULED_REHEARSAL_WORKFLOW,
        { workflowId: `rehearsal/${environment}`, taskQueue: TASK_QUEUE, args: [{ environment, ...input }] },
      );
    },
    close: async () => {
      worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

export const statusOf = (handle: Handle) => handle.query<CutoverStatus>('status');

/** The evidence of the open gate as Current Details show it. */
export function shown({ awaiting }: CutoverStatus): string {
  return awaiting === null ? '' : pageMarkdown(awaiting.evidence);
}

export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export const gateOpens = (handle: Handle, gate: Gate): Promise<CutoverStatus> =>
  until(async () => {
    const status = await statusOf(handle);
    if (status.awaiting?.evidence.facts.length === 0) throw new Error(`gate ${status.awaiting.gate} shows nothing`);
    return status.awaiting?.gate === gate ? status : undefined;
  });

export async function decide(handle: Handle, gate: Gate, decision = 'approve', by = 'approver'): Promise<void> {
  const { awaiting } = await gateOpens(handle, gate);
  const note = ['skip', 'give_up'].includes(decision) ? { note: 'known' } : {};
  await handle.executeUpdate('decide', { args: [{ gate, decision, by, question: awaiting?.question, ...note }] });
}

export interface Closed {
  readonly status: string;
  /** Of the failure that closed it. */
  readonly type?: string;
  readonly message?: string;
  readonly report: Report;
}

/** Waits for the end, whichever it is. Time skips meanwhile. */
export async function closed(handle: Handle): Promise<Closed> {
  const failure = await handle.result().then(
    () => undefined,
    (error: { readonly cause?: { readonly type?: string; readonly message: string } }) => error.cause,
  );
  const { report } = await statusOf(handle);
  if (report === null) throw new Error('the closed workflow has no report');
  const status = (await handle.describe()).status.name;
  return {
    status,
    report,
    ...(failure?.type === undefined ? {} : { type: failure.type }),
    ...(failure === undefined ? {} : { message: failure.message }),
  };
}
