import { Client } from 'pg';
import { readFileSync } from 'node:fs';
import { installArbiter, guardTables, grantArbiter, removeArbiter } from '../../../../hydra/arbiter';
import {
  closeLogins,
  closeMigrationRole,
  dropMigrationRole,
  endSessions,
  installPreparation,
  openMigrationRole,
  reopenLogins,
  setRolePassword,
} from '../../../../hydra/closing';
import { checkPrivileges, privilegesSql, revokeSql, type ToolRoles } from '../../../../hydra/privileges';
import { createSyncRole, dropSyncRole, grantSyncRole, renewSyncPassword } from '../../../../hydra/sync/sync-role';
import { installSyncTables } from '../../../../hydra/sync/install-sync-tables';
import { createHydraDatabase } from '../../../../world/hydra';
import { OwnCluster } from '../../../support/own-cluster';

const ROLES: ToolRoles = { tool: ['tool'], owner: 'hydra', database: 'hydra', schema: 'public', gateways: ['gateway'] };
const PASSWORD = 'password-of-the-test';
const MAJORS = [15, 18] as const;

describe.each(MAJORS)("the tool's role on PostgreSQL %i", (major) => {
  let cluster: OwnCluster;
  let tool: Client;

  beforeAll(async () => {
    cluster = await OwnCluster.start(major);
    const { host, port } = cluster;
    await createHydraDatabase(
      { host, port, ...cluster.master },
      { role: 'hydra', password: PASSWORD, database: 'hydra' },
    );
    await as('hydra', async (hydra) => {
      await hydra.query('CREATE TABLE hydra_client (id text PRIMARY KEY)');
      await hydra.query('CREATE TABLE networks (id text PRIMARY KEY)');
      await hydra.query('CREATE TABLE schema_migration (version text PRIMARY KEY)');
    });
    await asMaster(privilegesSql(ROLES));
    await asMaster(privilegesSql(ROLES));
    for (const name of ['tool', 'gateway']) await asMaster(`ALTER ROLE ${name} PASSWORD '${PASSWORD}'`);
    tool = await connect('tool');
  });
  afterAll(async () => {
    await tool.end();
    await cluster.stop();
  });

  async function connect(user: string): Promise<Client> {
    const { host, port, caFile } = cluster;
    const ssl = { ca: readFileSync(caFile, 'utf8') };
    const client = new Client({ host, port, database: 'hydra', user, password: PASSWORD, ssl });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async function as(user: string, work: (client: Client) => Promise<unknown>): Promise<void> {
    const client = await connect(user);
    await work(client).finally(() => client.end());
  }

  async function asMaster(sql: string): Promise<void> {
    const { host, port, master } = cluster;
    const client = new Client({ host, port, database: 'hydra', ...master });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  it('has exactly what is needed after the SQL was run, twice', async () => {
    expect(await checkPrivileges(tool, ROLES)).toEqual([]);
  });

  it('can do what prepares, migrates, guards and syncs green, and take it all back', async () => {
    await installArbiter(tool, { side: 'green', cutoverId: 'test', initialState: 'closed' });
    await installPreparation(tool);
    const sync = await createSyncRole(tool, 'test');
    await installSyncTables(tool, { syncRole: sync });
    const hydra = await connect('hydra');
    await closeLogins(tool);
    expect(await endSessions(tool)).toBe(1);
    await hydra.end();
    await expect(connect('hydra')).rejects.toThrow(/permission denied for database/);
    const settings = { owner: 'hydra', schema: 'public', statementTimeoutMs: 60_000, lockTimeoutMs: 60_000 };
    await openMigrationRole(tool, { name: 'migrate_test', ...settings }, PASSWORD);
    await as('migrate_test', (client) => client.query('CREATE TABLE hydra_oauth2_flow (id text PRIMARY KEY)'));
    await closeMigrationRole(tool, 'migrate_test');
    await dropMigrationRole(tool, 'migrate_test');
    await guardTables(tool);
    await grantSyncRole(tool, sync);
    await renewSyncPassword(tool, sync);
    await grantArbiter(tool, 'gateway');
    await setRolePassword(tool, 'hydra', PASSWORD);
    await reopenLogins(tool);
    await as('hydra', async (client) => {
      await expect(client.query(`INSERT INTO hydra_client VALUES ('a')`)).rejects.toThrow(
        /does not accept writes|refuse|closed/i,
      );
    });
    await as('gateway', async (client) => {
      await expect(client.query('SELECT hydra_cutover_asks.serves(1)')).resolves.toBeDefined();
      for (const sql of ['SELECT FROM hydra_client', 'SELECT FROM hydra_cutover.run', 'CREATE TABLE t (a int)']) {
        await expect(client.query(sql)).rejects.toThrow(/permission denied/);
      }
    });
    expect((await checkPrivileges(tool, ROLES)).filter(({ kind }) => kind === 'missing')).toEqual([]);
    await dropSyncRole(tool, 'test');
    await removeArbiter(tool, { copy: true });
    await as('hydra', (client) => client.query('DROP TABLE hydra_oauth2_flow'));
  });

  it('can do nothing else', async () => {
    for (const sql of [
      'CREATE DATABASE other',
      'SELECT FROM pg_authid',
      'ALTER ROLE tool SUPERUSER',
      "ALTER ROLE rdsadmin PASSWORD 'x'",
      "COPY hydra_client TO PROGRAM 'cat'",
      // Until 15 CREATEROLE reaches every role that is no superuser.
      ...(major >= 16 ? ["ALTER ROLE master PASSWORD 'x'", 'GRANT rds_superuser TO tool'] : []),
    ]) {
      await expect(tool.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('is told all that it lacks and all that it has too much, at once', async () => {
    await asMaster(`CREATE ROLE bare LOGIN CREATEDB PASSWORD '${PASSWORD}'`);
    await asMaster('GRANT SELECT ON hydra_client TO gateway');
    await as('bare', async (client) => {
      const findings = await checkPrivileges(client, { ...ROLES, gateways: ['gateway', 'nobody'] });
      expect(findings.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
        expect.stringMatching(/^missing bare lacks CREATEROLE/),
        expect.stringMatching(/^missing bare lacks membership of hydra/),
        'missing bare lacks pg_monitor',
        'missing bare lacks pg_signal_backend',
        expect.stringMatching(/^missing bare lacks the rights of the database's owner hydra/),
        "missing the gateways' role nobody does not exist",
        'excess bare may create databases',
        expect.stringMatching(/^excess the gateways' role gateway may use hydra_client/),
      ]);
      expect(findings.every(({ fix }) => fix !== '')).toBe(true);
    });
    await asMaster('REVOKE SELECT ON hydra_client FROM gateway');
    await asMaster('DROP ROLE bare');
  });

  it(
    major >= 16 ? "needs ADMIN OPTION on Hydra's role, and its lack is told" : "needs no ADMIN OPTION on Hydra's role",
    async () => {
      await asMaster(`CREATE ROLE plain LOGIN CREATEROLE PASSWORD '${PASSWORD}'`);
      await asMaster('GRANT hydra, pg_monitor, pg_signal_backend TO plain');
      await as('plain', async (client) => {
        const findings = await checkPrivileges(client, ROLES);
        await client.query('CREATE ROLE for_migration');
        const granted = client.query('GRANT hydra TO for_migration').then(
          () => 'granted',
          (error: Error) => error.message,
        );
        const expected: unknown = major >= 16 ? expect.stringMatching(/permission denied to grant role/) : 'granted';
        expect(await granted).toEqual(expected);
        const told = findings.map(({ what }) => what);
        expect(told).toEqual(major >= 16 ? [expect.stringMatching(/lacks ADMIN OPTION on hydra/)] : []);
        await client.query('DROP ROLE for_migration');
      });
      await asMaster('DROP ROLE plain');
    },
  );

  it('is no login any more after the script that revokes it was run, twice, and what it made goes on', async () => {
    await installArbiter(tool, { side: 'green', cutoverId: 'test', initialState: 'closed' });
    await guardTables(tool);
    await asMaster(revokeSql(ROLES));
    await asMaster(revokeSql(ROLES));
    for (const role of ['tool', 'gateway'])
      await expect(connect(role)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) as string });
    await as('hydra', async (client) => {
      await expect(client.query(`INSERT INTO hydra_client VALUES ('late')`)).rejects.toMatchObject({ code: 'HC001' });
      const { rows } = await client.query(
        `SELECT rolname, rolcreaterole, pg_has_role(oid, 'hydra', 'MEMBER') AS member FROM pg_roles WHERE rolname IN ('tool', 'gateway')`,
      );
      // The gateways' role owned nothing.
      expect(rows).toEqual([{ rolname: 'tool', rolcreaterole: false, member: false }]);
    });
  });
});
