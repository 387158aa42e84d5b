import { errorMessage } from '../../domain/error-message';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type DatabaseInstance } from '../../domain/ports/database-provider';
import {
  type DatabaseAddress,
  type Databases,
  type DatabaseSession,
  type SessionOptions,
} from '../../domain/ports/databases';
import { type SideName } from '../../domain/sides';
import { explainConnectionError, isSessionLost } from './connection-problem';
import {
  type Connection,
  IDLE_IN_TRANSACTION_MS,
  openConnection,
  type PostgresLogin,
  type SslMode,
} from './open-connection';
import { RepeatedStatements } from './repeated-statements';

/** One side's database as the config tells it. */
export interface DatabaseLocation {
  /** Without it: the endpoint of the instance. */
  readonly host?: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: () => string;
  /** See {@link SessionOptions.as}. */
  readonly worker?: { readonly user: string; readonly password: () => string };
  readonly look?: { readonly user: string; readonly password: () => string };
  /** Of the role that Hydra logs in as. */
  readonly hydraPassword?: () => string;
  readonly ssl: { readonly mode: SslMode; readonly ca?: string };
  readonly instanceId?: string;
}

export interface PostgresDatabasesOptions<Name extends string = SideName> {
  readonly sides: Readonly<Record<Name, DatabaseLocation>>;
  /** Asked for the address of a side whose config names no host. */
  readonly provider: { describeInstance(instanceId: string): Promise<DatabaseInstance | undefined> };
  readonly connectTimeoutMs?: number;
  /** Looks whether there are newer passwords, after one was refused. @returns whether there are */
  readonly renewSecrets?: () => Promise<boolean>;
}

interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** To end the server's side of an aborted session; after it `client_connection_check_interval` does. */
const TERMINATE_LIMIT_MS = 2_000;

const SESSION_SQL = `
  SELECT pg_backend_pid() AS pid,
         (SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS "idleMs",
         (SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS started`;

/** {@link Databases} over `pg`: one connection for each session, none is kept. */
export class PostgresDatabases<Name extends string = SideName> implements Databases<Name> {
  readonly #options: PostgresDatabasesOptions<Name>;
  /** Endpoints that the provider told, until one does not answer. */
  readonly #endpoints = new Map<Name, Promise<HostAndPort>>();

  constructor(options: PostgresDatabasesOptions<Name>) {
    this.#options = options;
  }

  async withSession<T>(
    side: Name,
    work: (client: DatabaseSession) => Promise<T>,
    options: SessionOptions = {},
  ): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    const login = await this.#login(side, options);
    const session = await this.#open(side, login, options).catch(async (error: unknown) => {
      const refused = options.login === undefined && isPasswordRefused(error);
      if (!refused || (await this.#options.renewSecrets?.()) !== true) throw error;
      return this.#open(side, login, options);
    });
    try {
      return await work(session);
    } catch (error) {
      if (signal?.aborted === true && !isCutoverFault(error)) throw signal.reason;
      throw error;
    } finally {
      await session.close();
    }
  }

  async address(side: Name): Promise<DatabaseAddress> {
    const { name, user, ssl } = this.#options.sides[side];
    const { host, port } = await this.#endpoint(side);
    return { host, port, database: name, user, sslMode: ssl.mode, ca: ssl.ca };
  }

  async withHydraPassword(side: Name, use: (password: string) => Promise<void>): Promise<boolean> {
    const password = this.#options.sides[side].hydraPassword;
    if (password === undefined) return false;
    await use(password());
    return true;
  }

  async #login(side: Name, { as, login: other }: SessionOptions): Promise<PostgresLogin> {
    const location = this.#options.sides[side];
    const { name, user, password, ssl } = location;
    const ours = (as && location[as]) ?? { user, password };
    const credentials = other ? { user: other.user, password: () => other.password } : ours;
    return { ...(await this.#endpoint(side)), database: name, ssl, ...credentials };
  }

  async #open(side: Name, login: PostgresLogin, options: SessionOptions): Promise<PgSession> {
    const { isPipelined, keepsPlans } = { isPipelined: false, keepsPlans: false, ...options };
    const connect = (purpose: string, connectTimeoutMs: number, signal?: AbortSignal) =>
      openConnection(login, { purpose, connectTimeoutMs, isPipelined, keepsPlans, ...(signal ? { signal } : {}) });
    const connectTimeoutMs = this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    let connection: Connection | undefined;
    try {
      connection = await connect(options.purpose ?? 'worker', connectTimeoutMs, options.signal);
      const server = await describeServer(connection, connectTimeoutMs);
      const reconnect = () => connect('terminate', TERMINATE_LIMIT_MS);
      return new PgSession(connection, server, reconnect, { side, ...login }, options);
    } catch (error) {
      connection?.destroy();
      this.#endpoints.delete(side);
      options.signal?.throwIfAborted();
      throw noSession(error, side, login);
    }
  }

  #endpoint(side: Name): Promise<HostAndPort> {
    const { host, port } = this.#options.sides[side];
    if (host !== undefined) return Promise.resolve({ host, port });
    const known = this.#endpoints.get(side);
    if (known) return known;
    const asked = this.#askProvider(side);
    this.#endpoints.set(side, asked);
    asked.catch(() => this.#endpoints.delete(side));
    return asked;
  }

  async #askProvider(side: Name): Promise<HostAndPort> {
    const { instanceId } = this.#options.sides[side];
    const instance = instanceId === undefined ? undefined : await this.#options.provider.describeInstance(instanceId);
    if (instance?.endpoint) return instance.endpoint;
    const state = instance === undefined ? 'does not exist' : `is ${instance.status} and has no endpoint yet`;
    throw new CutoverFault(
      'DB_UNREACHABLE',
      `no session on ${side}: instance ${instanceId ?? '(none)'} ${state}; wait until it is made, or set ${side}.database.host`,
      { side, instanceId, reason: 'absent' },
    );
  }
}

