import { type RDSClient } from '@aws-sdk/client-rds';
import { RdsDatabaseProvider } from '../../adapters/rds/rds-database-provider';
import { type WaitOptions, toWait, waitUntilAvailable, withLog } from '../up';

const CUTOVER_ID = 'demo';

/** Takes a snapshot and waits until it is complete. */
export async function takeSnapshot(
  client: RDSClient,
  instanceId: string,
  snapshotId: string,
  wait: WaitOptions,
): Promise<void> {
  const provider = new RdsDatabaseProvider(client);
  await withLog(wait.logFile, async () => {
    await provider.createOrAdoptSnapshot({ cutoverId: CUTOVER_ID, instanceId, snapshotId });
    await provider.waitUntilSnapshotAvailable(snapshotId, toWait(wait));
  });
}

/** Makes a new instance of a snapshot and waits until it serves. */
export async function restoreSnapshot(
  client: RDSClient,
  snapshotId: string,
  instanceId: string,
  wait: WaitOptions,
): Promise<{ host: string; port: number }> {
  const provider = new RdsDatabaseProvider(client);
  await withLog(wait.logFile, () => provider.restoreOrAdopt({ cutoverId: CUTOVER_ID, snapshotId, instanceId }));
  return waitUntilAvailable(client, instanceId, wait);
}
