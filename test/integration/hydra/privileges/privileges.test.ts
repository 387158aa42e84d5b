import { Client } from 'pg';
import { readFileSync } from 'node:fs';
import { OUR_ROLES } from '../../../../domain/our-roles';
import {
  installArbiter,
  guardProblems,
  guardTables,
  grantArbiter,
  letLook,
  letRead,
  removeArbiter,
} from '../../../../hydra/arbiter';
import {
  closeLogins,
  closeMigrationRole,
  endSessions,
  installPreparation,
  openMigrationRole,
  reopenLogins,
  setRolePassword,
} from '../../../../hydra/closing';
import { quoteIdentifier } from '../../../../hydra/cleaning/session';
import { checkPrivileges, privilegesSql, revokeSql, type ToolRoles } from '../../../../hydra/privileges';
import { grantSyncRole, releaseSyncRole, renewSyncPassword } from '../../../../hydra/sync/sync-role';
import { readTraces } from '../../../../hydra/traces';
import { asRole } from '../../../../hydra/run-roles';
import { installSyncTables } from '../../../../hydra/sync/install-sync-tables';
import { createHydraDatabase } from '../../../../world/hydra';
import { OwnCluster } from '../../../support/own-cluster';
import { endAll } from '../../../support/end-all';
import { majorsOfTests } from '../../../support/postgres-major';

const ROLES: ToolRoles = {
  ...{ tool: ['tool'], workers: ['worker'], sync: OUR_ROLES.sync, migration: OUR_ROLES.migration, owner: 'hydra' },
  ...{ database: 'hydra', schema: 'public', gateways: ['gateway'], look: ['look'] },
};
const PASSWORD = 'password-of-the-test';

