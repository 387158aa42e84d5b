import { type Client } from 'pg';
import { explainConnectionError } from '../../adapters/postgres/connection-problem';
import { type Connection, openConnection } from '../../adapters/postgres/open-connection';
import { type Config, type SideName } from '../../config/schema';
import { fail, type CheckOutcome } from './check';
import { describeInstance } from './rds-instances';
import { absent } from './side-outcome';

/**
 * Opens one session on a side's database, as the role that only looks where there is one, lets `judge` look, and closes it. What keeps it from connecting becomes the
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
  const { name, ssl, look } = config[side].database;
  const { user, password } = look ?? config[side].database;
  const address = await databaseAddress(config, side, signal).catch(() => 'unknown' as const);
  if (address === 'unknown') {
    return fail('the RDS API did not report the endpoint of the instance', `see the check "${side} RDS instance"`);
  }
  if (address === undefined)
    return absent(side, 'there is no instance to connect to yet', `check ${side}.rdsInstanceId`);
  const endpoint = `${address.host}:${address.port}/${name}`;
  let connection: Connection | undefined;
  try {
    const login = { ...address, database: name, user, password: () => password?.reveal() ?? '', ssl };
    connection = await openConnection(login, { purpose: 'doctor', signal });
    return await judge(connection.client, endpoint);
  } catch (error) {
    return explain(error, side, endpoint, user);
  } finally {
    connection?.destroy();
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

function explain(error: unknown, side: SideName, endpoint: string, user: string): CheckOutcome {
  const { kind, what, fix } = explainConnectionError(error, `${side}.database`);
  if (kind === 'unreachable') return absent(side, `${endpoint}: ${what}`, fix);
  return fail(kind === 'certificate' ? `${endpoint}: ${what}` : `${endpoint} as ${user}: ${what}`, fix);
}
