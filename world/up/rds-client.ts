import { CreateDBInstanceCommand, DBInstanceAlreadyExistsFault, RDSClient } from '@aws-sdk/client-rds';
import { RdsDatabaseProvider } from '../../adapters/rds/rds-database-provider';
import { asRdsFault } from '../../adapters/rds/rds-error-table';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { describeLog } from '../supervisor';
import { type PostgresMajor } from '../toolchain/types';
import { type InstanceInfo, type RdsInfo } from './world-info';

const POLL_MS = 100;
const AVAILABLE_TIMEOUT_MS = 120_000;

/** A client of the world's endpoint; close it with `destroy()`. */
export function rdsClient(rds: Pick<RdsInfo, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>): RDSClient {
  return new RDSClient({
    endpoint: rds.endpoint,
    region: rds.region,
    credentials: { accessKeyId: rds.accessKeyId, secretAccessKey: rds.secretAccessKey },
  });
}

export interface NewInstance {
  readonly identifier: string;
  readonly major: PostgresMajor;
  readonly masterUser: string;
  readonly masterPassword: string;
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** The endpoint's log: its last lines belong to the message when an instance fails. */
  readonly logFile: string;
}

/** Creates an instance, or takes the one that is there, and waits until it serves. */
export async function ensureInstance(client: RDSClient, wanted: NewInstance, wait: WaitOptions): Promise<InstanceInfo> {
  try {
    await client.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: wanted.identifier,
        Engine: 'postgres',
        EngineVersion: String(wanted.major),
        DBInstanceClass: 'db.t4g.medium',
        AllocatedStorage: 20,
        MasterUsername: wanted.masterUser,
        MasterUserPassword: wanted.masterPassword,
      }),
      { abortSignal: wait.signal },
    );
  } catch (error) {
    if (!(error instanceof DBInstanceAlreadyExistsFault))
      throw asRdsFault(error, `creating instance ${wanted.identifier}`);
  }
  const { host, port, engineVersion } = await waitUntilAvailable(client, wanted.identifier, wait);
  return {
    identifier: wanted.identifier,
    host,
    port,
    major: wanted.major,
    engineVersion,
    masterUser: wanted.masterUser,
    masterPassword: wanted.masterPassword,
  };
}

/**
 * Waits as an upgrade does, through the production adapter.
 *
 * @throws CutoverFault RDS_FAILED | RDS_BUSY | RDS_UNREACHABLE, with the endpoint's last log lines
 */
export async function waitUntilAvailable(
  client: RDSClient,
  identifier: string,
  wait: WaitOptions,
): Promise<{ host: string; port: number; engineVersion: string }> {
  const provider = new RdsDatabaseProvider(client);
  const { endpoint, engineVersion } = await withLog(wait.logFile, () =>
    provider.waitUntilInstanceAvailable(identifier, toWait(wait)),
  );
  if (endpoint === undefined) {
    throw new CutoverFault('RDS_FAILED', `instance ${identifier} is available but has no address`, { identifier });
  }
  return { ...endpoint, engineVersion };
}

/** How long and how often this machine's endpoint is asked. */
export function toWait(wait: WaitOptions): { deadlineMs: number; pollMs: number; signal: AbortSignal } {
  return { deadlineMs: AVAILABLE_TIMEOUT_MS, pollMs: POLL_MS, signal: wait.signal };
}

/** What RDS says of a failure is short; why it failed stands in the log of the endpoint. */
export async function withLog<T>(logFile: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    const message = `${error.message}; ${describeLog(logFile)}`;
    throw new CutoverFault(error.code, message, { ...error.details, logFile }, error);
  }
}
