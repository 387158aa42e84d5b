import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type StepContext, type StepDeps } from '../../../../activities/step';
import { PREFLIGHT_LIMITS, type PreflightLimits } from '../../../../activities/preflight/check-server';
import { createPreflight } from '../../../../activities/preflight';
import { type DatabaseLocation, PostgresDatabases } from '../../../../adapters/postgres/postgres-databases';
import { toSettings } from '../../../../workers/settings';
import { inspectConfig } from '../../../../config/load';
import { type CutoverFault } from '../../../../domain/faults';
import { type DatabaseInstance, type DatabaseSnapshot } from '../../../../domain/ports/database-provider';
import { type HydraApi } from '../../../../domain/ports/hydra-api';
import {
  GATEWAY_PROTOCOL,
  type Gateway,
  type GatewayView,
  type Job,
  type Target,
  type TargetView,
} from '../../../../domain/ports/targets';
import { type Plan } from '../../../../domain/receipts';
import { type PreflightInput } from '../../../../domain/steps';
import { OUR_ROLES } from '../../../../domain/our-roles';
import { type CutoverSettings } from '../../../../domain/settings';
import { dropRunRoles, makeRunRoles } from '../../../support/run-roles';
import { type TestDatabase, asAdmin } from '../../../support/database';
import { FORWARD } from '../../../../domain/sides';

const SERVES_BLUE: TargetView = { appliedEpoch: 0, appliedSide: 'blue', stagedEpoch: null, highestEpoch: 0 };
const PASSES: GatewayView = {
  protocol: GATEWAY_PROTOCOL,
  member: null,
  mode: 'pass',
  epoch: 0,
  inFlight: 0,
  parked: 0,
  ready: { blue: true, green: false },
  features: ['stale-challenges', 'session-cookies'],
};

/** What a test finds in its way, laid over a world in which everything is right. */
export interface Plants {
  readonly input?: Partial<PreflightInput>;
  readonly settings?: (settings: CutoverSettings) => CutoverSettings;
  readonly blue?: Partial<DatabaseLocation>;
  readonly green?: Partial<DatabaseLocation>;
  readonly instances?: Readonly<Record<string, Partial<DatabaseInstance>>>;
  readonly snapshot?: Partial<DatabaseSnapshot>;
  readonly gateways?: readonly Gateway[];
  readonly targets?: readonly Target[];
  readonly jobs?: readonly Job[];
  readonly hydra?: Partial<HydraApi>;
  readonly commands?: Partial<StepDeps['commands']>;
  readonly limits?: Partial<PreflightLimits>;
  /** What keeps the folder of reports from taking one. */
  readonly reportFolder?: string | null;
}

/** Roles as on RDS: an owner of Hydra's tables and a master that is its member and no superuser. */
export class PreflightFixture {
  readonly suffix = randomBytes(4).toString('hex');
  readonly master = `master_${this.suffix}`;
  readonly owner = `hydra_${this.suffix}`;
  readonly cutoverId = `cutover-${this.suffix}`;
  readonly lookRole = `look_${this.suffix}`;
  readonly syncRole = `sync_${this.suffix}`;
  readonly migrationRole = `migrate_${this.suffix}`;
  readonly #runRoles = [this.syncRole, this.migrationRole];
  readonly #database: TestDatabase;

  constructor(database: TestDatabase) {
    this.#database = database;
  }

