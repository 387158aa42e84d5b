import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { cleanEnvironment, describeLog, forgetProcess, logsDir, recordProcess } from '../supervisor';
import { HYDRA_LAUNCH_FACTS, HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type HydraVersion, type LaunchedVersion } from '../toolchain/types';
import { type HydraDatabase, type PostgresLogin, hydraDsn, withClient } from './create-hydra-database';

export interface MigrateOptions {
  readonly version: HydraVersion;
  readonly binary: string;
  readonly host: string;
  readonly port: number;
  readonly database: HydraDatabase;
  readonly secretsSystem: string;
  readonly runDir: string;
  /** Process and log name. */
  readonly name: string;
  /** Ends the migration; the one that runs is rolled back. */
  readonly signal?: AbortSignal;
  /** @default 120_000 */
  readonly timeoutMs?: number;
}

/**
 * Runs Hydra's own `migrate sql` and judges it by `schema_migration`: 1.11.10 ends with 0 and prints success even when a
 * migration failed, and tries for ever when it cannot connect.
 *
 * Idempotent. @returns how many migrations the database had before and has now
 * @throws CutoverFault CHECK_FAILED | DB_UNREACHABLE; the log of the run stays in the world's log folder
 */
export async function migrateHydra(options: MigrateOptions): Promise<{ before: number; after: number }> {
  const { count, last } = HYDRA_VERSION_FACTS[options.version].migrations;
  const before = await appliedMigrations(options);
  const logFile = join(logsDir(options.runDir), `${options.name}.log`);
  const end = await runMigrate(options, logFile);
  const after = await appliedMigrations(options);
  if (after.versions.length === count && after.versions.at(-1) === last) {
    return { before: before.versions.length, after: after.versions.length };
  }
  throw new CutoverFault(
    'CHECK_FAILED',
    `hydra ${options.version} migrate sql (${end}) left ${after.versions.length} migrations in schema_migration, the last ${after.versions.at(-1) ?? 'none'}; ${count} are expected, the last ${last}; ${describeLog(logFile)}`,
    { logFile, applied: after.versions.length, expected: count },
  );
}

async function appliedMigrations(options: MigrateOptions): Promise<{ versions: string[] }> {
  const { host, port, database } = options;
  const { role: user, password, caFile } = database;
  const login: PostgresLogin = { host, port, user, password, ...(caFile === undefined ? {} : { caFile }) };
  return withClient(login, database.database, async (client) => {
    const table = await client.query<{ oid: string | null }>(`SELECT to_regclass('schema_migration') AS oid`);
    if (table.rows[0]?.oid == null) return { versions: [] };
    const rows = await client.query<{ version: string }>('SELECT version FROM schema_migration ORDER BY version');
    return { versions: rows.rows.map((row) => row.version) };
  });
}

/** @returns how it ended, for a message */
export async function runMigrate(
  options: Omit<MigrateOptions, 'version'> & { readonly version: LaunchedVersion },
  logFile = join(logsDir(options.runDir), `${options.name}.log`),
): Promise<string> {
  mkdirSync(logsDir(options.runDir), { recursive: true });
  const { host, port, database, runDir, name } = options;
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(options.binary, [...HYDRA_LAUNCH_FACTS[options.version].migrateArgs], {
    stdio: ['ignore', log, log],
    env: cleanEnvironment({
      DSN: hydraDsn(host, port, database),
      SECRETS_SYSTEM: options.secretsSystem,
      SQA_OPT_OUT: 'true',
      LOG_LEVEL: 'warn',
    }),
    detached: true,
  });
  closeSync(log);
  if (child.pid !== undefined) recordProcess(runDir, name, child.pid);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  const timeoutMs = options.timeoutMs ?? 120_000;
  const timer = new AbortController();
  const signal = options.signal === undefined ? timer.signal : AbortSignal.any([timer.signal, options.signal]);
  const late = sleep(timeoutMs, undefined, { signal }).catch(() => undefined);
  const end = await Promise.race([ended, late]);
  timer.abort();
  if (end === undefined) child.kill('SIGKILL');
  await ended;
  forgetProcess(runDir, name);
  options.signal?.throwIfAborted();
  return end ?? `ended by us after ${timeoutMs} ms`;
}
