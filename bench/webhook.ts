import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { HttpWebhook } from '../adapters/webhook';
import { createLogger } from '../config/logger';
import { NEWS_EVENTS, type News } from '../domain/asides';
import { type Gate, UPGRADE_WORKFLOW } from '../domain/runbook';
import { type Steps } from '../domain/steps';
import { publishSharedServers } from '../test/support/shared-servers';
import { startTemporalDevServer } from '../test/support/temporal-dev-server';
import { fakeSteps, PLAN } from '../test/workflows/support/fake-steps';
import { createTemporalWorker } from '../workers/temporal-worker';
import { decide } from '../test/workflows/support/environment';
import { resolveTemporalCli } from '../world/toolchain';

const RUNS = 20;
const GOAL_MS = 2_000;
const GATES: readonly Gate[] = ['plan', 'cutover', 'finalize'];
/** Of a gate that nobody decides; a quarter of it before its end that is told. */
const UNDECIDED_MS = 8_000;
/** What the environment of a run says of how it goes. */
const HELPED = 'helped';
const UNDECIDED = 'undecided';
const DRAIN = { captured: 2, applied: 1, missing: 1, undoneChanges: 0, byKind: {}, notCarried: [] };

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
  for (const event of Object.keys(NEWS_EVENTS)) {
    const took = heard
      .filter(({ news }) => news.event === event)
      .map(({ news, atMs }) => atMs - Date.parse(news.at))
      .sort((a, b) => a - b);
    const [middle, longest = Infinity] = [took[Math.floor(took.length / 2)], took.at(-1)];
    process.stdout.write(
      `${event.padEnd(13)} ${took.length} told, median ${middle} ms, longest ${longest} ms (goal: ${GOAL_MS} ms)\n`,
    );
    if (longest > GOAL_MS) process.exitCode = 1;
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
  const steps = fakeSteps({
    preflight: async ({ environment }) =>
      environment.startsWith(UNDECIDED)
        ? { ...PLAN, environment, gates: { ...PLAN.gates, planTimeoutMs: UNDECIDED_MS } }
        : { ...PLAN, environment },
    proveDrain: async ({ environment }) =>
      environment.startsWith(HELPED) ? DRAIN : { ...DRAIN, applied: DRAIN.captured, missing: 0 },
  });
  const activities: unknown = { ...steps.activities, tell: (news: News) => webhook.tell(news) };
  const taskQueue = 'bench-webhook';
  const worker = await createTemporalWorker({ address, taskQueue }, activities as Steps, process.env, logger);
  const running = worker.run();
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    for (let n = 0; n < RUNS; n += 1) await upgrade(client, taskQueue, `${HELPED}${n}`);
    const undecided = Array.from({ length: RUNS }, (_, n) => begin(client, taskQueue, `${UNDECIDED}${n}`));
    await Promise.allSettled((await Promise.all(undecided)).map((handle) => handle.result()));
  } finally {
    await connection.close();
    await worker.close();
    await running;
    await webhook.close();
  }
}

function begin(client: Client, taskQueue: string, environment: string) {
  return client.workflow.start(UPGRADE_WORKFLOW, {
    ...{ taskQueue, workflowId: `cutover/${environment}`, args: [{ environment, by: 'bench' }] },
  });
}

async function upgrade(client: Client, taskQueue: string, environment: string): Promise<void> {
  const handle = await begin(client, taskQueue, environment);
  for (const gate of GATES) {
    if (gate === 'finalize') await decide(handle, 'intervene', 'skip');
    await decide(handle, gate);
  }
  await handle.result();
}
