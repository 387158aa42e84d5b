import { errorMessage } from '../../domain/error-message';
import { readFileSync } from 'node:fs';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { CutoverFault } from '../../domain/faults';

export interface PostgresLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Connects with TLS and verifies the server by this authority. @default without TLS */
  readonly caFile?: string;
}

export interface HydraDatabase {
  readonly role: string;
  readonly password: string;
  readonly database: string;
  /** As in {@link PostgresLogin}. */
  readonly caFile?: string;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Makes a role for Hydra and a database that it owns, as an operator of RDS does: through the master user, who is no
 * superuser. Idempotent; an existing role gets the password.
 *
 * @throws CutoverFault DB_UNREACHABLE
 * Source: PostgreSQL manual, "CREATE DATABASE" (the creator must be a member of the owning role), "Predefined Roles"
 * (pg_database_owner owns the public schema from 15 on).
 */
export async function createHydraDatabase(master: PostgresLogin, wanted: HydraDatabase): Promise<void> {
  const role = escapeIdentifier(wanted.role);
  await withClient(master, 'postgres', async (client) => {
    const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [wanted.role]);
    const verb = known.rowCount === 0 ? 'CREATE' : 'ALTER';
    await client.query(`${verb} ROLE ${role} LOGIN PASSWORD ${escapeLiteral(wanted.password)}`);
    await client.query(`GRANT ${role} TO CURRENT_USER`);
    const exists = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [wanted.database]);
    if (exists.rowCount === 0) {
      await client.query(`CREATE DATABASE ${escapeIdentifier(wanted.database)} OWNER ${role}`);
    }
  });
}

/** Makes a role that may log in and owns nothing. Idempotent; an existing one gets the password. @throws CutoverFault DB_UNREACHABLE */
export async function createLogin(master: PostgresLogin, name: string, password: string): Promise<void> {
  await withClient(master, 'postgres', async (client) => {
    const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
    const verb = known.rowCount === 0 ? 'CREATE' : 'ALTER';
    await client.query(`${verb} ROLE ${escapeIdentifier(name)} LOGIN PASSWORD ${escapeLiteral(password)}`);
  });
}

/** Hydra's own default is two for each CPU: on a small machine its readiness probe would wait behind every slow query. */
const HYDRA_POOL = 20;

/** @returns never to be logged: it holds the password */
export function databaseUrl(host: string, port: number, wanted: HydraDatabase): string {
  const credentials = `${encodeURIComponent(wanted.role)}:${encodeURIComponent(wanted.password)}`;
  const tls =
    wanted.caFile === undefined
      ? 'sslmode=disable'
      : `sslmode=verify-full&sslrootcert=${encodeURIComponent(wanted.caFile)}`;
  return `postgres://${credentials}@${host}:${port}/${encodeURIComponent(wanted.database)}?${tls}`;
}

/** @returns a DSN as Hydra reads it, with the size of its pool; never to be logged */
export function hydraDsn(host: string, port: number, wanted: HydraDatabase, connections = HYDRA_POOL): string {
  return `${databaseUrl(host, port, wanted)}&max_conns=${connections}&max_idle_conns=${connections}`;
}

/** Runs `work` in one session. @throws CutoverFault DB_UNREACHABLE when there is no session to be had */
export async function withClient<T>(
  login: PostgresLogin,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const endpoint = `${login.host}:${login.port}`;
  const { caFile, ...address } = login;
  const client = new Client({
    ...address,
    ...(caFile === undefined ? {} : { ssl: { ca: readFileSync(caFile, 'utf8') } }),
    database,
    application_name: 'hydra-cutover world',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A server that ends the session reports it here too; the query that fails is what counts.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    const said = errorMessage(error);
    throw new CutoverFault(
      'DB_UNREACHABLE',
      `no session on ${endpoint}, database ${database}, as ${login.user}: ${said}`,
      { endpoint },
      error,
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