interface ServerProcess {
  readonly pid: number;
  readonly started: string;
  /** One of the settings that every session of ours asks for. */
  readonly idleMs: string;
}

/** Also proves that the settings that were asked for count: with a pooler in between that ignores them, locks would go astray too. */
async function describeServer(connection: Connection, limitMs: number): Promise<ServerProcess> {
  const asked = connection.client.query<ServerProcess>(SESSION_SQL);
  const { rows } = await answered(connection, limitMs, asked);
  const [server] = rows;
  if (!server) throw new Error('the server reported no process id');
  if (server.idleMs !== String(IDLE_IN_TRANSACTION_MS))
    throw new Error('something dropped the settings of this session');
  return server;
}

/** Destroys the connection of a statement that is not answered in time: what comes later on it would be taken for another answer. */
async function answered<T>(connection: Connection, limitMs: number, asked: Promise<T>): Promise<T> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    connection.destroy();
  }, limitMs);
  try {
    return await asked;
  } catch (error) {
    throw isLate ? new NoAnswer(limitMs, error) : error;
  } finally {
    clearTimeout(timer);
  }
}

class NoAnswer extends Error {
  /** As the system calls it when TCP notices. */
  readonly code = 'ETIMEDOUT';

  constructor(limitMs: number, cause: unknown) {
    super(`a statement was not answered within ${limitMs} ms`, { cause });
  }
}

interface Endpoint {
  readonly side: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

class PgSession implements DatabaseSession {
  readonly backendPid: number;
  readonly isPipelined: boolean;
  readonly #connection: Connection;
  readonly #started: string;
  readonly #reconnect: () => Promise<Connection>;
  readonly #endpoint: Endpoint;
  readonly #signal: AbortSignal | undefined;
  readonly #answerLimitMs: number | undefined;
  readonly #statements: RepeatedStatements | undefined;
  #running = 0;
  #interrupted = false;

  constructor(
    connection: Connection,
    server: ServerProcess,
    reconnect: () => Promise<Connection>,
    endpoint: Endpoint,
    { signal, answerLimitMs, keepsPlans }: SessionOptions,
  ) {
    this.#connection = connection;
    this.isPipelined = connection.client.pipeline;
    this.backendPid = server.pid;
    this.#started = server.started;
    this.#reconnect = reconnect;
    this.#endpoint = endpoint;
    this.#signal = signal;
    this.#answerLimitMs = answerLimitMs;
    this.#statements = keepsPlans === true ? new RepeatedStatements() : undefined;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  // What runs at this moment has to be ended on the server too: a closed socket alone is noticed late, or (13) never.
  readonly #onAbort = () => {
    this.#interrupted = this.#running > 0;
    this.#connection.destroy();
  };

  async query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }> {
    this.#signal?.throwIfAborted();
    this.#running += 1;
    try {
      const name = values === undefined || values.length === 0 ? undefined : this.#statements?.nameOf(text);
      const asked = this.#connection.client.query<Record<string, unknown>>({ text, ...(values && { values, name }) });
      return await (this.#answerLimitMs === undefined ? asked : answered(this.#connection, this.#answerLimitMs, asked));
    } catch (error) {
      // The server may still work on it.
      if (error instanceof NoAnswer) this.#interrupted = true;
      // The statement may have been done before the socket went: that it is unknown is what an abort means.
      this.#signal?.throwIfAborted();
      throw isSessionLost(error) ? lostSession(error, this.#endpoint) : error;
    } finally {
      this.#running -= 1;
    }
  }

  async close(): Promise<void> {
    // The signal still cuts a goodbye that a silent server does not answer.
    await this.#connection.close();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    if (this.#interrupted) await this.#terminate();
  }

  /** The start time is part of the question: the number may be another process's by now. */
  async #terminate(): Promise<void> {
    const connection = await this.#reconnect().catch(() => undefined);
    if (connection === undefined) return;
    const asked = connection.client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2::timestamptz`,
      [this.backendPid, this.#started],
    );
    await answered(connection, TERMINATE_LIMIT_MS, asked).catch(() => undefined);
    await connection.close(TERMINATE_LIMIT_MS);
  }
}

/** Source: PostgreSQL manual, "PostgreSQL Error Codes", class 28. */
function isPasswordRefused(error: unknown): boolean {
  return isCutoverFault(error) && String(error.details['sqlState'] ?? '').startsWith('28');
}

function noSession(error: unknown, side: string, login: PostgresLogin): CutoverFault {
  const { kind, what, fix, sqlState } = explainConnectionError(error, `${side}.database`);
  const endpoint = `${login.host}:${login.port}/${login.database}`;
  return new CutoverFault(
    kind === 'certificate' ? 'DB_UNTRUSTED' : 'DB_UNREACHABLE',
    `no session on ${side}, ${endpoint} as ${login.user}: ${what}; ${fix}`,
    { side, endpoint, reason: kind, sqlState, what, fix },
    error,
  );
}

function lostSession(error: unknown, { side, host, port, database }: Endpoint): CutoverFault {
  const endpoint = `${host}:${port}/${database}`;
  const said = errorMessage(error);
  return new CutoverFault(
    'DB_UNREACHABLE',
    `the session on ${side}, ${endpoint}, ended: ${said}; what was not committed is undone, try again`,
    { side, endpoint, reason: 'lost' },
    error,
  );
}
