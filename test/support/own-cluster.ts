import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { provisionRoles } from '../../world/rds/cluster/provision-roles';
import { scramVerifier } from '../../hydra/sync/scram-verifier';
import { serverCertificate } from '../../world/rds/cluster/server-certificate';
import { hostBasedAccess, serverSettings } from '../../world/rds/cluster/server-settings';
import { SUPERUSER, withSuperuser } from '../../world/rds/cluster/superuser-session';
import { freePort } from '../../world/net/free-port';
import { worldCertificates } from '../../world/tls/world-certificates';
import { resolvePostgres } from '../../world/toolchain';
import { initCluster, postgresCommand, waitUntilAccepting } from '../../world/toolchain/postgres-cluster';
import { type PostgresMajor } from '../../world/toolchain/types';

const START_MS = 120_000;
const RETRY_MS = 100;
const PASSWORD = 'superuser-of-the-test';

/** A server of its own with the roles of RDS, as the world makes them, and with TLS unless it is told otherwise. */
export class OwnCluster {
  readonly host = '127.0.0.1';
  readonly superuser = { user: SUPERUSER, password: PASSWORD };
  readonly master = { user: 'master', password: 'master-of-the-test' };

  private constructor(
    readonly port: number,
    /** Of the authority behind its certificate. */
    readonly caFile: string,
    private readonly folder: string,
    private readonly launch: () => ChildProcess,
    private server: ChildProcess = launch(),
  ) {}

  /** @param options `settings` of the server beyond those of RDS; `fsync` for a test that crashes it: what was not flushed is lost then. @default false */
  static async start(
    major: PostgresMajor,
    options: {
      readonly tls?: boolean;
      readonly fsync?: boolean;
      readonly settings?: Readonly<Record<string, string>>;
      /** Of `pg_hba.conf`, instead of RDS's. */
      readonly access?: string;
    } = {},
  ): Promise<OwnCluster> {
    const tls = options.tls ?? true;
    const folder = mkdtempSync(join(tmpdir(), 'own-cluster-'));
    chmodSync(folder, 0o755);
    const installation = await resolvePostgres(major);
    const { caFile } = await worldCertificates(join(folder, 'ca'));
    const certificate = tls ? await serverCertificate(join(folder, 'ca'), folder, installation.runAs) : undefined;
    const dataDir = join(folder, 'data');
    await initCluster({ installation, dataDir, superuser: SUPERUSER, password: PASSWORD });
    await writeFile(join(dataDir, 'pg_hba.conf'), options.access ?? hostBasedAccess(tls));
    const port = await freePort();
    const fsync = options.fsync === true ? 'on' : 'off';
    const settings = { ...serverSettings(installation, certificate), fsync, ...options.settings };
    const { command, args, ...how } = postgresCommand({ installation, dataDir, port, settings });
    const { cwd, env, runAs } = how;
    const launch = () => spawn(command, [...args], { cwd, env, stdio: 'ignore', ...runAs });
    const started = new OwnCluster(port, caFile, folder, launch);
    try {
      await waitUntilAccepting(port, { user: SUPERUSER, password: PASSWORD, timeoutMs: START_MS });
      const { user: username, password } = started.master;
      await withSuperuser({ port, password: PASSWORD, database: 'postgres' }, (client) =>
        provisionRoles(client, { username, passwordVerifier: scramVerifier(password) }),
      );
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** What only the provider may. */
  async asSuperuser(sql: string, database = 'postgres'): Promise<void> {
    await withSuperuser({ port: this.port, password: PASSWORD, database }, (client) => client.query(sql));
  }

  async askSuperuser(sql: string, database = 'postgres'): Promise<unknown[]> {
    return withSuperuser({ port: this.port, password: PASSWORD, database }, async (client) => {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows;
    });
  }

  /** As by a lack of memory or power: nothing is flushed. Comes back after its recovery. */
  async crash(): Promise<void> {
    const gone = once(this.server, 'exit');
    this.server.kill('SIGKILL');
    await gone;
    await this.startAgain();
  }

  /** One of its processes dies, and it recovers by itself: the postmaster goes on. */
  async crashBackend(pid: number): Promise<void> {
    // Until the postmaster has noticed, it accepts as before: it has once it ends everybody else.
    const witness = new Client({ host: this.host, port: this.port, ...this.superuser, database: 'postgres' });
    const isEnded = new Promise<void>((resolve) => witness.once('end', resolve));
    witness.on('error', () => undefined);
    await witness.connect();
    process.kill(pid, 'SIGKILL');
    await isEnded;
    await waitUntilAccepting(this.port, { user: SUPERUSER, password: PASSWORD, timeoutMs: START_MS });
  }

  async restart(): Promise<void> {
    const gone = once(this.server, 'exit');
    this.server.kill('SIGINT');
    await gone;
    await this.startAgain();
  }

  /** Again and again, because a server refuses to start while a process of the one that was killed is still ending. */
  private async startAgain(): Promise<void> {
    for (;;) {
      this.server = this.launch();
      const refused = once(this.server, 'exit').then(() => false);
      const accepting = waitUntilAccepting(this.port, { user: SUPERUSER, password: PASSWORD, timeoutMs: START_MS });
      if (await Promise.race([accepting.then(() => true), refused])) return;
      await sleep(RETRY_MS);
    }
  }

  async stop(): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const gone = once(this.server, 'exit');
      this.server.kill('SIGQUIT');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
