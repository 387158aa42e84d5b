import { randomUUID } from 'node:crypto';
import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { createLogger } from '../../config/logger';
import { type CutoverStatus, type Gate } from '../../domain/runbook';
import { type UpgradeFrom } from '../../hydra/paths/registry';
import { mustSucceed } from '../../world/demo/cli-process';
import { type RunningTraffic, startTraffic } from '../../world/demo/run-traffic';
import { seedHistory } from '../../world/demo/seed-history';
import { withClient } from '../../world/hydra';
import { createOauthClient, OauthHttp } from '../../world/oauth';
import { type World, upWorld, workerProcess } from '../../world/up';
import { majorOfTests } from '../support/postgres-major';

const POLL_MS = 150;
/**
 * Every kind of request, while another suite uses the same cores; what many of them do to the pause is for the demo and the
 * benchmarks.
 */
const RATE_PER_SECOND = 20;

/** A world with history and traffic, on which an upgrade is driven through the CLI. */
export class UpgradeWorld {
  private constructor(
    readonly world: World,
    private readonly folder: string,
    private readonly connection: Connection,
    readonly temporal: TemporalClient,
  ) {}

  /** @param grants seeded, which is known of 1.11.10 alone. @param inPlace begins with Hydra 1.3.2 */
  static async start(grants: number, from: UpgradeFrom = '1.11.10', inPlace = false): Promise<UpgradeWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'upgrade-e2e-'));
    chmodSync(folder, 0o711);
    const world = await upWorld({
      keep: false,
      from,
      inPlace,
      postgresMajor: majorOfTests(),
      logger: createLogger({ level: 'error' }),
      env: { ...process.env, HYDRA_CUTOVER_WORLDS: join(folder, 'worlds') },
    });
    await seedHistory(world, grants);
    const connection = await Connection.connect({ address: world.info.temporal.address });
    const temporal = new TemporalClient({ connection, namespace: world.info.temporal.namespace });
    return new UpgradeWorld(world, folder, connection, temporal);
  }

  traffic(options: Parameters<typeof startTraffic>[1] = {}): Promise<RunningTraffic> {
    return startTraffic(this.world, { ratePerSecond: RATE_PER_SECOND, ...options });
  }

  /** @returns what the CLI printed */
  cli(...args: string[]): Promise<string> {
    const { configFile, env } = this.world.info.cutover;
    const [verb = '', ...rest] = args;
    return mustSucceed([verb, '--config', configFile, ...rest], { ...env });
  }

  async start(): Promise<void> {
    await this.cli('start', '--by', 'tests');
  }

  async approve(gate: string, note = 'as agreed'): Promise<string> {
    const question = (await this.status())?.awaiting?.question ?? 'unknown';
    return this.cli('approve', '--gate', gate, '--question', question, '--by', 'tests', '--note', note);
  }

  async status(): Promise<CutoverStatus | undefined> {
    try {
      return await this.temporal.workflow.getHandle('cutover/world').query<CutoverStatus>('status');
    } catch {
      // Nobody answers queries while the worker is away.
      return undefined;
    }
  }

  /** Polls until `wanted` holds. @throws Error when the upgrade is over before, or calls a person */
  async until(what: string, wanted: (status: CutoverStatus) => boolean): Promise<CutoverStatus> {
    return this.poll(what, (status) => {
      if (wanted(status)) return true;
      if (status.awaiting?.gate === 'intervene') throw new Error(`not ${what}: ${status.awaiting.why}`);
      return false;
    });
  }

  /** Gate `intervene` too, at which {@link until} ends. */
  untilAsked(gate: Gate): Promise<CutoverStatus> {
    return this.poll(`gate ${gate}`, ({ awaiting }) => awaiting?.gate === gate);
  }

  async decided(question: string): Promise<void> {
    await this.poll(
      `${question} decided`,
      ({ awaiting, report }) => report !== null || awaiting?.question !== question,
    );
  }

  private async poll(what: string, wanted: (status: CutoverStatus) => boolean): Promise<CutoverStatus> {
    for (;;) {
      const status = await this.status();
      if (status !== undefined && wanted(status)) return status;
      if (status?.report)
        throw new Error(`over before ${what}: ${status.report.outcome} ${status.report.cause?.message}`);
      await sleep(POLL_MS);
    }
  }

  /** SIGKILL, and a new worker at once. */
  async killWorker(configFile = this.world.info.cutover.configFile): Promise<void> {
    const { supervisor, info } = this.world;
    const running = supervisor.processes.find(({ name }) => name === 'worker');
    if (running === undefined) throw new Error('no worker runs');
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
    await supervisor.start(workerProcess(info.runDir, configFile, info.cutover.env));
  }

  /** One query on blue as the master user. */
  async onBlue<Row>(sql: string): Promise<Row[]> {
    const { instance, database } = this.world.info.blue;
    const login = {
      host: instance.host,
      port: instance.port,
      user: instance.masterUser,
      password: instance.masterPassword,
    };
    return withClient(login, database.name, async (client) => (await client.query(sql)).rows as Row[]);
  }

  /** Makes a client through the gateway. @returns whether blue has it. @throws Error when nobody takes the write */
  async writesArriveOnBlue(): Promise<boolean> {
    const { gateway, oauth } = this.world.info;
    const { publicUrl, adminUrl } = gateway;
    const http = new OauthHttp({ publicUrl, adminUrl, adminPrefix: '', issuer: oauth.issuer });
    const id = `written-${randomUUID()}`;
    try {
      await createOauthClient(http, { id });
    } finally {
      await http.close();
    }
    return (await this.onBlue(`SELECT FROM hydra_client WHERE id = '${id}'`)).length === 1;
  }

  async stop(): Promise<void> {
    await this.connection.close();
    await this.world.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