describe.each(majorsOfTests())("the tool's role on PostgreSQL %i", (major) => {
  let cluster: OwnCluster;
  let tool: Client;

  beforeAll(async () => {
    cluster = await OwnCluster.start(major);
    const { host, port } = cluster;
    await createHydraDatabase(
      { host, port, ...cluster.master },
      { role: 'hydra', password: PASSWORD, database: 'hydra' },
    );
    // As docs/limits.md asks for until PostgreSQL 14; from 15 on it is so by itself.
    const own = 'GRANT USAGE, CREATE ON SCHEMA public TO hydra; REVOKE CREATE ON SCHEMA public FROM PUBLIC';
    if (major < 15) await cluster.asSuperuser(own, 'hydra');
    await as('hydra', async (hydra) => {
      await hydra.query('CREATE TABLE hydra_client (id text PRIMARY KEY)');
      await hydra.query('CREATE TABLE networks (id text PRIMARY KEY)');
      await hydra.query('CREATE TABLE schema_migration (version text PRIMARY KEY)');
    });
    await asMaster(privilegesSql(ROLES));
    await asMaster(privilegesSql(ROLES));
    for (const name of ['tool', 'worker', 'gateway', 'look'])
      await asMaster(`ALTER ROLE ${name} PASSWORD '${PASSWORD}'`);
    tool = await connect('tool');
  });
  afterAll(() =>
    endAll(
      () => tool.end(),
      () => cluster.stop(),
    ),
  );

  async function connect(user: string, password = PASSWORD): Promise<Client> {
    const { host, port, caFile } = cluster;
    const ssl = { ca: readFileSync(caFile, 'utf8') };
    const client = new Client({ host, port, database: 'hydra', user, password, ssl });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async function as(user: string, work: (client: Client) => Promise<unknown>, password = PASSWORD): Promise<void> {
    const client = await connect(user, password);
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
    await installArbiter(tool, { side: 'green', cutoverId: 'test', initialState: 'closed', owner: OUR_ROLES.owner });
    await installPreparation(tool);
    await installSyncTables(tool, { syncRole: ROLES.sync });
    const hydra = await connect('hydra');
    await closeLogins(tool);
    expect(await endSessions(tool)).toBe(1);
    await hydra.end();
    await expect(connect('hydra')).rejects.toThrow(/permission denied for database/);
    const settings = { owner: 'hydra', schema: 'public', statementTimeoutMs: 60_000, lockTimeoutMs: 60_000 };
    await expect(connect(ROLES.migration)).rejects.toMatchObject({ code: '28P01' });
    const password = await openMigrationRole(tool, { name: ROLES.migration, ...settings });
    await as(
      ROLES.migration,
      (client) => client.query('CREATE TABLE hydra_oauth2_flow (id text PRIMARY KEY)'),
      password,
    );
    await closeMigrationRole(tool, ROLES.migration);
    await expect(connect(ROLES.migration, password)).rejects.toMatchObject({ code: '28P01' });
    await guardTables(tool);
    await grantSyncRole(tool, ROLES.sync);
    const first = await renewSyncPassword(tool, ROLES.sync);
    await grantArbiter(tool, 'gateway');
    await asRole(tool, 'hydra', () => setRolePassword(tool, 'hydra', PASSWORD));
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
    // An older syncer cannot come back once a newer one has begun.
    const next = await renewSyncPassword(tool, ROLES.sync);
    await expect(connect(ROLES.sync, first.password)).rejects.toMatchObject({ code: '28P01' });
    await as(
      ROLES.sync,
      async (client) => {
        await client.query('SELECT FROM hydra_client');
        for (const sql of ['SET ROLE hydra', 'DROP TABLE hydra_client', "UPDATE hydra_cutover.run SET state = 'open'"])
          await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
      },
      next.password,
    );
    await releaseSyncRole(tool, ROLES.sync);
    await expect(connect(ROLES.sync, next.password)).rejects.toMatchObject({ code: '28P01' });
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
      'CREATE ROLE another',
      "ALTER ROLE master PASSWORD 'x'",
      'GRANT rds_superuser TO tool',
      'GRANT pg_execute_server_program TO tool',
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
        expect.stringMatching(/^missing bare lacks membership of hydra/),
        'missing bare lacks CREATE on the database',
        `missing bare lacks membership of ${OUR_ROLES.owner}, with INHERIT`,
        `missing bare may not act as ${ROLES.sync}, to give it a password`,
        `missing bare may not act as ${ROLES.migration}, to give it a password`,
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

  it('is told of roles that are not there, and of rights that an earlier version of the script gave', async () => {
    await asMaster(`CREATE ROLE plain LOGIN CREATEROLE PASSWORD '${PASSWORD}'`);
    await asMaster(
      `GRANT pg_monitor, pg_signal_backend, ${OUR_ROLES.owner}, ${ROLES.sync} TO plain; GRANT hydra TO plain WITH ADMIN OPTION`,
    );
    await as('plain', async (client) => {
      const findings = await checkPrivileges(client, { ...ROLES, migration: 'not_there' });
      expect(findings.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
        'missing role not_there, as which green is made ready, does not exist',
        expect.stringMatching(/^excess plain may create roles/),
        'excess plain may grant hydra to others',
      ]);
    });
    await asMaster('DROP ROLE plain');
  });

  if (major >= 16) {
    it('is told of a membership that does not let it act as the role, and the statement that helps', async () => {
      // As hydra it acts all the same, by way of the migration's role.
      for (const role of ['hydra', OUR_ROLES.owner, ROLES.sync]) await asMaster(`GRANT ${role} TO tool WITH SET FALSE`);
      const findings = await checkPrivileges(tool, ROLES);
      expect(findings.map(({ what }) => what)).toEqual([
        `tool lacks membership of ${OUR_ROLES.owner}, with INHERIT`,
        `tool may not act as ${ROLES.sync}, to give it a password`,
      ]);
      await expect(renewSyncPassword(tool, ROLES.sync)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
      for (const { fix } of findings) await asMaster(fix);
      expect(await checkPrivileges(tool, ROLES)).toEqual([]);
      await asMaster('GRANT hydra TO tool WITH SET TRUE');
    });
  }

  it('is told who else may become one of the roles, and which of them may become more', async () => {
    await asMaster(`CREATE ROLE auditor NOINHERIT LOGIN; CREATE ROLE team; GRANT team TO auditor; GRANT ${OUR_ROLES.owner} TO team;
      GRANT pg_monitor TO ${ROLES.sync}; ALTER ROLE gateway NOINHERIT; GRANT hydra TO gateway`);
    const findings = await checkPrivileges(tool, ROLES);
    expect(findings.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      `excess auditor may act as ${OUR_ROLES.owner}`,
      'excess gateway may act as hydra',
      `excess ${ROLES.sync} may act as pg_monitor`,
      `excess team may act as ${OUR_ROLES.owner}`,
    ]);
    await asMaster(
      `DROP ROLE auditor, team; REVOKE pg_monitor FROM ${ROLES.sync}; REVOKE hydra FROM gateway; ALTER ROLE gateway INHERIT`,
    );
    expect(await checkPrivileges(tool, ROLES)).toEqual([]);
  });

  it('is made on a green that is no copy by the same script, which says so', () => {
    const [blue, green] = [privilegesSql(ROLES), privilegesSql(ROLES, 'green')];
    expect(green).toMatch(/^-- Run this in database hydra of green, as its master user/);
    expect(green.split('\n').slice(1)).toEqual(blue.split('\n').slice(2));
    for (const sql of [blue, green, revokeSql(ROLES)])
      expect(sql.replace(/^--.*$/gm, '')).not.toMatch(/(?<!NO)CREATEROLE/);
  });

  it('names the role that is not there, before it changes anything', async () => {
    await expect(renewSyncPassword(tool, 'not_there')).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/^role not_there does not exist/) as string,
    });
    await expect(renewSyncPassword(tool, 'gateway')).rejects.toMatchObject({
      message: expect.stringMatching(/^tool may not act as role gateway/) as string,
    });
  });

  it("leaves the reading of Hydra's rows to a role that may decide nothing, and stands in nobody's way", async () => {
    await installArbiter(tool, { side: 'blue', cutoverId: 'test', initialState: 'open', owner: OUR_ROLES.owner });
    await guardTables(tool);
    await letRead(tool, 'worker');
    expect(await guardProblems(tool)).toEqual([]);
    await as('worker', async (worker) => {
      await worker.query('SELECT FROM hydra_client; SELECT FROM hydra_cutover.run, hydra_cutover.attempt');
      for (const sql of [
        "UPDATE hydra_cutover.run SET state = 'committed'",
        'DELETE FROM hydra_cutover.guarded',
        'SELECT hydra_cutover.begin_attempt(1, 1000, 0)',
        'SELECT hydra_cutover.fence(1, 1000)',
        'SELECT hydra_cutover.commit_attempt(1, 1000)',
        'SELECT hydra_cutover_asks.claim_epoch(1, 0, NULL)',
        'DO $$ BEGIN LOCK TABLE hydra_cutover_barrier.barrier IN ACCESS SHARE MODE; END $$',
        'CREATE TABLE hydra_cutover.planted ()',
        'SET ROLE tool',
        `SET ROLE ${OUR_ROLES.owner}`,
        `SET ROLE ${OUR_ROLES.sync}`,
      ])
        await expect(worker.query(sql)).rejects.toMatchObject({ code: '42501' });
    });
    const told = (await checkPrivileges(tool, { ...ROLES, workers: ['tool'] })).map(({ what }) => what);
    expect(told).toEqual(['tool may become a role that decides']);
    await removeArbiter(tool);
  });

  it('lets a role that only looks see how a cutover stands, and read or change nothing', async () => {
    await installArbiter(tool, { side: 'blue', cutoverId: 'test', initialState: 'open', owner: OUR_ROLES.owner });
    await guardTables(tool);
    await as('look', async (look) => {
      expect((await readTraces(look, 'blue')).arbiter).toBeNull();
      await letLook(tool, 'look');
      const [seen, whole] = [await readTraces(look, 'blue'), await readTraces(tool, 'blue')];
      expect(seen).toEqual({ ...whole, readAt: seen.readAt });
      expect(seen.arbiter).toMatchObject({ cutoverId: 'test', state: 'open', guarded: 3 });
      await look.query('SELECT version FROM schema_migration');
      expect(await checkPrivileges(look, ROLES, 'tool')).toEqual(await checkPrivileges(tool, ROLES));
      for (const sql of [
        'SELECT id FROM hydra_client',
        'SELECT FROM networks',
        "INSERT INTO schema_migration VALUES ('1')",
        'SELECT FROM hydra_cutover.run',
        // What locks a table before it asks for a right to it.
        'PREPARE lock AS DELETE FROM hydra_cutover.run',
        'CREATE RULE lock AS ON UPDATE TO hydra_cutover.run DO NOTHING',
        'DO $$ BEGIN LOCK TABLE hydra_cutover_barrier.barrier IN ACCESS SHARE MODE; END $$',
        'SELECT hydra_cutover.fence(1, 1000)',
        'CREATE TABLE public.planted ()',
        'CREATE FUNCTION hydra_cutover_asks.planted() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
        ...['tool', 'worker', 'hydra', ...Object.values(OUR_ROLES)].map((role) => `SET ROLE ${role}`),
      ])
        await expect(look.query(sql)).rejects.toMatchObject({ code: '42501' });
      const { rows } = await look.query(
        `SELECT proname FROM pg_proc WHERE pronamespace::regnamespace::text ^@ 'hydra_cutover' AND has_function_privilege(oid, 'EXECUTE')
            AND has_schema_privilege(pronamespace, 'USAGE')`,
      );
      expect(rows).toEqual([{ proname: 'traces' }]);
    });
    expect(await guardProblems(tool)).toEqual([]);
    await removeArbiter(tool);
  });

  it('tells what a role that only looks lacks, and what it has too much', async () => {
    await asMaster(`CREATE ROLE nosy LOGIN CREATEDB IN ROLE hydra; CREATE ROLE blind`);
    await as('hydra', (hydra) =>
      hydra.query('GRANT SELECT (id) ON hydra_client TO look; GRANT ALL ON networks TO look'),
    );
    const told = (await checkPrivileges(tool, { ...ROLES, look: ['look', 'nosy', 'blind', 'nobody'] })).map(
      ({ kind, what }) => `${kind} ${what}`,
    );
    expect(told).toEqual([
      'missing nosy lacks pg_monitor',
      'missing role blind may not log in',
      'missing blind lacks pg_monitor',
      'missing blind may not read "public".schema_migration',
      'missing role nobody, which only looks, does not exist',
      'excess look only looks, and may use hydra_client, networks',
      'excess nosy only looks, and has attributes of an administrator',
      'excess nosy only looks, and is a member of hydra',
      'excess nosy only looks, and may use hydra_client, networks, schema_migration',
      'excess nosy only looks, and may create in schema public',
    ]);
    await as('hydra', (hydra) => hydra.query('REVOKE ALL ON hydra_client, networks FROM look'));
    await asMaster('DROP ROLE nosy, blind');
  });

  it('is no login any more after the script that revokes it was run, twice, and what it made goes on', async () => {
    await installArbiter(tool, { side: 'green', cutoverId: 'test', initialState: 'closed', owner: OUR_ROLES.owner });
    await guardTables(tool);
    await asMaster(revokeSql(ROLES));
    await asMaster(revokeSql(ROLES));
    for (const role of ['tool', 'worker', 'gateway', 'look'])
      await expect(connect(role)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) as string });
    await as('hydra', async (client) => {
      await expect(client.query(`INSERT INTO hydra_client VALUES ('late')`)).rejects.toMatchObject({ code: 'HC001' });
      const { rows } = await client.query(
        `SELECT rolname, rolcreaterole, pg_has_role(oid, 'hydra', 'MEMBER') AS member FROM pg_roles WHERE rolname IN ('tool', 'worker', 'gateway', 'look') OR rolname ^@ 'hydra_cutover'`,
      );
      // What is left is the owner of the guards, as whom nobody logs in.
      expect(rows).toEqual([{ rolname: OUR_ROLES.owner, rolcreaterole: false, member: false }]);
    });
  });

  it('is the same where every name has to be quoted', async () => {
    const names: ToolRoles = {
      ...{ tool: [`O'Tool "T" $1`], workers: ['Worker; ü'], look: ['look\\ --'], gateways: ['Gate"way" %I'] },
      ...{ sync: `O'Sync "S"`, migration: 'Migrate /* ü', owner: `O'Hydra "H"` },
      ...{ database: 'hydra', schema: `Own "schema" o'f :schema` },
    };
    const { tool: tools, workers, look, gateways, owner, schema } = names;
    const logins = [...tools, ...workers, ...look, ...gateways];
    await asMaster(
      `ALTER ROLE hydra RENAME TO ${quoteIdentifier(owner)}; ALTER SCHEMA public RENAME TO ${quoteIdentifier(schema)}`,
    );
    await asMaster(privilegesSql(names));
    await asMaster(privilegesSql(names));
    for (const name of logins) await asMaster(`ALTER ROLE ${quoteIdentifier(name)} PASSWORD '${PASSWORD}'`);
    for (const name of [...tools, ...look])
      await as(name, async (client) => expect(await checkPrivileges(client, names, tools[0])).toEqual([]));
    // What the fixes of a role without anything make of it is what the script makes.
    await asMaster(revokeSql(names));
    await asMaster(`CREATE ROLE ${quoteIdentifier(tools[0] ?? '')} LOGIN CREATEDB PASSWORD '${PASSWORD}'`);
    const others = { ...names, workers: [], look: [], gateways: [] };
    const fixes = async () => {
      const all: string[] = [];
      await as(
        tools[0] ?? '',
        async (client) => void all.push(...(await checkPrivileges(client, others)).map(({ fix }) => fix)),
      );
      return all;
    };
    // Some of them are only told once others were followed.
    for (let rounds = 0; rounds < 3; rounds++)
      for (const fix of await fixes()) await asMaster(fix.replace('DATABASE …', 'DATABASE hydra'));
    expect(await fixes()).toEqual([]);
    await asMaster(revokeSql(names));
    for (const name of logins)
      await expect(connect(name)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) as string });
  });
});
