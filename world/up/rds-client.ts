import {
  CreateDBInstanceCommand,
  type DBInstance,
  DBInstanceAlreadyExistsFault,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { describeLog } from '../supervisor';
import { type PostgresMajor } from '../toolchain/types';
import { type InstanceInfo, type RdsInfo } from './world-info';

const POLL_MS = 100;
const AVAILABLE_TIMEOUT_MS = 120_000;
/** States that no waiting changes. Source: Amazon RDS User Guide, "Viewing DB instance status". */
const DEAD_ENDS = new Set([
  'failed',
  'restore-error',
  'incompatible-restore',
  'incompatible-parameters',
  'storage-full',
]);

/** The client warns on stderr of a Node that its later versions will not run on; the version in use is pinned. */
const WARNING_SWITCH = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** A client of the world's endpoint; close it with `destroy()`. */
export function rdsClient(rds: Pick<RdsInfo, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>): RDSClient {
  process.env[WARNING_SWITCH] ??= 'true';
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
    if (!(error instanceof DBInstanceAlreadyExistsFault)) throw rdsFault(error, `create instance ${wanted.identifier}`);
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

/** @throws CutoverFault RDS_FAILED when the instance ends in a state that it does not leave, or not in time */
export async function waitUntilAvailable(
  client: RDSClient,
  identifier: string,
  wait: WaitOptions,
): Promise<{ host: string; port: number; engineVersion: string }> {
  const { signal, logFile } = wait;
  const deadline = Date.now() + AVAILABLE_TIMEOUT_MS;
  for (;;) {
    const instance = await describe(client, identifier, signal);
    const status = instance.DBInstanceStatus ?? 'unknown';
    const { Address: host, Port: port } = instance.Endpoint ?? {};
    if (status === 'available' && host !== undefined && port !== undefined) {
      return { host, port, engineVersion: instance.EngineVersion ?? '' };
    }
    if (DEAD_ENDS.has(status) || Date.now() > deadline) {
      throw new CutoverFault(
        'RDS_FAILED',
        `instance ${identifier} is ${status} (expected available within ${AVAILABLE_TIMEOUT_MS} ms); ${describeLog(logFile)}`,
        { identifier, status, logFile },
      );
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function describe(client: RDSClient, identifier: string, signal: AbortSignal): Promise<DBInstance> {
  const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier });
  try {
    const { DBInstances } = await client.send(command, { abortSignal: signal });
    const instance = DBInstances?.[0];
    if (instance === undefined) throw new Error('the answer lists none');
    return instance;
  } catch (error) {
    throw rdsFault(error, `describe instance ${identifier}`);
  }
}

/** Keeps what AWS called it; nothing of the request is quoted, because it may hold the master password. */
export function rdsFault(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  const code = '$metadata' in error && '$fault' in error ? 'RDS_FAILED' : 'RDS_UNREACHABLE';
  return new CutoverFault(
    code,
    `RDS did not ${what}: ${error.name}: ${error.message}`,
    { awsError: error.name },
    error,
  );
}
