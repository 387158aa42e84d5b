import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateDBInstanceCommand,
  type CreateDBInstanceMessage,
  type DBInstance,
  type DBSnapshot,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { type Client } from 'pg';
import { withSession } from '../../../../world/net/with-session';
import { cleanEnvironment, endRecorded, typescriptCommand } from '../../../../world/supervisor';
import { type InstanceStatus } from '../../../../world/rds/model/instance-status';
import { type FaultPlan } from '../../../../world/rds/control/fault-plan';
import { until } from '../../../support/until';

export const MASTER_PASSWORD = 'master-password-1';
const CREDENTIALS = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test-secret' };
const TOKEN = 'control-token';
/** Nothing is measured by these: on a busy machine everything takes several times as long. */
const READY_MS = 120_000;
const WAIT_MS = 120_000;
/** The longest that the endpoint takes. */
const HELD_MS = 600_000;

/** An RDS client that keeps no connection between two requests. */
export function testClient(endpoint: string, credentials = CREDENTIALS, requestTimeout = 60_000): RDSClient {
  const requestHandler = { httpAgent: { keepAlive: false }, requestTimeout, throwOnRequestTimeout: true };
  return new RDSClient({ endpoint, region: 'us-east-1', credentials, requestHandler });
}

/** The endpoint as a process of its own, over a state folder that may outlive several of them. */
export class EndpointProcess {
  readonly dir: string;
  endpoint = '';
  controlEndpoint = '';
  #child: ChildProcess | undefined;
  #stderr = '';

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** @param dir of an earlier one, to go on from. @default a new one */
  static async start(dir?: string): Promise<EndpointProcess> {
    const started = new EndpointProcess(dir ?? (await mkdtemp(join(tmpdir(), 'rds-test-'))));
    await started.#start();
    return started;
  }

  get stateDir(): string {
    return join(this.dir, 'state');
  }

