import { type Logger } from '../../../config/logger';
import { CutoverFault } from '../../../domain/faults';
import { isSameProcessAlive } from '../../../scripts/lib/process-identity';
import { forgetProcess, lastLogLines, recordProcess } from '../../supervisor';
import { type PostgresInstallation, type PostgresMajor } from '../../toolchain';
import { postgresCommand, waitUntilAccepting } from '../../toolchain/postgres-cluster';
import { changeInstance } from '../model/change-state';
import { type InstanceRecord } from '../model/records';
import { type StateLayout } from '../state/state-layout';
import { type StateStore } from '../state/state-store';
import { findPostmaster } from './find-postmaster';
import { adoptPostmaster, type Postmaster, startPostmaster, stopPostmaster } from './postmaster';
import { type ServerCertificate } from './server-certificate';
import { serverSettings } from './server-settings';
import { SUPERUSER, SUPERUSER_DATABASE, withSuperuser } from './superuser-session';

/** Crash recovery of a large cluster takes its time. */
const START_TIMEOUT_MS = 10 * 60_000;

export interface ClustersOptions {
  readonly layout: StateLayout;
  readonly store: StateStore;
  readonly runDir: string;
  readonly logger: Logger;
  readonly installation: (major: PostgresMajor) => Promise<PostgresInstallation>;
  /** @default servers without TLS */
  readonly tls?: ServerCertificate;
  /** A server that nobody stopped has ended. */
  readonly onUnexpectedExit: (record: InstanceRecord) => void;
}

/** The server processes of all instances. Starting and stopping only; what that means for an instance is decided elsewhere. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #running = new Map<string, Postmaster>();
  readonly #watching = new AbortController();

  constructor(options: ClustersOptions) {
    this.#options = options;
  }

  /** Whether servers of new instances refuse clients without TLS. */
  get servesTls(): boolean {
    return this.#options.tls !== undefined;
  }

  isRunning(record: InstanceRecord): boolean {
    const postmaster = this.#running.get(record.resourceId);
    return postmaster !== undefined && isSameProcessAlive(postmaster.identity);
  }

  /**
   * Starts the instance's server and waits until it answers.
   * @param database to try with; a cluster that is not set up yet has only `postgres`
   * @throws CutoverFault PROCESS_DIED with the last lines of the server's log | DB_UNREACHABLE
   */
  async start(
    record: InstanceRecord,
    port: number,
    options: { readonly signal: AbortSignal; readonly database?: string },
  ): Promise<void> {
    const { layout, store, runDir, installation } = this.#options;
    const logFile = layout.logFile(record.resourceId);
    const place = await installation(record.identity.major);
    options.signal.throwIfAborted();
    const command = postgresCommand({
      installation: place,
      dataDir: layout.dataDir(record.resourceId),
      port,
      settings: serverSettings(place, this.#options.tls),
    });
    const name = processName(record);
    const postmaster = await startPostmaster(command, logFile, (pid) =>
      recordProcess(runDir, name, pid, { stopSignal: 'SIGINT' }),
    );
    try {
      await store.change((state) =>
        state.instances[record.id]?.resourceId === record.resourceId
          ? changeInstance(state, record.id, { postmaster: postmaster.identity, port })
          : state,
      );
      await this.#untilAccepting(record, port, postmaster, options);
    } catch (error) {
      await stopPostmaster(postmaster.identity);
      throw error;
    }
    this.#watch(record, postmaster);
  }

  /** Takes over a server of this instance that runs already. @returns false when there is none */
  adopt(record: InstanceRecord): boolean {
    const identity = findPostmaster(this.#options.layout.dataDir(record.resourceId), record.postmaster);
    if (identity === undefined) return false;
    recordProcess(this.#options.runDir, processName(record), identity.pid, { stopSignal: 'SIGINT' });
    this.#watch(record, adoptPostmaster(identity, this.#watching.signal));
    return true;
  }

  /** Idempotent; also ends a server that an endpoint before this one left. */
  async stop(record: InstanceRecord): Promise<void> {
    const identity =
      this.#running.get(record.resourceId)?.identity ??
      findPostmaster(this.#options.layout.dataDir(record.resourceId), record.postmaster);
    this.#running.delete(record.resourceId);
    if (identity !== undefined) await stopPostmaster(identity);
    forgetProcess(this.#options.runDir, processName(record));
  }

  /** Ends all servers at once and waits for them. */
  async stopAll(records: readonly InstanceRecord[]): Promise<void> {
    await Promise.all(records.map((record) => this.stop(record)));
    this.#watching.abort();
  }

  async #untilAccepting(
    record: InstanceRecord,
    port: number,
    postmaster: Postmaster,
    options: { readonly signal: AbortSignal; readonly database?: string },
  ): Promise<void> {
    const ended = new AbortController();
    void postmaster.exited.then(() => ended.abort());
    try {
      await waitUntilAccepting(port, {
        user: SUPERUSER,
        password: record.identity.superuserPassword,
        database: options.database ?? SUPERUSER_DATABASE,
        timeoutMs: START_TIMEOUT_MS,
        signal: AbortSignal.any([ended.signal, options.signal]),
      });
    } catch (error) {
      if (!ended.signal.aborted) throw error;
      const lines = lastLogLines(this.#options.layout.logFile(record.resourceId), 5);
      throw new CutoverFault(
        'PROCESS_DIED',
        `the PostgreSQL server of instance ${record.id} ended while it started; its last words: ${lines.join(' | ')}`,
        { instance: record.id },
        error,
      );
    }
    await this.#assertOurs(record, port);
  }

  /** Another server may hold the port, even one with the same password: a restored one has its original's. */
  async #assertOurs(record: InstanceRecord, port: number): Promise<void> {
    const place = { port, password: record.identity.superuserPassword, database: 'template1' };
    const answer = await withSuperuser(place, (client) =>
      client.query<{ data_directory: string }>('SHOW data_directory'),
    );
    if (answer.rows[0]?.data_directory === this.#options.layout.dataDir(record.resourceId)) return;
    throw new CutoverFault(
      'PORT_TAKEN',
      `port ${port} on 127.0.0.1, the endpoint of instance ${record.id}, is in use by another server; end that one`,
      { instance: record.id, port },
    );
  }

  #watch(record: InstanceRecord, postmaster: Postmaster): void {
    this.#running.set(record.resourceId, postmaster);
    void postmaster.exited.then(() => {
      // Whoever stops a server on purpose takes it out of the map first.
      if (this.#running.get(record.resourceId) !== postmaster || this.#watching.signal.aborted) return;
      this.#running.delete(record.resourceId);
      const log = lastLogLines(this.#options.layout.logFile(record.resourceId), 5);
      this.#options.logger.error({ instance: record.id, log }, 'postgresql ended by itself');
      this.#options.onUnexpectedExit(record);
    });
  }
}

function processName(record: InstanceRecord): string {
  return `postgres-${record.id}-${record.resourceId}`;
}
