import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createLogger } from '../../config/logger';
import { OUR_ROLES } from '../../domain/our-roles';
import { createHydraDatabase, migrateHydra, withClient } from '../../world/hydra';
import { freePort } from '../../world/net/free-port';
import { Supervisor, claimRunDir, dataDir, startReaper, worldsDir } from '../../world/supervisor';
import {
  HYDRA_VERSIONS,
  resolveEtcd,
  resolveHydra,
  resolvePostgres,
  resolveTemporalCli,
  resolveTemporalTestServer,
  type ResolveOptions,
} from '../../world/toolchain';
import { initCluster, postgresCommand, waitUntilAccepting } from '../../world/toolchain/postgres-cluster';
import { KEPT_KEYS_DATABASE, KEPT_KEYS_TABLE } from './kept-keys';
import { majorOfTests } from './postgres-major';
import { publishSharedServers, type SharedServers } from './shared-servers';

type Postgres = SharedServers['postgres'];

/** Tests of durability start clusters of their own; this one is for everything else and may lose data in a power cut. */
const FAST_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: 200,
  max_prepared_transactions: 10,
} as const;

/**
 * Starts what tests and named commands share, once, and publishes the addresses to this process and those that it starts.
 *
 * @param settings of PostgreSQL. @default nothing is flushed
 * @returns what ends all of it
 */
export async function startSharedServers(
  settings: Readonly<Record<string, string | number>> = FAST_SETTINGS,
): Promise<() => Promise<void>> {
  const progress: ResolveOptions = { progress: (line) => process.stderr.write(`${line}\n`) };
  const binaries = {
    hydra11110: await resolveHydra('1.11.10', progress),
    hydra220: await resolveHydra('2.2.0', progress),
    hydra230: await resolveHydra('2.3.0', progress),
    temporalCli: await resolveTemporalCli(progress),
    temporalTestServer: await resolveTemporalTestServer(progress),
    etcd: await resolveEtcd(progress),
  };
  const logger = createLogger({ level: 'warn' });
  const worlds = worldsDir();
  const { runDir } = await claimRunDir({ keep: false, worlds });
  const reaper = startReaper({ worlds, runDir, logger });
  const supervisor = new Supervisor({ runDir, logger });
  const end = async () => {
    await supervisor.stopAll();
    await reaper.close();
  };
  try {
    await startAll(supervisor, runDir, binaries, settings);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

async function startAll(
  supervisor: Supervisor,
  runDir: string,
  binaries: SharedServers['binaries'],
  settings: Readonly<Record<string, string | number>>,
): Promise<void> {
  const postgres = await startPostgres(supervisor, settings);
  await prepareTemplates(postgres, runDir, {
    '1.11.10': binaries.hydra11110,
    '2.2.0': binaries.hydra220,
    '2.3.0': binaries.hydra230,
  });
  publishSharedServers({ postgres, binaries });
}

async function startPostgres(
  supervisor: Supervisor,
  settings: Readonly<Record<string, string | number>>,
): Promise<Postgres> {
  const installation = await resolvePostgres(majorOfTests());
  const cluster = join(dataDir(supervisor.runDir), 'postgres');
  const login = { host: '127.0.0.1', port: await freePort(), user: 'tests', password: randomBytes(12).toString('hex') };
  await initCluster({ installation, dataDir: cluster, superuser: login.user, password: login.password });
  const command = postgresCommand({ installation, dataDir: cluster, port: login.port, settings });
  await supervisor.start({
    name: 'postgres',
    ...command,
    ready: async () => {
      await waitUntilAccepting(login.port, { user: login.user, password: login.password, timeoutMs: 10_000 });
      return true;
    },
    readyTimeoutMs: 240_000,
    stopSignal: 'SIGINT',
  });
  return login;
}

/** `CREATE DATABASE … TEMPLATE` copies files: a migrated schema for each test file at the price of a copy. */
async function prepareTemplates(
  postgres: Postgres,
  runDir: string,
  hydra: Readonly<Record<(typeof HYDRA_VERSIONS)[number], string>>,
): Promise<void> {
  await withClient(postgres, 'postgres', async (client) => {
    await client.query('CREATE DATABASE template_empty');
    await client.query(`CREATE DATABASE ${KEPT_KEYS_DATABASE}`);
    await client.query(`CREATE ROLE ${OUR_ROLES.owner} NOLOGIN`);
  });
  await withClient(postgres, KEPT_KEYS_DATABASE, (client) => client.query(KEPT_KEYS_TABLE));
  const role = { role: 'hydra', password: randomBytes(12).toString('hex') };
  const templates = HYDRA_VERSIONS.map((version) => ({
    version,
    database: { ...role, database: `template_hydra_${version.replaceAll('.', '_')}` },
  }));
  for (const { database } of templates) await createHydraDatabase(postgres, database);
  // Beside one another: all tests wait for them.
  await Promise.all(
    templates.map(({ version, database }) =>
      migrateHydra({
        version,
        binary: hydra[version],
        host: postgres.host,
        port: postgres.port,
        database,
        secretsSystem: randomBytes(16).toString('hex'),
        runDir,
        name: `migrate-${database.database}`,
      }),
    ),
  );
}
