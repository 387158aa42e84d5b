import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { type Connection, openConnection } from '../../adapters/postgres/open-connection';
import { OUR_ROLES } from '../../domain/our-roles';
import { grantArbiter, guardTables, installArbiter, letRead } from '../../hydra/arbiter';
import { byFullName } from '../../hydra/by-full-name';
import { installCapture } from '../../hydra/capture';
import { applyRules } from '../../hydra/cleaning';
import { repairStates } from '../../hydra/paths/1-11-10-to-2-3-0/fixups/repair-states';
import { privilegesSql, type ToolRoles } from '../../hydra/privileges';
import { cleanEnvironment } from '../../world/supervisor';
import { createHydraDatabase, databaseUrl } from '../../world/hydra';
import { type PostgresMajor } from '../../world/toolchain/types';
import { OwnCluster } from '../support/own-cluster';
import { Battle } from './battle';
import { PATH } from '../support/path';

export const ROLES: ToolRoles = {
  tool: ['tool'],
  workers: ['worker'],
  sync: OUR_ROLES.sync,
  migration: OUR_ROLES.migration,
  owner: 'hydra',
  database: 'blue',
  schema: 'public',
  look: [],
  gateways: ['gateway'],
};
/** Who attacks: the role of Hydra itself, which owns its tables and the database; a gateway's; and a login without any grant. */
export const ATTACKERS = ['hydra', 'gateway', 'nobody'] as const;
export type Attacker = (typeof ATTACKERS)[number];

export const CUTOVER = 'attacked';
export const PASSWORD = 'password-of-the-attacks';

export interface HydraBinaries {
  readonly hydra11110: string;
  readonly hydra230: string;
}

/** A server of its own, with roles as the printed script makes them, and a blue of Hydra 1.11.10 that every battle gets a copy of. */
export class Battlefield {
  readonly #connections = new Set<Connection>();
  readonly #clients = new Set<Client>();

  private constructor(
    readonly major: PostgresMajor,
    readonly cluster: OwnCluster,
    readonly binaries: HydraBinaries,
  ) {}

  static async start(major: PostgresMajor, binaries: HydraBinaries): Promise<Battlefield> {
    const field = new Battlefield(major, await OwnCluster.start(major, { tls: false }), binaries);
    try {
      await field.#prepare();
      return field;
    } catch (error) {
      await field.stop();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const { host, port, master } = this.cluster;
    const hydra = { role: 'hydra', password: PASSWORD, database: ROLES.database };
    await createHydraDatabase({ host, port, ...master }, hydra);
    await this.migrate(ROLES.database, this.binaries.hydra11110, ['migrate', 'sql', '-e', '-y']);
    await this.asMaster(privilegesSql(ROLES));
    await this.asMaster(`CREATE ROLE nobody LOGIN PASSWORD '${PASSWORD}'`);
    for (const role of ['tool', 'worker', 'gateway']) await this.asMaster(`ALTER ROLE ${role} PASSWORD '${PASSWORD}'`);
    // As a Hydra that was never touched, for what is attacked before the first step of a cutover.
    await this.cluster.asSuperuser('CREATE DATABASE untouched TEMPLATE blue');
    await this.cluster.asSuperuser('ALTER DATABASE untouched OWNER TO hydra');
    const tool = await this.connectOurs(ROLES.database);
    await installArbiter(tool, { side: 'blue', cutoverId: CUTOVER, initialState: 'open', owner: OUR_ROLES.owner });
    await guardTables(tool);
    for (const gateway of ROLES.gateways) await grantArbiter(tool, gateway);
    await installCapture(PATH, tool);
    await letRead(tool, 'worker');
    await this.disconnect();
  }

  /** A green as a cutover makes it, to be copied; made once. */
  greenTemplate(): Promise<string> {
    this.#green ??= this.#makeGreen('green');
    return this.#green;
  }
  #green: Promise<string> | undefined;

  async #makeGreen(name: string): Promise<string> {
    await this.copy('untouched', name);
    const tool = await this.connectOurs(name);
    const named = await byFullName(tool, ROLES.schema);
    await installArbiter(tool, { side: 'green', cutoverId: CUTOVER, initialState: 'closed', owner: OUR_ROLES.owner });
    await applyRules(PATH, named, { asOf: '2026-11-24T00:00:00Z' });
    await this.migrate(name, this.binaries.hydra230, ['migrate', 'sql', 'up', '-e', '-y']);
    await repairStates(named);
    await guardTables(tool);
    await this.disconnect();
    return name;
  }

  /** Hydra's own migration, as Hydra's role. */
  async migrate(database: string, binary: string, args: readonly string[]): Promise<void> {
    const { host, port } = this.cluster;
    await promisify(execFile)(binary, [...args], {
      env: cleanEnvironment({
        DSN: databaseUrl(host, port, { role: 'hydra', password: PASSWORD, database }),
        SECRETS_SYSTEM: 'secret-of-the-attacks',
        SQA_OPT_OUT: 'true',
        LOG_LEVEL: 'warn',
      }),
    });
  }

  /** @returns a battle on a copy of its own */
  async battle(template: 'blue' | 'untouched' = 'blue'): Promise<Battle> {
    const database = `battle_${randomBytes(4).toString('hex')}`;
    await this.copy(template, database);
    const battle = new Battle(this, database);
    await battle.begin();
    return battle;
  }

  async copy(template: string, database: string): Promise<void> {
    await this.cluster.asSuperuser(`CREATE DATABASE ${database} TEMPLATE ${template}`);
    await this.cluster.asSuperuser(`ALTER DATABASE ${database} OWNER TO hydra`);
    // What was granted on a database does not come with its copy.
    for (const gateway of ROLES.gateways)
      await this.cluster.asSuperuser(`GRANT CONNECT ON DATABASE ${database} TO ${gateway}`);
  }

  /** A session as the tool opens each of its own. */
  async connectOurs(database: string, user = 'tool', password = PASSWORD): Promise<Client> {
    const { host, port } = this.cluster;
    const connection = await openConnection(
      { host, port, database, user, password: () => password, ssl: { mode: 'disable' } },
      { purpose: 'attacked' },
    );
    this.#connections.add(connection);
    return connection.client;
  }

  async connect(database: string, user: string): Promise<Client> {
    const { host, port } = this.cluster;
    const client = new Client({ host, port, database, user, password: PASSWORD });
    client.on('error', () => undefined);
    this.#clients.add(client);
    await client.connect();
    return client;
  }

  async asMaster(sql: string, database: string = ROLES.database): Promise<void> {
    const { host, port, master } = this.cluster;
    const client = new Client({ host, port, database, ...master });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  async disconnect(): Promise<void> {
    for (const connection of this.#connections) await connection.close();
    this.#connections.clear();
    for (const client of this.#clients) await client.end();
    this.#clients.clear();
  }

  async stop(): Promise<void> {
    await this.disconnect();
    await this.cluster.stop();
  }
}
