import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Client, Connection } from '@temporalio/client';
import { type UpgradeInput } from '../../../domain/runbook';
import { type Report } from '../../../domain/receipts';
import { seeWorkers, type WorkersSeen } from '../../../cli/temporal/workers-seen';
import { cleanEnvironment, typescriptCommand } from '../../../world/supervisor';
import { startTemporalDevServer, type TemporalDevServer } from '../../support/temporal-dev-server';
import { closed, decide, gateOpens, type Handle } from '../../workflows/support/environment';

let server: TemporalDevServer;
let connection: Connection;
let client: Client;
const workers = new Set<ChildProcess>();

beforeAll(async () => {
  server = await startTemporalDevServer();
  connection = await Connection.connect({ address: server.address });
  client = new Client({ connection });
});

afterAll(async () => {
  await connection.close();
  await server.stop();
});

/** A worker process of this version, which is the current one from now on. */
async function startWorker(deployment: string, buildId: string): Promise<ChildProcess> {
  const args = [server.address, deployment, deployment, buildId];
  const program = typescriptCommand('test/integration/cli/fake-worker.ts', args);
  const worker = spawn(program.command, [...program.args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: cleanEnvironment(program.env),
  });
  workers.add(worker);
  const said = await Promise.race([once(worker.stdout, 'data'), once(worker, 'exit')]);
  if (!String(said[0]).includes('ready')) throw new Error(`the worker of ${buildId} ended: ${String(said[0])}`);
  return worker;
}

/** All that still run are ended with the test, also when it fails. */
async function withWorkers(work: (deployment: string) => Promise<void>): Promise<void> {
  try {
    await work(`versions-${randomBytes(4).toString('hex')}`);
  } finally {
    await Promise.all([...workers].map(end));
  }
}

async function end(worker: ChildProcess): Promise<void> {
  workers.delete(worker);
  const gone = once(worker, 'close');
  worker.kill('SIGTERM');
  await gone;
}

function begin(taskQueue: string): Promise<Handle> {
  const environment = randomBytes(6).toString('hex');
  return client.workflow.start<(input: UpgradeInput) => Promise<Report>>('upgradeHydra', {
    workflowId: `cutover/${environment}`,
    taskQueue,
    args: [{ environment, by: 'starter' }],
  });
}

async function approve(handle: Handle, ...gates: readonly ('plan' | 'cutover' | 'finalize')[]): Promise<void> {
  for (const gate of gates) await decide(handle, gate);
}

/** Of the processes that did its workflow tasks and its steps, as Temporal's history tells. */
async function pidsOf(handle: Handle): Promise<Set<number>> {
  const { events } = await handle.fetchHistory();
  const identities = (events ?? []).flatMap((event) => [
    event.workflowTaskStartedEventAttributes?.identity,
    event.activityTaskStartedEventAttributes?.identity,
  ]);
  return new Set(identities.flatMap((identity) => /^hydra-cutover (\d+)@/.exec(identity ?? '')?.[1] ?? []).map(Number));
}

/** What `status` would tell about the workers of this run. */
async function toldOf(handle: Handle, taskQueue: string): Promise<WorkersSeen | null> {
  const { workflowId } = handle;
  const description = await handle.describe();
  const session = {
    client,
    connection,
    workflowId,
    taskQueue,
    address: server.address,
    namespace: 'default',
    answerTimeoutMs: 10_000,
    handle,
  };
  return seeWorkers(session, description);
}

describe('a worker with worker.versioning', () => {
  it('ends a cutover on the version that began it, and begins new ones on the current version', () =>
    withWorkers(async (queue) => {
      const first = await startWorker(queue, 'v1');
      const old = await begin(queue);
      await gateOpens(old, 'plan');
      const second = await startWorker(queue, 'v2');
      const young = await begin(queue);
      await Promise.all([old, young].map((handle) => approve(handle, 'plan', 'cutover', 'finalize')));
      expect((await closed(old)).status).toBe('COMPLETED');
      expect((await closed(young)).status).toBe('COMPLETED');
      expect(await pidsOf(old)).toEqual(new Set([first.pid]));
      expect(await pidsOf(young)).toEqual(new Set([second.pid]));
    }));

  it('leaves a cutover waiting while no worker of its version runs, and goes on when one comes back', () =>
    withWorkers(async (queue) => {
      const first = await startWorker(queue, 'v1');
      const handle = await begin(queue);
      await gateOpens(handle, 'plan');
      const second = await startWorker(queue, 'v2');
      await end(first);
      await handle.signal('decideSignal', { gate: 'plan', decision: 'approve', by: 'approver' });
      await gateOpens(await begin(queue), 'plan');
      expect(await pidsOf(handle)).toEqual(new Set([first.pid]));
      expect(await toldOf(handle, queue)).toMatchObject({
        taskQueue: queue,
        version: 'v1',
        versionsPolled: expect.arrayContaining(['v2']) as string[],
      });
      const back = await startWorker(queue, 'v1');
      await gateOpens(handle, 'cutover');
      const pids = await pidsOf(handle);
      expect(pids).toContain(back.pid);
      expect(pids).not.toContain(second.pid);
    }));
});
