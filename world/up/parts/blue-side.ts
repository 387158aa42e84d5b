import { HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { type HydraDatabase, createHydraDatabase, createLogin, hydraDsn, migrateHydra } from '../../hydra';
import { ensureInstance, rdsClient } from '../rds-client';
import { rdsWait } from './rds-endpoint';
import { startOnBlue } from './blue-launch';
import { startOlderHydra } from './older-hydra';
import { type HydraInfo, type InstanceInfo } from '../world-info';
import { type WorldContext, type WorldPart, known } from '../world-part';

const IDENTIFIER = 'blue';
const MASTER_USER = 'cutover_master';
/** What the gateway asks blue's arbiter as. */
export const GATEWAY_ROLE = 'gateway';

/** Blue: an instance, Hydra's role and database on it, the schema, and the Hydra that serves now. */
export const blueSidePart: WorldPart = {
  title: 'blue: PostgreSQL instance and Hydra',
  async up(context, info) {
    const client = rdsClient(known(info, 'rds'));
    let instance: InstanceInfo;
    try {
      const wanted = {
        identifier: IDENTIFIER,
        major: context.options.postgresMajor ?? 15,
        masterUser: MASTER_USER,
        masterPassword: context.settings.secret('blue-master-password'),
      };
      instance = await ensureInstance(client, wanted, rdsWait(context));
    } finally {
      client.destroy();
    }
    const database: HydraDatabase & { readonly caFile: string } = {
      role: 'hydra',
      password: context.settings.secret('blue-hydra-password'),
      database: 'hydra',
      caFile: known(info, 'rds').caFile,
    };
    const { host, port, masterUser, masterPassword } = instance;
    const master = { host, port, user: masterUser, password: masterPassword };
    await createHydraDatabase(master, database);
    await createLogin(master, GATEWAY_ROLE, context.settings.secret('gateway-database-password'));
    const { role: user, password, caFile } = database;
    const blue = { instance, database: { name: 'hydra', user, password, caFile } };
    if (context.options.inPlace === true) {
      return { blue: { ...blue, ...(await startOlderHydra(context, master, instance, database)) } };
    }
    return { blue: { ...blue, hydra: await startHydra(context, instance, database) } };
  },
};

async function startHydra(context: WorldContext, instance: InstanceInfo, database: HydraDatabase): Promise<HydraInfo> {
  const { settings, runDir, signal } = context;
  const { host, port } = instance;
  const { version, binary } = context.tools.hydra.blue;
  const secretsSystem = settings.secret('hydra-secrets-system');
  await migrateHydra({
    version,
    binary,
    host,
    port,
    database,
    secretsSystem,
    runDir,
    name: 'blue-hydra-migrate',
    signal,
  });
  const dsn = hydraDsn(host, port, database);
  const started = await startOnBlue(context, { name: 'blue-hydra', version, binary, dsn });
  return { ...started, version, needsForwardedProto: HYDRA_VERSION_FACTS[version].needsForwardedProto };
}
