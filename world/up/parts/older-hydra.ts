import { escapeIdentifier } from 'pg';
import { CutoverFault } from '../../../domain/faults';
import { HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { createLogin, type HydraDatabase, hydraDsn, type PostgresLogin, runMigrate, withClient } from '../../hydra';
import { startOnBlue } from './blue-launch';
import { type InstanceInfo, type SideInfo } from '../world-info';
import { type WorldContext } from '../world-part';

const VERSION = '1.3.2';
const NEXT = '1.11.10';
/** What the newer Hydra logs in as while both serve. */
export const NEXT_ROLE = 'hydra_next';
export const SCRATCH_DATABASE = 'hydra_scratch';
/** Its sessions end by themselves soon after the switch to the views: nobody is cut off. */
export const OLDER_LIFETIME = 'max_conn_lifetime=3s';

/** Hydra 1.3.2 on a database that it has migrated, and what an upgrade in place needs beside it. */
export async function startOlderHydra(
  context: WorldContext,
  master: PostgresLogin,
  instance: InstanceInfo,
  database: HydraDatabase,
): Promise<Pick<SideInfo, 'hydra' | 'older'>> {
  const { settings, tools, runDir } = context;
  const { host, port } = instance;
  const binary = tools.olderHydra ?? '';
  const secretsSystem = settings.secret('hydra-secrets-system');
  await createLogin(master, NEXT_ROLE, settings.secret('next-hydra-password'));
  await withClient(master, 'postgres', (client) =>
    client.query(`GRANT ${escapeIdentifier(database.role)} TO ${escapeIdentifier(NEXT_ROLE)}`),
  );
  const name = 'blue-hydra-older-migrate';
  const end = await runMigrate({ version: VERSION, binary, host, port, database, secretsSystem, runDir, name });
  const isMade = await withClient(
    { host, port, user: database.role, password: database.password, caFile: database.caFile ?? '' },
    database.database,
    async (client) => (await client.query(`SELECT 1 FROM pg_class WHERE relname = 'hydra_client'`)).rowCount === 1,
  );
  if (!isMade) throw new CutoverFault('CHECK_FAILED', `hydra ${VERSION} migrate sql (${end}) made no hydra_client`);
  const next = {
    public: await settings.port('blue-hydra-public'),
    admin: await settings.port('blue-hydra-admin'),
  };
  const dsn = `${hydraDsn(host, port, database)}&${OLDER_LIFETIME}`;
  const { publicUrl, adminUrl, ...started } = await startOnBlue(context, {
    ...{ name: 'older-hydra', version: VERSION, binary, dsn },
  });
  return {
    older: { publicUrl, adminUrl },
    hydra: {
      ...started,
      version: NEXT,
      publicUrl: `http://127.0.0.1:${next.public}`,
      adminUrl: `http://127.0.0.1:${next.admin}`,
      needsForwardedProto: HYDRA_VERSION_FACTS[NEXT].needsForwardedProto,
    },
  };
}

/** Where the vendor's migrations are watched: empty, and the tool's. After the tool's role was made. */
export async function createScratch(master: PostgresLogin, owner: string): Promise<void> {
  await withClient(master, 'postgres', async (client) => {
    const known = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [SCRATCH_DATABASE]);
    if (known.rowCount !== 0) return;
    await client.query(`GRANT ${escapeIdentifier(owner)} TO CURRENT_USER`);
    await client.query(`CREATE DATABASE ${escapeIdentifier(SCRATCH_DATABASE)} OWNER ${escapeIdentifier(owner)}`);
    // A member of our role can log in wherever that one can: a green that has to be closed would not be.
    await client.query(`REVOKE ${escapeIdentifier(owner)} FROM CURRENT_USER`);
  });
}
