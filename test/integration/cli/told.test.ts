import { spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type News } from '../../../domain/asides';
import { REPORT_HTML_BYTES_MAX } from '../../../domain/evidence/report-html';
import { cleanEnvironment, typescriptCommand } from '../../../world/supervisor';
import { cliInProcess } from '../../support/cli-in-process';
import { serveHttp, type TestServer } from '../../support/http-server';
import { startTemporalDevServer, type TemporalDevServer } from '../../support/temporal-dev-server';
import { until } from '../../support/until';

const SECRET = 'the key of the webhook';

let folder = '';
let server: TemporalDevServer;
let hook: TestServer;
const heard: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-told-'));
  mkdirSync(join(folder, 'reports'));
  hook = await serveHttp((request, response, body) => {
    heard.push({ headers: request.headers, body });
    response.writeHead(204).end();
  });
  server = await startTemporalDevServer();
});

afterAll(async () => {
  await server.stop();
  await hook.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A blue that nobody can reach: the run is refused by its preflight, which is an end as any other. */
function configFile(): string {
  const side = (name: string, port: number, hydraVersion: string) => ({
    ...{ hydraVersion, rdsInstanceId: name },
    publicUrl: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${port + 2}`,
    database: { host: '127.0.0.1', port, name: 'hydra', user: 'master', password: '${env:DB_PASSWORD}' },
  });
  const file = join(folder, 'config.json');
  const config = {
    environment: { name: 'told' },
    temporal: { address: server.address, taskQueue: 'told' },
    rds: { region: 'us-east-1' },
    blue: side('blue', 3, '1.11.10'),
    green: side('green', 4, '2.3.0'),
    report: { to: join(folder, 'reports') },
    webhook: { url: `${hook.url}/told`, secret: '${env:HOOK_SECRET}' },
    worker: { health: { port: 0 } },
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

it('a real worker polls, keeps the report whole, tells its end, signed, and ends cleanly; the command line reads it without Temporal', async () => {
  const file = configFile();
  const ready = join(folder, 'ready.json');
  const { command, args, env } = typescriptCommand('workers/main.ts', ['--config', file, '--ready', ready]);
  const secrets = {
    ...{ DB_PASSWORD: 'never-told', HOOK_SECRET: SECRET, AWS_ENDPOINT_URL_RDS: 'http://127.0.0.1:1' },
    ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'never-told-either', AWS_MAX_ATTEMPTS: '1' },
  };
  const worker = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment({ ...env, ...secrets }),
  });
  const gone = once(worker, 'close');
  const [output, log] = [worker.stdout, worker.stderr].map((stream) => {
    const said: string[] = [];
    stream.setEncoding('utf8').on('data', (part: string) => said.push(part));
    return () => said.join('');
  });
  const cli = (...words: string[]) => cliInProcess([...words, '--config', file], { env: secrets, cwd: folder });
  try {
    await until('a worker', () => existsSync(ready));
    const told = JSON.parse(readFileSync(ready, 'utf8')) as { readonly healthPort: number };
    expect(told).toMatchObject({ address: server.address, taskQueue: 'told' });
    const metrics = await (await fetch(`http://127.0.0.1:${told.healthPort}/metrics`)).text();
    // Ours, and those of Temporal's SDK.
    expect(metrics).toContain('hydra_cutover_worker_polling{environment="told"} 1');
    expect(metrics).toMatch(/^temporal_\w+/m);
    expect((await cli('start', '--by', 'alice', '--note', 'change 4711', '--wait')).code).toBe(3);
    await until('the end to be told', () => heard.length > 0);
  } finally {
    worker.kill('SIGTERM');
    await gone;
  }
  expect([worker.exitCode, output?.()]).toEqual([0, '']);
  for (const line of log?.().trim().split('\n') ?? []) expect(() => JSON.parse(line) as unknown).not.toThrow();

  const [{ headers, body }] = heard as [(typeof heard)[number]];
  const news = JSON.parse(body) as News;
  expect(news).toMatchObject({ event: 'ended', environment: 'told', outcome: 'refused', report: { kept: 'file' } });
  const [, at = '', signature] = /^t=(\d+),v1=(\w+)$/.exec(String(headers['x-hydra-cutover-signature'])) ?? [];
  expect(signature).toBe(createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex'));

  const names = readdirSync(join(folder, 'reports')).sort();
  expect(names.map((name) => name.replace(/.*\./, ''))).toEqual(['html', 'json', 'sha256']);
  const [html = '', json = '', sums = ''] = names.map((name) => readFileSync(join(folder, 'reports', name), 'utf8'));
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(news.report).toMatchObject({ sha256: hash(html), path: join(folder, 'reports', names[0] ?? '') });
  expect(sums).toBe(`${hash(html)}  ${names[0]}\n${hash(json)}  ${names[1]}\n`);
  expect(statSync(join(folder, 'reports', names[0] ?? '')).size).toBeLessThanOrEqual(REPORT_HTML_BYTES_MAX);
  expect(html).toContain('change 4711');
  for (const text of [html, json, body]) expect(text).not.toContain('never-told');

  // As after Temporal's retention: what it knew is gone.
  const lost = ['--set', 'temporal.namespace=forgotten', '--set', 'checks.timeoutMs=2000'];
  const read = await cli('report', '--run', news.cutoverId, ...lost);
  expect(read).toMatchObject({ code: 3, stdout: expect.stringContaining('alice: change 4711') as string });
  const listed = await cli('history');
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(names[1] ?? 'none') as string });
});
