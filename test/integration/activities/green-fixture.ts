import { randomBytes } from 'node:crypto';
import { type CommandSpec, ProcessCommandRunner } from '../../../adapters/command/process-command-runner';
import { PostgresDatabases } from '../../../adapters/postgres/postgres-databases';
import { RdsDatabaseProvider } from '../../../adapters/rds/rds-database-provider';
import { type StepContext, type StepDeps } from '../../../activities/step';
import { type Job } from '../../../domain/ports/targets';
import { type CommandName } from '../../../domain/ports/command-runner';
import { type Databases, type DatabaseSession, type SessionOptions } from '../../../domain/ports/databases';
import { OUR_ROLES } from '../../../domain/our-roles';
import { queryRows } from '../../../domain/ports/sql-client';
import { type HydraApi } from '../../../domain/ports/hydra-api';
import { type CutoverSettings } from '../../../domain/settings';
import { type SideName, FORWARD } from '../../../domain/sides';
import { quoteIdentifier } from '../../../hydra/cleaning/session';
import { privilegesSql } from '../../../hydra/privileges';
import { type PostgresLogin, createHydraDatabase, migrateHydra, withClient } from '../../../world/hydra';
import { sharedServers } from '../../support/shared-servers';
import { EndpointProcess, MASTER_PASSWORD } from '../world/rds/endpoint-fixture';

export const DATABASE = 'hydra_app';
const WORKER_PASSWORD = 'worker-password';

/** How things are called in PostgreSQL. */
interface Names {
  readonly database: string;
  /** Owns Hydra's tables. */
  readonly hydra: string;
  /** Cleans, mends and compares the rows of green. */
  readonly worker: string;
  readonly sync: string;
  readonly migration: string;
}

const PLAIN: Names = {
  ...{ database: DATABASE, hydra: 'hydra', worker: 'hydra_worker' },
  ...{ sync: OUR_ROLES.sync, migration: OUR_ROLES.migration },
};
/** What has to be quoted wherever it stands; the first has as many bytes as a name may have. */
export const ODD_NAMES: Names = {
  database: `Hydra's "app" $1 über/100%?#&:5432 -- ${'x'.repeat(24)}`,
  hydra: `O'Hydra "owner" ü`,
  worker: `Worker; "W" o'x`,
  sync: `O'Sync "S" \\ %s`,
  migration: `O'Migrate @ "M" ü:/?#`,
};

/** The roles of a run, and that the master user, whom these tests log in as, may act as them. */
function runRolesSql({ database, hydra, worker, sync, migration }: Names): string {
  const script = privilegesSql({
    ...{ tool: [], sync, migration, owner: hydra },
    ...{ database, schema: 'public', gateways: [], look: [], workers: [worker] },
  });
  const roles = [OUR_ROLES.owner, sync, migration].map(quoteIdentifier).join(', ');
  return `${script}; ALTER ROLE ${quoteIdentifier(worker)} PASSWORD '${WORKER_PASSWORD}'; GRANT ${roles} TO master`;
}

export const SECRET = 'a-system-secret-of-tests';

/** Two sides over the RDS-compatible endpoint: blue migrated to 1.11.10, green not restored yet. */
export class GreenFixture {
  readonly input = { cutoverId: randomBytes(4).toString('hex'), environment: 'test' };
  readonly hydra;
  readonly greenPassword = 'green-hydra-password';
  readonly provider: RdsDatabaseProvider;
  readonly databases: PostgresDatabases;
  readonly #client;

