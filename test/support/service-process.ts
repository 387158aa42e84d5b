import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { cleanEnvironment, typescriptCommand } from '../../world/supervisor';

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** undefined when the body is not JSON. */
  readonly json: unknown;
}

export interface ServiceEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its log. */
  readonly stderr: string;
}

const POLL_MS = 30;
const READY_TIMEOUT_MS = 120_000;

/** One service of the world as a real process, with a folder of its own for config and state. */
export class ServiceProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'service-'));
  readonly configFile = join(this.folder, 'config.json');
  readonly token = randomBytes(8).toString('hex');
  /** What the ready file says: addresses by name. */
  ready: Readonly<Record<string, string>> = {};
  private child: ReturnType<typeof spawn> | undefined;
  private ended: Promise<ServiceEnd> | undefined;
  private log = '';

  /** @param main for example `world/login-app/main.ts` */
  constructor(
    private readonly main: string,
    private readonly env: () => Readonly<Record<string, string>> = () => ({}),
  ) {}

  get stderr(): string {
    return this.log;
  }

  get url(): string {
    return this.ready['url'] ?? '';
  }

  get controlUrl(): string {
    return this.ready['controlUrl'] ?? '';
  }

  async configure(config: object | string): Promise<void> {
    await writeFile(this.configFile, typeof config === 'string' ? config : JSON.stringify(config));
  }

  /** Starts the process. @returns once it is ready; rejects when it ends before */
  async start(): Promise<void> {
    const readyFile = join(this.folder, 'ready.json');
    await rm(readyFile, { force: true });
    this.spawn(['--config', this.configFile, '--ready', readyFile]);
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      const ready = await readFile(readyFile, 'utf8').catch(() => undefined);
      if (ready !== undefined) {
        this.ready = JSON.parse(ready) as Record<string, string>;
        return;
      }
      if (this.child?.exitCode !== null || Date.now() > deadline) throw new Error(`not ready: ${this.log}`);
      await sleep(POLL_MS);
    }
  }

  /** Runs the program with these arguments to its end. */
  async run(args: readonly string[]): Promise<ServiceEnd> {
    this.spawn(args);
    return this.waitForEnd();
  }

  waitForEnd(): Promise<ServiceEnd> {
    return this.ended ?? Promise.reject(new Error('not started'));
  }

  kill(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ServiceEnd> {
    this.kill(signal);
    return this.waitForEnd();
  }

  async dispose(): Promise<void> {
    if (this.child?.exitCode === null && this.child.signalCode === null) await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<ServiceAnswer> {
    return ask('GET', `${this.url}${path}`, headers);
  }

  control(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<ServiceAnswer> {
    return ask(method, `${this.controlUrl}${path}`, { authorization: `Bearer ${this.token}` }, body);
  }

  /** Stages and applies one epoch at the target port. */
  async flip(epoch: number, state: object): Promise<ServiceAnswer> {
    const staged = await this.control('PUT', '/target/staged', { epoch, state });
    return staged.status === 200 ? this.control('POST', '/target/apply', { epoch }) : staged;
  }

  private spawn(args: readonly string[]): void {
    const command = typescriptCommand(this.main, args);
    const env = cleanEnvironment({
      ...command.env,
      CONTROL_TOKEN: this.token,
      GATEWAY_CONTROL_TOKEN: this.token,
      ...this.env(),
    });
    const child = spawn(command.command, [...command.args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.log = '';
    child.stderr.on('data', (chunk: Buffer) => (this.log += chunk.toString('utf8')));
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, stderr: this.log }));
    });
  }
}

/** One request on a connection of its own. */
export async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<ServiceAnswer> {
  const dispatcher = new Agent();
  try {
    const answer = await request(url, {
      dispatcher,
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text, json: parse(text) };
  } finally {
    await dispatcher.destroy();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
