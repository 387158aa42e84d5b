import { join } from 'node:path';
import { type HydraDatabase, createHydraDatabase, databaseUrl } from '../../hydra';
import { ensureInstance, rdsClient } from '../rds-client';
import { rdsWait } from './rds-endpoint';
import { serviceFolder } from '../service-process';
import { blueHydra } from '../blue-hydra';
import { type WorldPart, known } from '../world-part';
import { startDependent } from './dependent';

/** Often enough to be seen at work in a short run; young policies may be waiting for their consent. */
const CLEANUP = { intervalMs: 5_000, policyAgeMsMin: 5_000 };

/** A dependent with a database of its own, on an instance of its own: a cutover of Hydra's must not touch it. */
export const policyServicePart: WorldPart = {
  title: 'policy service',
  async up(context, info) {
    const { settings } = context;
    const client = rdsClient(known(info, 'rds'));
    const masterPassword = settings.secret('policy-master-password');
    const wanted = { identifier: 'policies', major: 15, masterUser: 'policy_master', masterPassword } as const;
    const instance = await ensureInstance(client, wanted, rdsWait(context)).finally(() => client.destroy());
    const database: HydraDatabase = {
      role: 'policies',
      password: settings.secret('policy-database-password'),
      database: 'policies',
      caFile: known(info, 'rds').caFile,
    };
    const { host, port } = instance;
    await createHydraDatabase({ host, port, user: wanted.masterUser, password: masterPassword }, database);
    const policyService = await startDependent(context, {
      name: 'policy-service',
      env: { POLICY_DATABASE_URL: databaseUrl(host, port, database) },
      config: {
        stateFile: join(serviceFolder(context, 'policy-service'), 'state.json'),
        initial: blueHydra(info),
        cleanup: CLEANUP,
      },
    });
    return { policyService };
  },
};
