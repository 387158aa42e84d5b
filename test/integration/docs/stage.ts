import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDigest } from '../../../config/digest';
import { loadConfig } from '../../../config/load';
import { STEPS } from '../../../activities';
import { traceSteps } from '../../../activities/trace-steps';
import { cleanEnvironment, typescriptCommand } from '../../../world/supervisor';
import { cliInProcess } from '../../support/cli-in-process';
import { sharedServers } from '../../support/shared-servers';
import { startTemporalDevServer, type TemporalDevServer } from '../../support/temporal-dev-server';
import { GreenFixture, stepContext } from '../activities/green-fixture';
import { fixtureSides, useAws } from '../cli/fixture-cli';
import { MASTER_PASSWORD } from '../world/rds/endpoint-fixture';
import { until } from '../../support/until';

export const ENVIRONMENT = 'prod-eu';
export const CONFIG_FILE = 'hydra-cutover.yaml';
export const BUILD_ID = 'build-1';
const TASK_QUEUE = 'docs-test';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the documents' reader has around: a config, databases behind an RDS endpoint, Temporal, a worker. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'docs-'));
  #aws: ReturnType<typeof useAws> | undefined;
  #fixture: GreenFixture | undefined;
  #server: TemporalDevServer | undefined;
  #worker: ChildProcess | undefined;
  #versioned: ChildProcess | undefined;
  #address = '';

  async open(): Promise<void> {
    const [fixture] = await Promise.all([GreenFixture.start(), this.#startTemporal()]);
    this.#fixture = fixture;
    this.#aws = useAws(fixture);
    writeFileSync(join(this.folder, CONFIG_FILE), JSON.stringify(this.#config(), undefined, 2));
    this.fail([]);
    this.#writeShims();
    this.#worker = this.#startWorker();
  }

  /** As `plan` prints it. */
  configDigest(): string {
    return configDigest(loadConfig({ file: CONFIG_FILE, cwd: this.folder, env: this.#environment() }));
  }

  async close(): Promise<void> {
    this.#aws?.restore();
    for (const child of [this.#versioned, this.#worker]) await end(child);
    await this.#server?.stop();
    await this.#fixture?.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** From now on these steps fail for good. */
  fail(steps: readonly string[]): void {
    writeFileSync(join(this.folder, 'failing.json'), JSON.stringify(steps));
  }

  /** Runs one verb in this process. */
  cli(args: readonly string[]): Promise<Ended> {
    return cliInProcess(args, { env: this.#environment(), cwd: this.folder });
  }

  /** Runs a line by a shell; `hydra-cutover`, `temporal` and `psql` are on its path. */
  shell(line: string, environment: NodeJS.ProcessEnv = {}, untilSaid?: string): Promise<Ended> {
    const child = spawn('bash', ['-c', `set -o pipefail; ${untilSaid === undefined ? '' : 'exec '}${line}`], {
      cwd: this.folder,
      env: { ...this.#environment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr, isTold] = ['', '', false];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (isTold || untilSaid === undefined || !stderr.includes(untilSaid)) return;
      // Once: a second one would end it at once.
      isTold = true;
      child.kill('SIGTERM');
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  /** What a run leaves on blue whose Temporal is gone. @returns the id of that cutover */
  async leaveCutover(): Promise<string> {
    if (this.#fixture === undefined) throw new Error('the stage is not open');
    const cutoverId = randomUUID();
    const input = { cutoverId, environment: ENVIRONMENT, startedBy: 'alice' };
    await traceSteps(STEPS).enableCapture(this.#fixture.deps(), input, stepContext());
    return cutoverId;
  }

  /** A second worker, of a version. */
  async startVersion(): Promise<void> {
    this.#versioned ??= this.#startWorker(BUILD_ID);
    const known = `temporal worker deployment describe-version --deployment-name hydra-cutover --build-id ${BUILD_ID}`;
    await until(known, async () => (await this.shell(known)).code === 0, { everyMs: 200 });
  }

  async endVersion(): Promise<void> {
    if (this.#versioned === undefined) return;
    // New runs would wait for a worker of the current version.
    const back = 'temporal worker deployment set-current-version --deployment-name hydra-cutover --unversioned --yes';
    const { code, stderr } = await this.shell(`${back} --ignore-missing-task-queues`);
    await end(this.#versioned);
    if (code !== 0) throw new Error(stderr);
    this.#versioned = undefined;
  }

  #startWorker(...version: string[]): ChildProcess {
    const file = 'test/integration/docs/steerable-worker.ts';
    const control = join(this.folder, 'failing.json');
    const { command, args, env } = typescriptCommand(file, [this.#address, TASK_QUEUE, control, ...version]);
    return spawn(command, [...args], { stdio: ['ignore', 'ignore', 'inherit'], env: cleanEnvironment(env) });
  }

  async #startTemporal(): Promise<void> {
    this.#server = await startTemporalDevServer();
    this.#address = this.#server.address;
  }

  #config(): object {
    return {
      environment: { name: ENVIRONMENT, production: true },
      temporal: { address: this.#address, taskQueue: TASK_QUEUE },
      checks: { timeoutMs: 20_000 },
      log: { level: 'error' },
      ...fixtureSides(),
    };
  }

  #environment(): NodeJS.ProcessEnv {
    const path = `${join(this.folder, 'bin')}:${process.env['PATH'] ?? ''}`;
    const { env } = typescriptCommand('cli/main.ts');
    return cleanEnvironment({
      ...env,
      ...this.#aws?.env,
      PATH: path,
      MASTER: MASTER_PASSWORD,
      MASTER_DSN: 'postgresql://master@db.test/postgres',
      TEMPORAL_ADDRESS: this.#address,
    });
  }

  #writeShims(): void {
    const { command, args } = typescriptCommand('cli/main.ts');
    const quoted = [command, ...args].map((word) => `'${word}'`).join(' ');
    const shims = {
      'hydra-cutover': `exec ${quoted} "$@"`,
      temporal: `exec '${sharedServers().binaries.temporalCli}' "$@"`,
      // The master user's client: what it gets is proven in test/integration/hydra/privileges.
      psql: 'grep -q "CREATE ROLE"',
    };
    mkdirSync(join(this.folder, 'bin'));
    for (const [name, script] of Object.entries(shims)) {
      const file = join(this.folder, 'bin', name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
    }
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
