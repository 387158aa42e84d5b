import { randomBytes } from 'node:crypto';
import { HttpHydraApi } from '../../adapters/hydra-api';
import { ProcessCommandRunner } from '../../adapters/command/process-command-runner';
import { PostgresDatabases } from '../../adapters/postgres/postgres-databases';
import { startRecorder } from '../../adapters/postgres/statement-recorder';
import { type InPlaceDeps } from '../../activities/in-place/deps';
import { type OrderedContext } from '../../activities/step';
import { type InPlaceCommand, type InPlaceDatabase, type InPlaceSettings } from '../../domain/in-place/settings';
import { HYDRA_LAUNCH_FACTS } from '../../hydra/versions';
import { type LaunchedVersion } from '../../world/toolchain';
import { asAdmin, type TestDatabase } from './database';
import { hydraBinary } from './hydra-binary';
import { sharedServers } from './shared-servers';

const PASSWORD = 'test-password-of-in-place';

export interface InPlaceFixture {
  readonly settings: InPlaceSettings;
  readonly deps: InPlaceDeps;
  readonly roles: { readonly old: string; readonly next: string; readonly tool: string };
  readonly database: string;
  dsn(role: string, database?: string): string;
  /** A further database. @param source @default one with the schema of the old version alone */
  clone(name: string, source?: string): Promise<void>;
  /** A further database without a table. */
  empty(name: string): Promise<void>;
  /** Runs a program of Hydra on a database, as `role`. @returns what it printed */
  hydra(version: LaunchedVersion, args: readonly string[], database: string, role: string): Promise<string>;
  close(): Promise<void>;
}

/** A context as the boundary of Temporal makes it. */
export function stepContext(heartbeat: OrderedContext['heartbeat'] = () => undefined): OrderedContext {
  return { signal: new AbortController().signal, attempt: 1, order: 1, heartbeat, lastProgress: undefined };
}

/**
 * A live database that Hydra 1.3.2 has migrated, an empty scratch database, and the roles of an upgrade in place: the old Hydra's,
 * which owns the tables, the new one's and the tool's, which are members of it and no superusers.
 */
