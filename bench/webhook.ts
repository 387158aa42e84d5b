import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { asidesOf } from '../activities/keep-asides';
import { HttpWebhook } from '../adapters/webhook';
import { createLogger } from '../config/logger';
import { type News } from '../domain/asides';
import { type Gate, UPGRADE_WORKFLOW } from '../domain/runbook';
import { type Steps } from '../domain/steps';
import { publishSharedServers } from '../test/support/shared-servers';
import { startTemporalDevServer } from '../test/support/temporal-dev-server';
import { fakeSteps } from '../test/workflows/support/fake-steps';
import { createTemporalWorker } from '../workers/temporal-worker';
import { decide } from '../test/workflows/support/environment';
import { resolveTemporalCli } from '../world/toolchain';

const RUNS = 20;
const GOAL_MS = 2_000;
const GATES: readonly Gate[] = ['plan', 'cutover', 'finalize'];

/**
 * How long after something happened the webhook has been told: from the workflow's own time of it to the last byte at the receiver. Real
 * Temporal, worker, webhook and signature; steps that do nothing.
 */
export async function run(): Promise<void> {
  const none = { hydra11110: '', hydra220: '', hydra230: '', temporalTestServer: '', etcd: '' };
  const temporalCli = await resolveTemporalCli({ progress: (line) => process.stderr.write(`${line}\n`) });
  publishSharedServers({
    postgres: { host: '', port: 0, user: '', password: '' },
    binaries: { ...none, temporalCli },
  });
  const heard: { readonly news: News; readonly atMs: number }[] = [];
  const hook = await listen((news) => heard.push({ news, atMs: Date.now() }));
  const temporal = await startTemporalDevServer();
  try {
    await play(temporal.address, hook);
  } finally {
    await temporal.stop();
    await new Promise((resolve) => hook.close(resolve));
  }
  for (const event of [...new Set(heard.map(({ news }) => news.event))]) {
    const took = heard
      .filter(({ news }) => news.event === event)
      .map(({ news, atMs }) => atMs - Date.parse(news.at))
      .sort((a, b) => a - b);
    const [middle, longest] = [took[Math.floor(took.length / 2)], took.at(-1)];
    process.stdout.write(
      `${event.padEnd(12)} ${took.length} told, median ${middle} ms, longest ${longest} ms (goal: ${GOAL_MS} ms)\n`,
    );
  }
}

function listen(onNews: (news: News) => void): Promise<Server> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      onNews(JSON.parse(Buffer.concat(parts).toString()) as News);
      response.writeHead(204).end();
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function play(address: string, hook: Server): Promise<void> {
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
  const webhook = new HttpWebhook({ url, secret: () => 'of the benchmark', timeoutMs: GOAL_MS });
  const logger = createLogger({ level: 'error' });
  const activities: unknown = { ...fakeSteps().activities, ...asidesOf({ webhook }, logger) };
  const taskQueue = 'bench-webhook';
  const worker = await createTemporalWorker({ address, taskQueue }, activities as Steps, process.env, logger);
  const running = worker.run();
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    for (let n = 0; n < RUNS; n += 1) await upgrade(client, taskQueue, `bench${n}`);
  } finally {
    await connection.close();
    await worker.close();
    await running;
    await webhook.close();
  }
}

async function upgrade(client: Client, taskQueue: string, environment: string): Promise<void> {
  const handle = await client.workflow.start(UPGRADE_WORKFLOW, {
    ...{ taskQueue, workflowId: `cutover/${environment}`, args: [{ environment, by: 'bench' }] },
  });
  for (const gate of GATES) await decide(handle, gate);
  await handle.result();
}
