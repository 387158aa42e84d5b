import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { asAdmin, type TestDatabase } from '../../../support/database';
import { sharedServers } from '../../../support/shared-servers';
import { HYDRA_VERSION_FACTS } from '../../../../hydra/versions';
import { type HydraVersion } from '../../../../world/toolchain/types';
import { hydraBinary } from '../../../support/hydra-binary';

export interface Clone {
  readonly config: TestDatabase['config'];
  readonly client: Client;
}

/** Runs `work` on a copy of `template`, with a connection to it, and drops the copy whatever happens. */
export async function withClone<T>(template: string, work: (clone: Clone) => Promise<T>): Promise<T> {
  const server = sharedServers().postgres;
  const database = `clone_${randomBytes(6).toString('hex')}`;
  const config = { ...server, database };
  await asAdmin(`CREATE DATABASE ${database} TEMPLATE ${template}`);
  const client = new Client(config);
  try {
    await client.connect();
    return await work({ config, client });
  } finally {
    await client.end();
    await asAdmin(`DROP DATABASE ${database} WITH (FORCE)`);
  }
}

/** Of an empty database that this version's own migrations made. */
export function templateOf(version: HydraVersion): string {
  return `template_hydra_${version.replaceAll('.', '_')}`;
}

export const HYDRA_1_11_10 = templateOf('1.11.10');

export interface Migrated {
  /** What the program printed. */
  readonly output: string;
  /** How many migrations the database has, and how many this version is known to have. */
  readonly count: number;
  readonly known: number;
  /** Whether these are the same. */
  readonly applied: boolean;
}

/** The vendor's migration to 2.3.0. @returns as {@link migrateTo} */
export function migrateTo230(clone: Clone): Promise<Migrated> {
  return migrateTo('2.3.0', clone);
}

/** The vendor's migration. */
export async function migrateTo(version: HydraVersion, { config, client }: Clone): Promise<Migrated> {
  const { migrateArgs, migrations } = HYDRA_VERSION_FACTS[version];
  const output = await run(await hydraBinary(version), migrateArgs, dsn(config));
  const { rows } = await client.query<{ n: number }>('SELECT count(*)::integer AS n FROM schema_migration');
  const count = rows[0]?.n ?? 0;
  return { output, count, known: migrations.count, applied: count === migrations.count };
}

function dsn(config: TestDatabase['config']): string {
  return `postgres://${config.user}:${String(config.password)}@${config.host}:${config.port}/${config.database}?sslmode=disable`;
}

function run(command: string, args: readonly string[], database: string): Promise<string> {
  const env = { PATH: process.env['PATH'], DSN: database, SQA_OPT_OUT: 'true', LOG_LEVEL: 'error' };
  return new Promise((resolve) => {
    execFile(command, args, { env, maxBuffer: 32 * 1024 * 1024 }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}