export async function inPlaceFixture(
  live: Pick<TestDatabase, 'config'>,
  scratch: Pick<TestDatabase, 'config'>,
): Promise<InPlaceFixture> {
  const suffix = randomBytes(4).toString('hex');
  const roles = { old: `old_${suffix}`, next: `next_${suffix}`, tool: `tool_${suffix}` };
  const { host, port } = sharedServers().postgres;
  for (const [name, member] of [
    [roles.old, ''],
    [roles.next, `IN ROLE ${roles.old}`],
    [roles.tool, `IN ROLE ${roles.old}, ${roles.next}`],
  ]) {
    await asAdmin(`CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}' ${member}`);
  }
  await asAdmin(`ALTER DATABASE ${live.config.database} OWNER TO ${roles.old}`);
  await asAdmin(`ALTER DATABASE ${scratch.config.database} OWNER TO ${roles.tool}`);
  const dsn = (role: string, database = live.config.database) =>
    `postgres://${role}:${PASSWORD}@${host}:${port}/${database}?sslmode=disable`;
  const location = (database: string) => ({
    ...{ host, port, name: database, user: roles.tool, password: () => PASSWORD, ssl: { mode: 'disable' as const } },
  });
  const databases = new PostgresDatabases<InPlaceDatabase>({
    sides: { live: location(live.config.database), scratch: location(scratch.config.database) },
    provider: { describeInstance: () => Promise.resolve(undefined) },
  });
  const commands = { migrateOld: await migrateCommand('1.3.2'), migrateNew: await migrateCommand('1.11.10') };
  const settings = settingsOf(roles);
  const hydra: InPlaceFixture['hydra'] = async (version, args, database, role) => {
    const runner = new ProcessCommandRunner<'hydra'>({
      commands: { hydra: { ...(await migrateCommand(version)), argv: [await hydraBinary(version), ...args] } },
    });
    return (await runner.run('hydra', { env: { DSN: dsn(role, database) } })).stdout;
  };
  await hydra('1.3.2', HYDRA_LAUNCH_FACTS['1.3.2'].migrateArgs, live.config.database, roles.old);
  const pristine = `${live.config.database}_old`;
  await asAdmin(`CREATE DATABASE ${pristine} TEMPLATE ${live.config.database} OWNER ${roles.old}`);
  const clones = [pristine];
  return {
    settings,
    roles,
    dsn,
    hydra,
    database: live.config.database,
    deps: {
      settings,
      databases,
      commands: new ProcessCommandRunner<InPlaceCommand>({ commands }),
      startRecorder: () => startRecorder({ host, port, ssl: { mode: 'disable' } }),
      withScratchPassword: (use) => use(PASSWORD),
      gateways: [],
      hydra: { old: hydraAt('http://127.0.0.1:9'), new: hydraAt('http://127.0.0.1:9') },
      log: SILENT_LOG,
    },
    clone: async (name, source = pristine) => {
      await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${source} OWNER ${roles.old}`);
      clones.push(name);
    },
    empty: async (name) => {
      await asAdmin(`CREATE DATABASE ${name} OWNER ${roles.old}`);
      clones.push(name);
    },
    close: async () => {
      for (const name of clones) await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** `migrate sql` of a version. */
export async function migrateCommand(version: LaunchedVersion) {
  return {
    path: 'inPlace.commands',
    argv: [await hydraBinary(version), ...HYDRA_LAUNCH_FACTS[version].migrateArgs],
    env: { SECRETS_SYSTEM: 'test-secret-of-all-test-hydras', SQA_OPT_OUT: 'true', LOG_LEVEL: 'warn' },
    secretEnv: {},
    timeoutMs: 240_000,
  };
}

/** A Hydra of generation 1, for the steps. */
export function hydraAt(publicUrl: string, adminUrl = publicUrl): HttpHydraApi {
  const endpoints = { publicUrl, adminUrl, apiGeneration: 1 } as const;
  return new HttpHydraApi({ sides: { blue: endpoints, green: endpoints } });
}

const silent = () => undefined;
const SILENT_LOG = { debug: silent, info: silent, warn: silent, error: silent };

export const IN_PLACE_GATES: InPlaceSettings['gates'] = {
  planTimeoutMs: 3_600_000,
  cutoverTimeoutMs: 3_600_000,
  evidenceEveryMs: 600_000,
  finalizeTimeoutMs: 3_600_000,
  finalize: 'manual',
  approverIsNotStarter: false,
};

function settingsOf(roles: InPlaceFixture['roles']): InPlaceSettings {
  return {
    environment: 'test',
    configDigest: 'digest',
    from: '1.3.2',
    to: '1.11.10',
    schema: 'public',
    owner: roles.old,
    oldRole: roles.old,
    newRole: roles.next,
    shares: [1, 10, 50, 100],
    judge: { durationMs: 1_000, pollMs: 200, requestsMin: 10, errorRateMax: 0, p95MsMax: null, loadRatioMax: 0 },
    readyDeadlineMs: 60_000,
    gates: IN_PLACE_GATES,
    migration: { lockTimeoutMs: 100, lockAttempts: 50, batchRows: 2 },
    recycle: { how: 'terminate', deadlineMs: 60_000 },
  };
}

/** What operators build over Hydra's tables. What is no schema-qualified name in it is found by the search_path of whoever writes. */
export const OWN_PARTS = {
  make: `CREATE VIEW own_view AS SELECT * FROM hydra_client;
    CREATE MATERIALIZED VIEW own_copy AS SELECT id, client_name FROM hydra_client;
    CREATE FUNCTION own_name(hydra_client) RETURNS text LANGUAGE sql AS 'SELECT $1.client_name';
    CREATE VIEW own_rows AS SELECT c AS kept FROM hydra_client c;
    CREATE SCHEMA own; GRANT ALL ON SCHEMA own TO PUBLIC; CREATE TABLE own.own_audit (signature text, by text); GRANT ALL ON own.own_audit TO PUBLIC;
    CREATE FUNCTION own_audit() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO own_audit VALUES (NEW.signature, current_user); RETURN NEW; END';
    CREATE TRIGGER own_audit AFTER INSERT ON hydra_oauth2_access FOR EACH ROW EXECUTE FUNCTION own_audit();
    CREATE INDEX own_index ON hydra_oauth2_access (requested_at) WHERE active;
    CREATE STATISTICS own_statistics ON client_id, subject FROM hydra_oauth2_access;
    CREATE POLICY own_policy ON hydra_jwk USING (false); ALTER TABLE hydra_jwk ENABLE ROW LEVEL SECURITY`,
  drop: `ALTER TABLE hydra_jwk DISABLE ROW LEVEL SECURITY; DROP POLICY own_policy ON hydra_jwk; DROP STATISTICS own_statistics; DROP INDEX own_index;
    DROP TRIGGER own_audit ON hydra_oauth2_access; DROP FUNCTION own_audit(); DROP SCHEMA own CASCADE; DROP VIEW own_rows;
    DROP FUNCTION own_name(hydra_client); DROP MATERIALIZED VIEW own_copy; DROP VIEW own_view`,
} as const;
