import { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';

export type SslMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** Everything it takes to log in. Never logged as a whole. */
export interface PostgresLogin {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** A function, so that the secret is in no object that could be printed. */
  readonly password: () => string;
  readonly ssl: { readonly mode: SslMode; /** PEM */ readonly ca?: string };
}

export interface ConnectionOptions {
  /** Shown in pg_stat_activity behind "hydra-cutover". */
  readonly purpose: string;
  /** @default none: `signal` ends the attempt */
  readonly connectTimeoutMs?: number;
  /** Leaves the `search_path` as the role and the database have it: for a database whose tables are not named in full. @default false */
  readonly keepsSearchPath?: boolean;
  /** Sends a statement before the one before it is answered. @default false */
  readonly isPipelined?: boolean;
  /** A statement that is prepared is planned once and not anew for each of its first values, and no plan is compiled. @default false */
  readonly keepsPlans?: boolean;
  /** Destroys the socket when it is aborted, so that a server that hangs does not keep the process. */
  readonly signal?: AbortSignal;
}

export interface Connection {
  readonly client: Client;
  /** Asks the server to end the session and waits for it, at most `limitMs`; then the socket is gone in any case. */
  close(limitMs?: number): Promise<void>;
  /** At once, without telling the server. */
  destroy(): void;
}

/**
 * Far above the longest that a session of ours waits in a transaction for a statement of another one (rounds of the sync; the
 * comparison of both sides says something meanwhile). Transactions that others wait for set less for themselves.
 */
export const IDLE_IN_TRANSACTION_MS = 300_000;
const KEEP_ALIVE_DELAY_MS = 10_000;
const CLOSE_LIMIT_MS = 5_000;

/**
 * How the server notices that whoever holds this session's locks is gone: a host that died or is cut off within about 15 s, also
 * with an answer under way, and a process that stopped in a transaction within {@link IDLE_IN_TRANSACTION_MS}. Any role may set
 * these; where the system does not know one, or the connection is none of TCP, the server goes on without. The timeouts of
 * statements are among them, because a short one could end the statement that sets {@link SESSION_SETTINGS}, and the libraries that any owner
 * of a database may have each session load, because one that is not there ends the login.
 * Source: PostgreSQL manual 13 to 18, "TCP Settings" and "idle_in_transaction_session_timeout".
 */
const STARTUP_SETTINGS: Readonly<Record<string, number | ''>> = {
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 3,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 15_000,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  statement_timeout: 0,
  lock_timeout: 0,
  local_preload_libraries: '',
};

/**
 * What any owner of the database or of a role can set for our sessions (`ALTER DATABASE … SET`, `ALTER ROLE … SET`), and what would
 * change what our statements mean, see or promise. A server that does not know one goes on without. Set once the session is there,
 * so that `pg_settings.reset_val` still says what everybody else gets.
 *
 * `search_path`: what is not PostgreSQL's own is named in full, so that nobody's operator or function comes first. `row_security`: with `off` a policy that hides rows is an error; with `on` hidden rows would be taken for rows that do not exist.
 * `client_connection_check_interval`: the server notices within this time that the client of a running statement is gone.
 * Source: PostgreSQL manual 13 to 18, "Client Connection Defaults" and "Version and Platform Compatibility".
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog, pg_temp',
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  synchronous_commit: 'on',
  transaction_timeout: '0',
  idle_session_timeout: '0',
  client_connection_check_interval: '2s',
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  transform_null_equals: 'off',
  array_nulls: 'on',
  backslash_quote: 'safe_encoding',
  check_function_bodies: 'on',
  client_min_messages: 'warning',
  exit_on_error: 'off',
  default_tablespace: '',
  temp_tablespaces: '',
  default_table_access_method: 'heap',
  default_toast_compression: 'pglz',
  restrict_nonsystem_relation_kind: '',
  createrole_self_grant: '',
  debug_parallel_query: 'off',
  force_parallel_mode: 'off',
  'plpgsql.extra_errors': 'none',
};

/** Compiling a plan takes longer than what such a session asks. */
const PLANNED_ONCE: Readonly<Record<string, string>> = { plan_cache_mode: 'force_generic_plan', jit: 'off' };

/**
 * A role that logs in as somebody else (`ALTER ROLE … SET role`) would act with rights that nobody looked at. What belongs to a library is
 * in no list before that is loaded, which may be later.
 */
const SETTLE_SQL = `
  SELECT pg_catalog.set_config('role', 'none', false), (SELECT pg_catalog.count(pg_catalog.set_config(wanted.name, wanted.value, false))
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS wanted(name, value)
   WHERE pg_catalog.strpos(wanted.name, '.') OPERATOR(pg_catalog.>) 0 OR EXISTS (
     SELECT FROM pg_catalog.pg_settings AS known WHERE pg_catalog.lower(known.name) OPERATOR(pg_catalog.=) pg_catalog.lower(wanted.name)))`;

/**
 * Opens one session, with {@link SESSION_SETTINGS} whatever the role and the database would have it. When the server closed it by {@link Connection.close}, its locks are released.
 *
 * @throws the driver's own errors, to be explained by `explainConnectionError`
 */
export async function openConnection(login: PostgresLogin, options: ConnectionOptions): Promise<Connection> {
  options.signal?.throwIfAborted();
  const socket = new Socket();
  const destroy = () => void socket.destroy(new Error('Connection terminated: it is not needed any more'));
  const release = () => options.signal?.removeEventListener('abort', destroy);
  options.signal?.addEventListener('abort', destroy, { once: true });
  const client = new Client({
    ...clientConfig(login, options),
    stream: () => socket,
  });
  // A connection that breaks between two queries is told by the next query; without a listener it would end the process.
  client.on('error', () => undefined);
  let limit: NodeJS.Timeout | undefined;
  try {
    await client.connect();
    // The driver's own limit ends with the login.
    const late = () => socket.destroy(new Error('timeout expired before the session had its settings'));
    if (options.connectTimeoutMs !== undefined) limit = setTimeout(late, options.connectTimeoutMs);
    const plans = options.keepsPlans === true ? PLANNED_ONCE : { plan_cache_mode: 'auto' };
    const settings = Object.entries({ ...SESSION_SETTINGS, ...plans }).filter(
      ([name]) => name !== 'search_path' || options.keepsSearchPath !== true,
    );
    await client.query(SETTLE_SQL, [settings.map(([name]) => name), settings.map(([, value]) => value)]);
  } catch (error) {
    release();
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(limit);
  }
  return {
    client,
    destroy,
    close: async (limitMs = CLOSE_LIMIT_MS) => {
      release();
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise((resolve) => (timer = setTimeout(resolve, limitMs)));
      await Promise.race([client.end().catch(() => undefined), limit]);
      clearTimeout(timer);
      socket.destroy();
    },
  };
}

function clientConfig(login: PostgresLogin, options: ConnectionOptions): ClientConfig {
  return {
    host: login.host,
    port: login.port,
    database: login.database,
    user: login.user,
    // A function, because pg looks for PGPASSWORD and ~/.pgpass when there is no password.
    password: login.password,
    ssl: sslConfig(login.ssl),
    application_name: `hydra-cutover ${options.purpose}`,
    pipeline: options.isPipelined === true,
    // A firewall that forgets idle connections would otherwise end a session that waits for a long statement.
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    options: Object.entries(STARTUP_SETTINGS)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    connectionTimeoutMillis: options.connectTimeoutMs,
  };
}

/**
 * The modes of libpq in terms of Node; pg itself adds the name to verify. Without `ca` Node's own certificates count, those
 * of NODE_EXTRA_CA_CERTS included.
 * Source: PostgreSQL manual, "SSL Support", "Protection Provided in Different Modes".
 */
export function sslConfig(ssl: PostgresLogin['ssl']): ClientConfig['ssl'] {
  if (ssl.mode === 'disable') return false;
  if (ssl.mode === 'require') return { rejectUnauthorized: false };
  const verified = { rejectUnauthorized: true, ca: ssl.ca };
  return ssl.mode === 'verify-ca' ? { ...verified, checkServerIdentity: () => undefined } : verified;
}