  async open(): Promise<void> {
    const { database } = this.#database.config;
    await asAdmin(`CREATE ROLE ${this.owner} LOGIN PASSWORD 'o'`);
    await asAdmin(`CREATE ROLE ${this.master} LOGIN PASSWORD 'm' CREATEDB`);
    await makeRunRoles(this.#runRoles, this.master);
    await asAdmin(`GRANT ${this.owner} TO ${this.migrationRole}`);
    await asAdmin(`GRANT pg_monitor, pg_signal_backend, ${OUR_ROLES.owner} TO ${this.master}`);
    await asAdmin(`GRANT ${this.owner} TO ${this.master}`);
    await asAdmin(`ALTER DATABASE ${database} OWNER TO ${this.owner}`);
    await this.admin(`DO $$ DECLARE t regclass; BEGIN
      FOR t IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO ${this.owner}', t);
      END LOOP; END $$`);
    await asAdmin(`CREATE ROLE ${this.lookRole} LOGIN PASSWORD 'l' IN ROLE pg_monitor`);
    await this.admin(`GRANT SELECT ON schema_migration TO ${this.lookRole}`);
  }

  /** That the role which only looks does so. */
  looking(): Pick<Plants, 'blue' | 'settings'> {
    const { lookRole } = this;
    return {
      blue: { look: { user: lookRole, password: () => 'l' } },
      settings: (settings) => ({ ...settings, lookRoles: { blue: lookRole } }),
    };
  }

  async close(): Promise<void> {
    await this.admin(`DROP OWNED BY ${this.master}`);
    await this.admin(`REASSIGN OWNED BY ${this.owner} TO CURRENT_USER`);
    await this.admin(`DROP OWNED BY ${this.owner}`);
    await this.admin(`DROP OWNED BY ${this.lookRole}`);
    await asAdmin(`DROP ROLE ${this.lookRole}`);
    await dropRunRoles(this.#runRoles);
    await asAdmin(`DROP ROLE ${this.master}`);
    await asAdmin(`DROP ROLE ${this.owner}`);
  }

  /** As the superuser, in the database under test. */
  async admin(sql: string): Promise<unknown[]> {
    // Whatever a test made the database or a role have.
    const options = '-c default_transaction_read_only=off -c session_replication_role=origin';
    const client = new Client({ ...this.#database.config, options });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Everything that a check could have changed: catalogue, settings, rows of the catalogue that name objects, locks. */
  async fingerprint(): Promise<unknown> {
    return this.admin(`
      SELECT (SELECT md5(string_agg(n.nspname::text || c.relname::text || c.relkind::text || c.relowner::text || COALESCE(c.relacl::text, '') || c.relfilenode::text, ',' ORDER BY c.oid))
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_(toast_)?temp') AS relations,
             (SELECT md5(string_agg(nspname::text || nspowner::text || COALESCE(nspacl::text, ''), ',' ORDER BY oid)) FROM pg_namespace
               WHERE nspname !~ '^pg_(toast_)?temp') AS schemas,
             (SELECT md5(string_agg(p.proname::text || md5(p.prosrc), ',' ORDER BY p.oid)) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname !~ '^pg_(toast_)?temp') AS functions,
             (SELECT md5(string_agg(tgname::text || tgrelid::text || tgenabled::text, ',' ORDER BY oid)) FROM pg_trigger) AS triggers,
             (SELECT md5(string_agg(setrole::text || setconfig::text, ',' ORDER BY setrole, setdatabase)) FROM pg_db_role_setting
               WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) AS settings,
             (SELECT count(*) FROM pg_roles WHERE rolname LIKE '%${this.suffix}') AS roles,
             (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks`);
  }

  /** @returns the plan or the fault; fails when anything was changed on the way */
  async look(plants: Plants = {}): Promise<{ readonly plan?: Plan; readonly fault?: CutoverFault; text: string }> {
    const before = await this.fingerprint();
    const deps = this.#deps(plants);
    const input = {
      cutoverId: this.cutoverId,
      environment: 'test',
      mode: 'real' as const,
      ...plants.input,
    };
    const step = createPreflight({ ...PREFLIGHT_LIMITS, ...plants.limits });
    const outcome = await step(deps, input, CONTEXT).then(
      (plan) => ({ plan, text: JSON.stringify(plan) }),
      (fault: CutoverFault) => ({ fault, text: fault.message }),
    );
    expect(await this.fingerprint()).toEqual(before);
    return outcome;
  }

  #deps(plants: Plants): StepDeps {
    const { host, port, database: name } = this.#database.config;
    const blue = {
      host,
      port,
      name,
      user: this.master,
      password: () => 'm',
      ssl: { mode: 'disable' as const },
      ...plants.blue,
    };
    const login = { name, user: this.master, password: () => 'm', ssl: { mode: 'disable' as const } };
    const green: DatabaseLocation = { ...login, port: 5432, instanceId: 'green-1', ...plants.green };
    const endpoint = { host, port };
    const instances: Record<string, Partial<DatabaseInstance>> = {
      'blue-1': instance('blue-1', endpoint),
      ...plants.instances,
    };
    const provider = {
      describeInstance: async (id: string) => instances[id] as DatabaseInstance | undefined,
      describeSnapshot: () => Promise.resolve(plants.snapshot as DatabaseSnapshot | undefined),
    } as Partial<StepDeps['provider']> as StepDeps['provider'];
    const quiet = () => undefined;
    const settings = this.#settings();
    return {
      settings: plants.settings?.(settings) ?? settings,
      direction: FORWARD,
      lookAtReportFolder: () => Promise.resolve(plants.reportFolder ?? null),
      databases: new PostgresDatabases({ sides: { blue, green }, provider, connectTimeoutMs: 60_000 }),
      provider,
      hydra: {
        isReady: () => Promise.resolve(true),
        version: () => Promise.resolve('v1.11.10'),
        client: () => Promise.resolve(undefined),
        allowsOrigin: () => Promise.resolve(false),
        ...plants.hydra,
      } as HydraApi,
      commands: {
        has: () => true,
        problem: () => Promise.resolve(undefined),
        run: () => Promise.reject(new Error('preflight ran a command')),
        ...plants.commands,
      },
      gateways: plants.gateways ?? [gateway('gateway-1')],
      targets: plants.targets ?? [target('policies')],
      jobs: plants.jobs ?? [job('purge')],
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    };
  }

  #settings(): CutoverSettings {
    const env = Object.fromEntries(
      (['blue', 'green'] as const).flatMap((name) => {
        const at = `HYDRA_CUTOVER_${name.toUpperCase()}__`;
        return [
          [`${at}HYDRA_VERSION`, name === 'blue' ? '1.11.10' : '2.3.0'],
          [`${at}PUBLIC_URL`, `http://${name}.test:4444`],
          [`${at}ADMIN_URL`, `http://${name}.test:4445`],
          [`${at}RDS_INSTANCE_ID`, `${name}-1`],
          [`${at}HYDRA_ROLE__NAME`, this.owner],
          [`${at}DATABASE__NAME`, 'hydra'],
          [`${at}DATABASE__USER`, 'x'],
        ];
      }),
    );
    const inspection = inspectConfig({
      env: {
        ...env,
        HYDRA_CUTOVER_GREEN__SYNC_ROLE: this.syncRole,
        HYDRA_CUTOVER_GREEN__MIGRATION_ROLE: this.migrationRole,
        HYDRA_CUTOVER_ENVIRONMENT__NAME: 'test',
        HYDRA_CUTOVER_ENVIRONMENT__PRODUCTION: 'false',
      },
    });
    if ('fault' in inspection) throw inspection.fault;
    return toSettings(inspection.config);
  }
}

const CONTEXT: StepContext = {
  signal: new AbortController().signal,
  attempt: 1,
  heartbeat: () => undefined,
  lastProgress: undefined,
};

/** As far as preflight looks at one. */
export function instance(
  instanceId: string,
  endpoint: { host: string; port: number },
  changes: Partial<DatabaseInstance> = {},
): Partial<DatabaseInstance> {
  const settings = { allocatedStorageGib: 100, storageType: 'gp3' } as DatabaseInstance['settings'];
  return { instanceId, endpoint, status: 'available', tags: {}, hasPendingChanges: false, settings, ...changes };
}

export function target(name: string, view: Partial<TargetView> = {}): Target {
  return new Proxy({ name, read: () => Promise.resolve({ ...SERVES_BLUE, ...view }) }, onlyWhatIsThere) as Target;
}

const NOTHING_SEEN = { sightings: { since: 'x', sightings: [], beyond: {} }, writes: { perSecond: 0, hours: [] } };

export function gateway(
  name: string,
  view: Partial<GatewayView> = {},
  applied: Partial<TargetView> = {},
  observations: object | undefined = NOTHING_SEEN,
): Gateway {
  const read = () => Promise.resolve({ ...SERVES_BLUE, ...applied });
  const state = () => Promise.resolve({ ...PASSES, ...view });
  return new Proxy(
    { name, read, state, observations: () => Promise.resolve(observations) },
    onlyWhatIsThere,
  ) as Gateway;
}

export function job(name: string, paused = false): Job {
  return new Proxy({ name, status: () => Promise.resolve({ paused, running: false }) }, onlyWhatIsThere) as Job;
}

/** Whatever else preflight calls would change something. */
const onlyWhatIsThere: ProxyHandler<object> = {
  get: (object, key) => {
    if (key in object) return (object as Record<string | symbol, unknown>)[key];
    throw new Error(`preflight called ${String(key)}`);
  },
};