  private constructor(
    readonly rds: EndpointProcess,
    readonly names: Names,
  ) {
    this.hydra = { role: names.hydra, password: 'blue-hydra-password', database: names.database };
    this.#client = rds.client;
    this.provider = new RdsDatabaseProvider(this.#client);
    this.databases = this.databasesAt('blue', 'green');
  }

  static async start(names = PLAIN): Promise<GreenFixture> {
    const fixture = new GreenFixture(await EndpointProcess.start(), names);
    try {
      const login = await fixture.#master();
      await createHydraDatabase(login, fixture.hydra);
      await withClient(login, names.database, (client) => client.query(runRolesSql(names)));
      await migrateHydra({
        version: '1.11.10',
        binary: sharedServers().binaries.hydra11110,
        host: login.host,
        port: login.port,
        database: fixture.hydra,
        secretsSystem: SECRET,
        runDir: fixture.rds.runDir,
        name: 'migrate-blue',
      });
      return fixture;
    } catch (error) {
      await fixture.dispose();
      throw error;
    }
  }

  /**
   * @param blue, green instances that the config of either side names
   * @param blueName the database that the config of blue names
   */
  databasesAt(blue: string, green: string, blueName = this.names.database): PostgresDatabases {
    const side = (instanceId: string) => ({
      port: 5432,
      name: this.names.database,
      user: 'master',
      password: () => MASTER_PASSWORD,
      ssl: { mode: 'disable' as const },
      instanceId,
    });
    return new PostgresDatabases({
      sides: {
        blue: { ...side(blue), name: blueName },
        green: {
          ...side(green),
          hydraPassword: () => this.greenPassword,
          worker: { user: this.names.worker, password: () => WORKER_PASSWORD },
        },
      },
      provider: this.provider,
    });
  }

  get settings(): CutoverSettings {
    const { hydra: hydraRole, sync: syncRole, migration: migrationRole } = this.names;
    return { ...SETTINGS, green: { ...SETTINGS.green, hydraRole, syncRole, migrationRole } };
  }

  deps(changes: Partial<StepDeps> = {}): StepDeps {
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    return {
      settings: { ...this.settings, workerRoles: { green: this.names.worker } },
      direction: FORWARD,
      databases: this.databases,
      provider: this.provider,
      commands: testCommands({}),
      gateways: [],
      targets: [],
      jobs: [],
      hydra: new Proxy({} as HydraApi, { get: (_target, name) => () => Promise.reject(new Error(String(name))) }),
      log,
      ...changes,
    };
  }

  /** As a person would: Hydra's tables have their plain names. */
  on<T>(side: SideName, work: (client: DatabaseSession) => Promise<T>, options?: SessionOptions): Promise<T> {
    const byPlainNames = async (session: DatabaseSession): Promise<T> => {
      await session.query('SET search_path = public');
      return work(session);
    };
    return this.databases.withSession(side, byPlainNames, options);
  }

  /** Whether somebody can log in to green. */
  async canLogIn(user: string, password: string): Promise<boolean> {
    try {
      await this.on('green', (client) => client.query('SELECT 1'), { login: { user, password } });
      return true;
    } catch {
      return false;
    }
  }

  /** Sessions that die after so many statements on green, as if the worker had been killed there. */
  killedAfter(statements: number): Databases {
    let left = statements;
    const dying = (session: DatabaseSession): DatabaseSession => ({
      backendPid: session.backendPid,
      query: (text, values) => {
        if (left-- <= 0) throw new Error('killed');
        return session.query(text, values);
      },
    });
    return {
      address: (side) => this.databases.address(side),
      withSession: (side, work, options) =>
        this.databases.withSession(side, (session) => work(side === 'blue' ? session : dying(session)), options),
    };
  }

  /** Runs `work` while our own role on green has no right to a row of Hydra's. */
  async whileKeeperReadsNothing<T>(work: () => Promise<T>): Promise<T> {
    // Until PostgreSQL 15 a role has what any of those has that it may act as.
    const roles = [this.names.hydra, this.names.sync].map(quoteIdentifier).join(', ');
    await this.on('green', (keeper) => keeper.query(`REVOKE ${roles} FROM CURRENT_USER`));
    try {
      const read = this.on('green', (keeper) => keeper.query('SELECT FROM hydra_client'));
      await expect(read).rejects.toMatchObject({ code: '42501' });
      return await work();
    } finally {
      await this.on('green', (keeper) => keeper.query(`GRANT ${roles} TO CURRENT_USER`));
    }
  }

  /** Guards, run row, rights and roles: what a late step could take from a green that serves. */
  lookAtGreen(): Promise<unknown[]> {
    return this.on('green', (green) => queryRows(green, GREEN_LOOK));
  }

  async dispose(): Promise<void> {
    this.#client.destroy();
    await this.rds.dispose();
  }

  async #master(): Promise<PostgresLogin> {
    const { Endpoint } = await this.rds.createInstance('blue');
    return { host: Endpoint?.Address ?? '', port: Endpoint?.Port ?? 0, user: 'master', password: MASTER_PASSWORD };
  }
}

