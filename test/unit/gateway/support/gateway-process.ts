import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlClient, TEST_TOKEN, testConfig, type ControlClient, type TestGatewayOptions } from './test-gateway';

const ROOT = join(__dirname, '..', '..', '..', '..');
const FROM_SOURCE = ['--require', require.resolve('tsx/cjs'), join(ROOT, 'gateway', 'main.ts')];

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface GatewayProcess extends ControlClient {
  readonly pid: number;
  readonly publicUrl: string;
  readonly publicPort: number;
  readonly adminUrl: string;
  readonly adminPort: number;
  readonly controlUrl: string;
  readonly statusUrl?: string;
  readonly exited: Promise<Ended>;
  kill(signal: NodeJS.Signals): Promise<Ended>;
}

/** A folder for gateways that run as processes of their own, one after the other on the same state. */
export class GatewayHome {
  private readonly children = new Set<ChildProcess>();
  private readonly killAll = (): void => {
    for (const child of this.children) child.kill('SIGKILL');
  };
  private starts = 0;

  private constructor(
    readonly folder: string,
    private readonly program: readonly string[],
    private readonly output: number | 'ignore',
  ) {
    process.once('exit', this.killAll);
  }

  /**
   * @param program arguments of Node.js; without them `gateway/main.ts` as it is here
   * @param output a file descriptor for what it logs
   */
  static async create(
    program: readonly string[] = FROM_SOURCE,
    output: number | 'ignore' = 'ignore',
  ): Promise<GatewayHome> {
    return new GatewayHome(await mkdtemp(join(tmpdir(), 'gateway-process-')), program, output);
  }

  get stateFile(): string {
    return join(this.folder, 'gateway.json');
  }

  /** Starts it and waits until it serves. */
  async start(options: TestGatewayOptions = {}): Promise<GatewayProcess> {
    const { child, exited, ready } = await this.run(testConfig(this.folder, options), options.environment);
    const urls = await Promise.race([readyFile(ready), exited.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
    return {
      ...urls,
      pid: child.pid ?? 0,
      publicPort: Number(new URL(urls.publicUrl).port),
      adminPort: Number(new URL(urls.adminUrl).port),
      ...controlClient(urls.controlUrl, TEST_TOKEN),
      exited,
      kill: (signal) => {
        child.kill(signal);
        return exited;
      },
    };
  }

  /** Runs it with a config that should make it end by itself. */
  async runToEnd(config: Record<string, unknown>): Promise<Ended> {
    return (await this.run(config)).exited;
  }

  async close(): Promise<void> {
    this.killAll();
    process.removeListener('exit', this.killAll);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async run(config: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}) {
    this.starts += 1;
    const configFile = join(this.folder, `config-${this.starts}.yaml`);
    const ready = join(this.folder, `ready-${this.starts}.json`);
    await writeFile(configFile, JSON.stringify(config));
    const child = spawn(process.execPath, [...this.program, '--config', configFile, '--ready', ready], {
      cwd: ROOT,
      env: { ...process.env, GATEWAY_CONTROL_TOKEN: TEST_TOKEN, ...environment },
      stdio: ['ignore', this.output, 'pipe'],
    });
    this.children.add(child);
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const exited = new Promise<Ended>((resolve) => {
      child.once('close', (code, signal) => {
        this.children.delete(child);
        resolve({ code, signal, stderr });
      });
    });
    return { child, exited, ready };
  }
}

interface Urls {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly statusUrl?: string;
}

async function readyFile(file: string): Promise<Urls> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as Urls;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
