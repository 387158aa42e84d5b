import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../net/free-port';
import { initCluster } from '../../toolchain/postgres-cluster';
import { hostBasedAccess } from '../cluster/server-settings';
import { provisionRoles } from '../cluster/provision-roles';
import { SUPERUSER, withSuperuser } from '../cluster/superuser-session';
import { type InstanceRecord } from '../model/records';
import { checkStillRunning, dwell, moveInstance, type OperationContext } from './operation-context';
import { discardInstance } from './discard-instance';

/** Makes the cluster of a new instance. Ends in `available`, or `failed` with its files removed. */
export async function createInstance(
  context: OperationContext,
  record: InstanceRecord,
  passwordVerifier: string,
): Promise<void> {
  const { identity } = record;
  await provision(context, record, async (port) => {
    const installation = await context.installation(identity.major);
    const dataDir = context.layout.dataDir(record.resourceId);
    const password = identity.superuserPassword;
    await mkdir(context.layout.instanceDir(record.resourceId), { recursive: true });
    await initCluster({ installation, dataDir, superuser: SUPERUSER, password, signal: context.signal });
    await writeFile(join(dataDir, 'pg_hba.conf'), hostBasedAccess(context.clusters.servesTls));
    await context.clusters.start(record, port, { signal: context.signal, database: 'postgres' });
    const { masterUsername: username, databaseName } = identity;
    await withSuperuser({ port, password, database: 'postgres' }, (client) =>
      provisionRoles(client, { username, passwordVerifier, ...(databaseName === undefined ? {} : { databaseName }) }),
    );
  });
}

/** From `creating` to `available` around the work that makes the data folder and starts the server. */
export async function provision(
  context: OperationContext,
  record: InstanceRecord,
  work: (port: number) => Promise<void>,
): Promise<void> {
  try {
    await dwell(context, 'creating');
    await work(await freePort());
  } catch (error) {
    await discardInstance(context, record);
    await moveInstance(context, record, 'gaveUp');
    throw error;
  }
  // AWS takes a first backup of an instance that keeps backups; none is kept here, but callers meet the status.
  const withBackup = record.settings.BackupRetentionPeriod > 0;
  await moveInstance(context, record, withBackup ? 'provisionedWithBackup' : 'provisioned');
  checkStillRunning(context, record);
  if (!withBackup) return;
  await dwell(context, 'backing-up');
  await moveInstance(context, record, 'backupEnded');
}