const GREEN_LOOK = `SELECT
  (SELECT jsonb_agg(to_jsonb(t) - 'oid' ORDER BY t.oid) FROM pg_trigger t WHERE NOT tgisinternal) AS triggers,
  (SELECT to_jsonb(r) FROM hydra_cutover.run r) AS run, (SELECT to_jsonb(p) FROM hydra_cutover.preparation p) AS kept,
  (SELECT datacl::text FROM pg_database WHERE datname = current_database()) AS rights,
  (SELECT jsonb_agg(rolname ORDER BY rolname) FROM pg_roles) AS roles`;

/** No deadline is met because this machine is busy; a test that wants one met sets it. */
export const SETTINGS = {
  environment: { name: 'test', production: false },
  configDigest: '',
  hydraVersion: { blue: '1.11.10', green: '2.3.0' },
  hydraSchema: 'public',
  provider: {
    blueInstanceId: 'blue',
    greenInstanceId: 'green',
    waitDeadlineMs: 120_000,
    pollMs: 50,
    keepSnapshot: false,
  },
  green: {
    ...{ hydraRole: 'hydra', syncRole: OUR_ROLES.sync, migrationRole: OUR_ROLES.migration },
    ...{ arbiterRoles: [], readyDeadlineMs: 120_000 },
  },
  archive: 'keys',
  sync: {
    ...{ batchRows: 100, backlogMax: 10, backlogMsMax: 1_000, changeLogBytesMax: 20_000_000_000 },
    ...{ idleMs: 100, catchUpDeadlineMs: 120_000, loginTtlMs: 1_800_000 },
  },
  brake: { rowsPerSecond: null, replicationLagMsMax: 30_000, activeSessionsMax: null, probeMsMax: 1_000 },
  cleaning: { removedShareMax: 0.1 },
  rehearsal: { gatePlan: 'automatic', startGreen: true, keepSnapshot: false, cleanedRowsMax: 0 },
  shadow: { requestsPerSecondMax: 0, rampMs: 0 },
  migration: { timeoutMs: 240_000, statementTimeoutMs: 120_000, lockTimeoutMs: 500 },
  switchover: {
    pauseBudgetMs: 5_000,
    holdDeadlineMs: 8_000,
    leaseMarginMs: 1_000,
    lockTimeoutMs: 500,
    lockAttempts: 3,
    roundMsMax: 500,
    attempts: 1,
    retryDelayMs: 100,
    readsDeadlineMs: 120_000,
  },
  validation: { subjects: 5, clients: 5, syntheticLogin: false },
  bake: { durationMs: 200, pollMs: 50, requestsMin: 1, errorRateMax: 0.01, p95MsMax: null },
  gates: {
    planTimeoutMs: 1_000,
    cutoverTimeoutMs: 1_000,
    evidenceEveryMs: 1_000,
    finalizeTimeoutMs: 1_000,
    finalize: 'manual',
    approverIsNotStarter: false,
  },
  accessTokenLifespanMs: null,
} as const satisfies CutoverSettings;

export function stepContext(changes: Partial<StepContext> = {}): StepContext {
  return {
    signal: new AbortController().signal,
    attempt: 1,
    heartbeat: () => undefined,
    lastProgress: undefined,
    ...changes,
  };
}

/** Commands of the operator, as the worker runs them; `said` gets what it would log. */
export function testCommands(
  table: Partial<Record<CommandName, readonly string[]>>,
  said: string[] = [],
): ProcessCommandRunner {
  const env = { SQA_OPT_OUT: 'true', LOG_LEVEL: 'error' };
  const secretEnv = { SECRETS_SYSTEM: () => SECRET };
  const specs = Object.entries(table).map(([name, argv]) => {
    const spec: CommandSpec = { path: `commands.${name}`, argv, env, secretEnv, timeoutMs: 30_000 };
    return [name, spec] as const;
  });
  return new ProcessCommandRunner({
    commands: Object.fromEntries(specs),
    onLine: (_, line) => said.push(line),
  });
}

/** A cleanup job that takes these subjects for orphans. */
export function jobThatWouldRemove(subjects: () => Promise<readonly string[]>): Job {
  const nothing = () => Promise.resolve();
  return {
    name: 'cleanup',
    pause: nothing,
    resume: nothing,
    status: () => Promise.resolve({ paused: true, running: false }),
    preview: async () => {
      const removals = (await subjects()).map((subject) => ({ subject }));
      return { wouldRemove: removals.length, removals };
    },
  };
}
