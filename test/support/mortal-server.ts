import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../../world/net/free-port';
import { copyTree } from '../../world/rds/snapshot/copy-tree';
import { takeSnapshot } from '../../world/rds/snapshot/take-snapshot';
import { type PostgresInstallation, resolvePostgres } from '../../world/toolchain';
import { postgresCommand, waitUntilAccepting } from '../../world/toolchain/postgres-cluster';
import { withClient } from '../../world/hydra';
import { sharedServers } from './shared-servers';

/** As fast as a server can be that loses nothing it promised, and that promises nothing unless it is asked to. */
const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'off',
  wal_writer_delay: '10s',
  autovacuum: 'off',
  shared_buffers: '32MB',
  max_connections: 60,
} as const;
const START_MS = 120_000;
/** Until the processes of the server before are gone. */
const RETRY_MS = 100;

/** A server of its own that can be killed and comes back with what was durable; it holds the templates of the shared server. */
export class MortalServer {
  readonly host = '127.0.0.1';
  readonly user = sharedServers().postgres.user;
  readonly password = sharedServers().postgres.password;
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly dataDir: string,
    private readonly installation: PostgresInstallation,
  ) {}

  /** Physical copies of the shared server; much faster than to migrate twice. */
  static async startMany(count: number): Promise<readonly MortalServer[]> {
    const installation = await resolvePostgres(15);
    const { runAs } = installation;
    const { port, user: superuser, password: superuserPassword } = sharedServers().postgres;
    const folder = mkdtempSync(join(tmpdir(), 'mortal-'));
    chmodSync(folder, 0o755);
    const snapshot = join(folder, 'snapshot');
    await takeSnapshot({
      port,
      superuser,
      superuserPassword,
      dataDir: await dataDirectory(),
      targetDir: snapshot,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const servers: MortalServer[] = [];
    for (let made = 0; made < count; made += 1) {
      const dataDir = join(folder, `data-${made}`);
      await copyTree({ source: snapshot, target: dataDir, ...(runAs === undefined ? {} : { owner: runAs }) });
      const server = new MortalServer(await freePort(), dataDir, installation);
      servers.push(server);
      await server.start();
    }
    await rm(snapshot, { recursive: true, force: true });
    return servers;
  }

  async createDatabase(name: string, template: string): Promise<void> {
    await withClient(this, 'postgres', (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  }

  /** Returns when it takes connections. */
  async start(): Promise<void> {
    const { port, dataDir, installation, user, password } = this;
    const { command, args, cwd, env, runAs } = postgresCommand({ installation, dataDir, port, settings: SETTINGS });
    for (;;) {
      const server = spawn(command, [...args], { cwd, env, stdio: 'ignore', ...runAs });
      const ended = new AbortController();
      server.once('exit', () => ended.abort(new Error('the server ended')));
      this.#process = server;
      try {
        await waitUntilAccepting(port, { user, password, timeoutMs: START_MS, signal: ended.signal });
        return;
      } catch (error) {
        if (!ended.signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** As the machine's end: nothing is written any more, nobody is told. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGQUIT');
    await rm(this.dataDir, { recursive: true, force: true });
    // The last one takes what they had in common.
    await rmdir(dirname(this.dataDir)).catch(() => undefined);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill(signal);
    await gone;
  }
}

async function dataDirectory(): Promise<string> {
  return withClient(sharedServers().postgres, 'postgres', async (client) => {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return rows[0]?.data_directory ?? '';
  });
}