  get runDir(): string {
    return join(this.dir, 'run');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Everything it has logged. */
  get log(): string {
    return this.#stderr;
  }

  get client(): RDSClient {
    return testClient(this.endpoint);
  }

  async #start(): Promise<void> {
    await chmod(this.dir, 0o711);
    const ready = join(this.dir, 'ready.json');
    rmSync(ready, { force: true });
    const { child } = this.spawn(ready);
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    const deadline = Date.now() + READY_MS;
    while (!existsSync(ready)) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await this.signal('SIGKILL');
        throw new Error(`endpoint did not start: ${this.#stderr}`);
      }
      await sleep(30);
    }
    const addresses = JSON.parse(readFileSync(ready, 'utf8')) as { endpoint: string; controlEndpoint: string };
    this.endpoint = addresses.endpoint;
    this.controlEndpoint = addresses.controlEndpoint;
  }

  /** Another process over the same folder; it does not become this fixture's. */
  spawn(ready: string): { child: ChildProcess } {
    const args = ['--state-dir', this.stateDir, '--port', '0', '--control-port', '0', '--run-dir', this.runDir];
    const run = typescriptCommand('world/rds/main.ts', [...args, '--ready', ready]);
    const env = cleanEnvironment({
      ...run.env,
      RDS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      RDS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      RDS_CONTROL_TOKEN: TOKEN,
      ...(process.env['XDG_CACHE_HOME'] === undefined ? {} : { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] }),
    });
    return { child: spawn(run.command, [...run.args], { env, stdio: ['ignore', 'ignore', 'pipe'] }) };
  }

  async signal(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    child.stderr?.destroy();
    return child.exitCode;
  }

  /** Kills this process, leaves its servers alone, and starts another over the same folder. */
  async killAndRestart(): Promise<EndpointProcess> {
    await this.signal('SIGKILL');
    return EndpointProcess.start(this.dir);
  }

  async dispose(): Promise<void> {
    await this.signal('SIGTERM');
    await endRecorded(this.runDir);
    await rm(this.dir, { recursive: true, force: true });
  }

  async faults(plan: FaultPlan): Promise<void> {
    const answer = await fetch(`${this.controlEndpoint}/faults`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${TOKEN}`, connection: 'close' },
      body: JSON.stringify(plan),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }

  /**
   * Keeps instances in these statuses until {@link faults} takes another plan: what is to be met in one of them is met, however
   * late this process comes to look.
   */
  async holdIn(...statuses: readonly InstanceStatus[]): Promise<void> {
    await this.faults({ delaysMs: Object.fromEntries(statuses.map((status) => [status, HELD_MS])) });
  }

  /** Lets go on what {@link holdIn} keeps. */
  async letGo(): Promise<void> {
    await this.faults({});
  }

  /** Sets the master password; the status in between is met on the way. */
  async resetMasterPassword(id: string, password: string): Promise<void> {
    await this.holdIn('resetting-master-credentials');
    await this.client.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: id, MasterUserPassword: password, ApplyImmediately: true }),
    );
    await this.instance(id, 'resetting-master-credentials');
    await this.letGo();
    await this.instance(id, 'available');
  }

  /** Waits until it has logged this: its log comes another way than its answers. */
  async logged(text: string): Promise<void> {
    await until(`the endpoint logs ${text}`, () => this.#stderr.includes(text));
  }

  async createInstance(id: string, changes: Partial<CreateDBInstanceMessage> = {}): Promise<DBInstance> {
    await this.client.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: id,
        DBInstanceClass: 'db.t4g.medium',
        Engine: 'postgres',
        MasterUsername: 'master',
        MasterUserPassword: MASTER_PASSWORD,
        DBName: 'hydra',
        AllocatedStorage: 20,
        BackupRetentionPeriod: 0,
        ...changes,
      }),
    );
    return this.instance(id, 'available');
  }

  /** Waits until the instance has one of these statuses. */
  async instance(id: string, ...statuses: string[]): Promise<DBInstance> {
    return this.#until(`instance ${id} to be ${statuses.join(' or ')}`, async () => {
      const answer = await this.client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
      const [instance] = answer.DBInstances ?? [];
      return {
        found: statuses.includes(instance?.DBInstanceStatus ?? '') ? instance : undefined,
        saw: instance?.DBInstanceStatus,
      };
    });
  }

  /** Waits until the snapshot has one of these statuses. */
  async snapshot(id: string, ...statuses: string[]): Promise<DBSnapshot> {
    return this.#until(`snapshot ${id} to be ${statuses.join(' or ')}`, async () => {
      const answer = await this.client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
      const [snapshot] = answer.DBSnapshots ?? [];
      return { found: statuses.includes(snapshot?.Status ?? '') ? snapshot : undefined, saw: snapshot?.Status };
    });
  }

  async #until<T>(what: string, look: () => Promise<{ found: T | undefined; saw: string | undefined }>): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const { found, saw } = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline)
        throw new Error(`waited for ${what}; it is ${saw ?? 'not there'}. Log: ${this.#stderr.slice(-2_000)}`);
      await sleep(40);
    }
  }

  /** Data folder of an instance. */
  dataDir(instance: DBInstance): string {
    return join(this.stateDir, 'instances', instance.DbiResourceId ?? '', 'data');
  }

  postmasterPid(instance: DBInstance): number {
    return Number.parseInt(readFileSync(join(this.dataDir(instance), 'postmaster.pid'), 'utf8'), 10);
  }
}

export interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

/** A session on an instance, closed in every case. */
export function onInstance<T>(
  instance: DBInstance,
  work: (client: Client) => Promise<T>,
  login: Login = {},
): Promise<T> {
  const config = {
    host: instance.Endpoint?.Address,
    port: instance.Endpoint?.Port,
    user: login.user ?? 'master',
    password: login.password ?? MASTER_PASSWORD,
    database: login.database ?? 'hydra',
  };
  return withSession(config, work);
}
