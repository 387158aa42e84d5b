import { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';
import { type Config, type SideConfig, type SideName } from '../../config/schema';
import { fail, type CheckOutcome } from './check';
import { errorCode, errorMessage, isCertificateError, unreachableReason } from './network-errors';
import { describeInstance } from './rds-instances';
import { absent } from './side-outcome';

/** What a refusal to connect means, by SQLSTATE. Source: PostgreSQL manual, "PostgreSQL Error Codes". */
const REFUSALS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  '28P01': ['the server refuses the password', 'correct the password or the user'],
  '28000': [
    'the server refuses this role from this host',
    'correct the user, or allow it in pg_hba.conf or by security groups and TLS mode',
  ],
  '3D000': ['the database does not exist', 'correct the name of the database'],
  '42501': ['the role may not do this', 'grant it CONNECT on the database'],
  '53300': ['the server has no connection left', 'free some, or raise max_connections'],
  '57P03': ['the server is starting or shutting down', 'wait until it is up'],
};

/**
 * Opens one session on a side's database, lets `judge` look, and closes it. What keeps it from connecting becomes the
 * outcome.
 *
 * @param signal destroys the socket when it aborts, so that a server that hangs does not keep the process
 */
export async function withSession(
  config: Config,
  side: SideName,
  signal: AbortSignal,
  judge: (client: Client, endpoint: string) => Promise<CheckOutcome>,
): Promise<CheckOutcome> {
  const database = config[side].database;
  const address = await databaseAddress(config, side, signal).catch(() => 'unknown' as const);
  if (address === 'unknown') {
    return fail('the RDS API did not tell the endpoint of the instance', `see the check "${side} RDS instance"`);
  }
  if (address === undefined)
    return absent(side, 'there is no instance to connect to yet', `check ${side}.rdsInstanceId`);
  const endpoint = `${address.host}:${address.port}/${database.name}`;
  const socket = new Socket();
  const destroy = () => socket.destroy(new Error('the check reached its deadline'));
  signal.addEventListener('abort', destroy, { once: true });
  const client = new Client({ ...clientConfig(database, address), stream: () => socket });
  // A connection that breaks between two queries is told by the next query; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await judge(client, endpoint);
  } catch (error) {
    return explain(error, side, endpoint, database.user);
  } finally {
    signal.removeEventListener('abort', destroy);
    socket.destroy();
  }
}

async function databaseAddress(
  config: Config,
  side: SideName,
  signal: AbortSignal,
): Promise<{ host: string; port: number } | undefined> {
  const { database, rdsInstanceId } = config[side];
  if (database.host !== undefined) return { host: database.host, port: database.port };
  if (rdsInstanceId === undefined) return undefined;
  const instance = await describeInstance(config.rds.region, rdsInstanceId, signal);
  const endpoint = instance?.Endpoint;
  return endpoint?.Address === undefined ? undefined : { host: endpoint.Address, port: endpoint.Port ?? database.port };
}

function clientConfig(database: SideConfig['database'], address: { host: string; port: number }): ClientConfig {
  return {
    host: address.host,
    port: address.port,
    database: database.name,
    user: database.user,
    // A function, because pg looks for PGPASSWORD and ~/.pgpass when there is no password.
    password: () => database.password?.reveal() ?? '',
    ssl: sslConfig(database.ssl),
    application_name: 'hydra-cutover doctor',
  };
}

/**
 * The modes of libpq in terms of Node; pg itself adds the name to verify. Without `ca` Node's own certificates count, those
 * of NODE_EXTRA_CA_CERTS included.
 * Source: PostgreSQL manual, "SSL Support", "Protection Provided in Different Modes".
 */
function sslConfig(ssl: SideConfig['database']['ssl']): ClientConfig['ssl'] {
  if (ssl.mode === 'disable') return false;
  if (ssl.mode === 'require') return { rejectUnauthorized: false };
  const verified = { rejectUnauthorized: true, ...(ssl.ca === undefined ? {} : { ca: ssl.ca }) };
  return ssl.mode === 'verify-ca' ? { ...verified, checkServerIdentity: () => undefined } : verified;
}

function explain(error: unknown, side: SideName, endpoint: string, user: string): CheckOutcome {
  const code = errorCode(error);
  const reason = unreachableReason(error);
  if (reason !== undefined) {
    return absent(side, `${endpoint}: ${reason}`, `start the server, or correct ${side}.database.host and port`);
  }
  const [what, fix] = REFUSALS[code ?? ''] ?? [];
  if (what !== undefined && fix !== undefined) return fail(`${endpoint} as ${user}: ${what}`, fix);
  if (isCertificateError(error)) {
    return fail(
      `${endpoint}: its certificate does not verify (${code})`,
      `set ${side}.database.ssl.ca to the CA of the server, or correct the host`,
    );
  }
  return fail(
    `${endpoint} as ${user}: ${errorMessage(error)}`,
    'check the address, the TLS mode and the log of the server',
  );
}
