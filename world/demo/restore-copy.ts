import {
  CreateDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  type RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { describeLog } from '../supervisor';
import { type WaitOptions, rdsFault, waitUntilAvailable } from '../up';

const POLL_MS = 100;
const SNAPSHOT_TIMEOUT_MS = 120_000;

/** Takes a snapshot and waits until it is complete. */
export async function takeSnapshot(
  client: RDSClient,
  instance: string,
  snapshot: string,
  wait: WaitOptions,
): Promise<void> {
  const abort = { abortSignal: wait.signal };
  try {
    await client.send(
      new CreateDBSnapshotCommand({ DBInstanceIdentifier: instance, DBSnapshotIdentifier: snapshot }),
      abort,
    );
    const deadline = Date.now() + SNAPSHOT_TIMEOUT_MS;
    for (;;) {
      const { DBSnapshots } = await client.send(
        new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshot }),
        abort,
      );
      const status = DBSnapshots?.[0]?.Status ?? 'unknown';
      if (status === 'available') return;
      if (status === 'failed' || Date.now() > deadline) throw notAvailable(snapshot, status, wait.logFile);
      await sleep(POLL_MS, undefined, { signal: wait.signal });
    }
  } catch (error) {
    throw rdsFault(error, `take snapshot ${snapshot} of instance ${instance}`);
  }
}

/** Makes a new instance of a snapshot and waits until it serves. */
export async function restoreSnapshot(
  client: RDSClient,
  snapshot: string,
  instance: string,
  wait: WaitOptions,
): Promise<{ host: string; port: number }> {
  try {
    await client.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: instance,
        DBSnapshotIdentifier: snapshot,
        DBInstanceClass: 'db.t4g.medium',
      }),
      { abortSignal: wait.signal },
    );
  } catch (error) {
    throw rdsFault(error, `restore snapshot ${snapshot} as instance ${instance}`);
  }
  return waitUntilAvailable(client, instance, wait);
}

function notAvailable(snapshot: string, status: string, logFile: string): CutoverFault {
  return new CutoverFault(
    'RDS_FAILED',
    `snapshot ${snapshot} is ${status} (expected available within ${SNAPSHOT_TIMEOUT_MS} ms); ${describeLog(logFile)}`,
    { snapshot, status },
  );
}
