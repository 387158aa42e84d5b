import { fork, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { CutoverFault } from '../domain/faults';
import { findNginx, NGINX_REMEDY } from '../test/support/nginx';
import { freePort } from '../world/net/free-port';

const TSX = ['--require', require.resolve('tsx/cjs')];
const ROOT = join(__dirname, '..');

/** Everything the benchmark started; ended together, last first. */
export class Processes {
  private readonly children: ChildProcess[] = [];

  private readonly killAll = (): void => {
    for (const child of this.children) child.kill('SIGKILL');
  };

  constructor() {
    process.once('exit', this.killAll);
  }

  keep(child: ChildProcess): ChildProcess {
    this.children.push(child);
    return child;
  }

  async endAll(): Promise<void> {
    for (const child of this.children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    process.removeListener('exit', this.killAll);
  }
}

/** A TypeScript program of this folder that talks over IPC. */
export function forkProgram(processes: Processes, file: string, args: readonly string[] = []): ChildProcess {
  return processes.keep(
    fork(join(__dirname, file), [...args], { execArgv: TSX, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
}

export function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new CutoverFault('PROCESS_DIED', 'a process of the benchmark ended by itself'));
    // The TypeScript loader reports the files it reads over the same channel.
    const onMessage = (message: object) => {
      if (!['port', 'result', 'error'].some((key) => key in message)) return;
      child.off('exit', onExit);
      child.off('message', onMessage);
      resolve(message);
    };
    child.once('exit', onExit);
    child.on('message', onMessage);
  });
}

/** Has a program of this folder do something. @returns its result */
export async function order(child: ChildProcess, command: object): Promise<unknown> {
  const answer = nextMessage(child);
  child.send(command);
  const message = (await answer) as { readonly result?: unknown; readonly error?: string };
  if (message.error !== undefined) throw new CutoverFault('INTERNAL', `${child.spawnargs.at(-1)}: ${message.error}`);
  return message.result;
}

/** Of both proxies and of the side, in files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface BenchGateway {
  readonly port: number;
  readonly adminPort: number;
  readonly controlUrl: string;
  readonly pid: number;
}

/** The gateway as it is deployed: its defaults, access log to a file. */
export async function startBenchGateway(
  processes: Processes,
  folder: string,
  { ports, token, tls }: { ports: readonly [blue: number, green: number]; token: string; tls?: Certificate },
): Promise<BenchGateway> {
  const side = (apiGeneration: 1 | 2) => {
    const url = `http://127.0.0.1:${ports[apiGeneration - 1] ?? 0}`;
    return { publicUrl: url, adminUrl: url, apiGeneration };
  };
  const name = tls === undefined ? 'plain' : 'tls';
  const config = join(folder, `gateway-${name}.json`);
  const ready = join(folder, `ready-${name}.json`);
  await writeFile(
    config,
    JSON.stringify({
      listeners: { public: { port: 0, ...(tls && { tls }) }, admin: { port: 0 }, control: { port: 0 } },
      sides: { blue: side(1), green: side(2) },
      stateFile: `state-${name}.json`,
      hold: { maxParked: 20_000, deadlineMs: 60_000, maxParkedMs: 60_000 },
    }),
  );
  const log = openSync(join(folder, 'gateway-access.log'), 'a');
  const child = processes.keep(
    spawn(process.execPath, [...TSX, join(ROOT, 'gateway', 'main.ts'), '--config', config, '--ready', ready], {
      cwd: ROOT,
      stdio: ['ignore', log, openSync(join(folder, 'gateway.log'), 'a')],
      env: { ...process.env, GATEWAY_CONTROL_TOKEN: token },
    }),
  );
  while (!existsSync(ready)) {
    if (child.exitCode !== null)
      throw new CutoverFault('PROCESS_DIED', readFileSync(join(folder, 'gateway.log'), 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const urls = JSON.parse(readFileSync(ready, 'utf8')) as { publicUrl: string; adminUrl: string; controlUrl: string };
  const [port = 0, adminPort = 0] = [urls.publicUrl, urls.adminUrl].map((url) => Number(new URL(url).port));
  return { port, adminPort, controlUrl: urls.controlUrl, pid: child.pid ?? 0 };
}

/** @throws CutoverFault TOOL_MISSING with the command that installs it */
export function requireNginx(environment: NodeJS.ProcessEnv): string {
  const found = findNginx(environment);
  if (found === undefined) throw new CutoverFault('TOOL_MISSING', `no nginx runs here; ${NGINX_REMEDY}`);
  return found;
}

/** nginx as a proxy for the same side: one process, kept connections to the side, access log to a file. */
export async function startNginx(
  processes: Processes,
  binary: string,
  folder: string,
  upstreamPort: number,
  tls: Certificate,
): Promise<{ readonly port: number; readonly tlsPort: number; readonly pid: number }> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const config = join(folder, 'nginx.conf');
  const at = (name: string) => join(folder, name);
  await writeFile(
    config,
    `worker_processes 1; master_process off; daemon off; pid ${at('nginx.pid')}; error_log ${at('nginx.log')};
events { worker_connections 4096; }
http {
  access_log ${at('nginx-access.log')} combined buffer=8k flush=1s;
  client_body_temp_path ${at('body')}; proxy_temp_path ${at('proxy')}; fastcgi_temp_path ${at('fastcgi')};
  uwsgi_temp_path ${at('uwsgi')}; scgi_temp_path ${at('scgi')};
  keepalive_requests 10000000;
  upstream side { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl; ssl_certificate ${tls.certFile}; ssl_certificate_key ${tls.keyFile};
    ssl_protocols TLSv1.3;
    location / {
      proxy_pass http://side; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`,
  );
  const child = processes.keep(
    spawn(binary, ['-p', folder, '-c', config, '-e', at('nginx.log')], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new CutoverFault('TOOL_UNUSABLE', readFileSync(at('nginx.log'), 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port, tlsPort, pid: child.pid ?? 0 };
}

/** Linux counts in hundredths of a second. Source: proc(5), utime and stime. */
const TICK_MS = 10;

/** What a process has taken of the processors so far. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
