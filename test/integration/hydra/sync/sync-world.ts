import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { queryRows } from '../../../../domain/ports/sql-client';
import { FORWARD } from '../../../../domain/sides';
import { guardTables, installArbiter } from '../../../../hydra/arbiter/install-arbiter';
import { byFullName } from '../../../../hydra/by-full-name';
import { installCapture } from '../../../../hydra/capture';
import { applyRules } from '../../../../hydra/cleaning';
import { quoteIdentifier } from '../../../../hydra/cleaning/session';
import { switchOffForeignTriggers, switchOffRowSecurity } from '../../../../hydra/closing';
import { type CopyPath } from '../../../../hydra/paths';
import { type SyncSides, becomeSyncer, prepareSync } from '../../../../hydra/sync';
import { type TestDatabase, asAdmin } from '../../../support/database';
import { dropRunRoles, makeRunRoles } from '../../../support/run-roles';
import { sharedServers } from '../../../support/shared-servers';
import { PATH } from '../../../support/path';

type Config = TestDatabase['config'];
const AS_OF = '2026-11-24T00:00:00Z';

/** Blue with a capture, and green made of a snapshot of it the way a cutover does; both are databases of the shared server. */
export class SyncWorld {
  readonly cutoverId = `sync-test-${randomBytes(4).toString('hex')}`;
  readonly green: string;
  readonly syncRole: string;
  readonly #blue: Config;
  readonly #clients = new Set<Client>();
  readonly #databases: string[] = [];

  constructor(
    blue: Config,
    private readonly path: CopyPath = PATH,
    /** What is done to a copy beside the cleaning, before it is migrated. */
    private readonly adapt: (copy: Client) => Promise<void> = () => Promise.resolve(),
    /** Of Hydra's tables. */
    private readonly schema = 'public',
  ) {
    this.#blue = blue;
    this.green = `test_green_${randomBytes(6).toString('hex')}`;
    this.syncRole = `sync_of_${this.green}`;
  }

  async connect(database: 'blue' | 'green' | (string & {}), login: { user?: string; password?: string } = {}) {
    const name = database === 'blue' ? this.#blue.database : database === 'green' ? this.green : database;
    const client = new Client({ ...this.#blue, database: name, ...login });
    client.on('error', () => undefined);
    this.#clients.add(client);
    await client.connect();
    if (this.schema !== 'public') await client.query(`SET search_path = ${quoteIdentifier(this.schema)}`);
    return client;
  }

  async capture(): Promise<void> {
    await this.#with('blue', async (blue) => {
      await installArbiter(blue, { side: 'blue', cutoverId: this.cutoverId, initialState: 'open' });
      await guardTables(blue, { schema: this.schema });
      await installCapture(this.path, blue, { schema: this.schema });
    });
  }

  /** Snapshot, clean, migrate, repair, guard: blue as it is now becomes green. @param owner of what is ours there. @default a superuser */
  async snapshot(owner: { readonly owner?: string } = {}): Promise<void> {
    await this.migratedCopy(this.green);
    await makeRunRoles([this.syncRole]);
    await this.#with('green', async (green) => {
      await installArbiter(green, { ...owner, side: 'green', cutoverId: this.cutoverId, initialState: 'closed' });
      await guardTables(green, { schema: this.schema });
    });
  }

  /** @returns a database that holds what the vendor's migration makes of blue now */
  async migratedCopy(name = `test_copy_${randomBytes(6).toString('hex')}`): Promise<string> {
    this.#databases.push(name);
    await this.#copyBlue(name);
    await this.#with(name, async (copy) => {
      await dropOurs(copy);
      await switchOffForeignTriggers(copy, this.schema);
      await switchOffRowSecurity(copy, this.schema);
      await applyRules(this.path, await byFullName(copy, this.schema), { asOf: AS_OF, archiveSchema: 'cleaned' });
      await this.adapt(copy);
    });
    const { host, port, user, password } = this.#blue;
    await promisify(execFile)(sharedServers().binaries.hydra230, ['migrate', 'sql', 'up', '-e', '-y'], {
      env: {
        PATH: process.env['PATH'],
        DSN: `postgres://${user}:${password}@${host}:${port}/${name}?sslmode=disable&search_path=${encodeURIComponent(quoteIdentifier(this.schema))}`,
        SQA_OPT_OUT: 'true',
      },
    });
    await this.#with(name, async (copy) => {
      const named = await byFullName(copy, this.schema);
      for (const { apply } of this.path.fixups) await apply(named);
    });
    return name;
  }

  /** A syncer of its own, as a step of a cutover opens one. */
  async openSync(loginTtlMs = 30 * 60_000): Promise<SyncSides> {
    const admin = await this.connect('green');
    const { login, generation, nonce } = await becomeSyncer(admin, {
      cutoverId: this.cutoverId,
      schema: this.schema,
      role: this.syncRole,
      side: FORWARD.to,
    });
    const [blue, keeper, green] = [
      await this.connect('blue'),
      await this.connect('blue'),
      await this.connect('green', login),
    ];
    const sides = await prepareSync(this.path, blue, green, this.schema, keeper);
    return { ...sides, direction: FORWARD, generation, nonce, loginTtlMs };
  }

  /** Every row of every table of Hydra, by its key, without what each migration draws anew. */
  async rows(database: 'green' | (string & {})): Promise<Record<string, readonly string[]>> {
    return this.#with(database, async (client) => {
      const all: Record<string, readonly string[]> = {};
      for (const { name, filled } of this.path.tables) {
        const drawn = ['nid', ...Object.keys(filled)];
        const rows = await queryRows<{ row: string }>(
          client,
          `SELECT (to_jsonb(source) - $1::text[])::text AS row FROM ${name} AS source ORDER BY 1`,
          [drawn],
        );
        all[name] = rows.map(({ row }) => row);
      }
      return all;
    });
  }

  async disconnect(): Promise<void> {
    for (const client of this.#clients) await client.end();
    this.#clients.clear();
  }

  async close(): Promise<void> {
    await this.disconnect();
    for (const name of this.#databases) await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await dropRunRoles([this.syncRole]);
  }

  /** A copy needs its source to itself for a moment; a Hydra at work connects again. */
  async #copyBlue(name: string): Promise<void> {
    await this.disconnect();
    const { database } = this.#blue;
    await asAdmin(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    try {
      await asAdmin(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name <> 'keep'`,
      );
      await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${database}`);
    } finally {
      await asAdmin(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    }
  }

  async #with<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.connect(database);
    try {
      return await work(client);
    } finally {
      this.#clients.delete(client);
      await client.end();
    }
  }
}

/** The copy of our schema on blue, and the triggers that came with the tables. */
async function dropOurs(copy: Client): Promise<void> {
  await copy.query(`DO $$ DECLARE t record; BEGIN
    FOR t IN SELECT tgname, tgrelid::regclass AS name FROM pg_trigger WHERE tgname ~ '^hydra_cutover' AND NOT tgisinternal
              AND tgrelid::regclass::text !~ '^hydra_cutover' LOOP
      EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.name);
    END LOOP; END $$`);
  await copy.query('DROP SCHEMA IF EXISTS hydra_cutover CASCADE');
}
