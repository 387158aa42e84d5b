import { Client } from 'pg';
import { readVendorPlan, type VendorPlan } from '../../../../activities/in-place/read-vendor-plan';
import { type SqlClient } from '../../../../domain/ports/sql-client';
import { book } from '../../../../hydra/in-place/bookkeeping';
import { compareFacts, readFacts, tellDifferences } from '../../../../hydra/catalog';
import { COMPATIBILITY_SCHEMA, layCompatibility, switchOldSessions } from '../../../../hydra/in-place/compatibility';
import { keepPlan, readKeptRun } from '../../../../hydra/in-place/keep-plan';
import { type ActTools, repeatUpdates, runActs } from '../../../../hydra/in-place/run-acts';
import { IN_PLACE_PATHS } from '../../../../domain/in-place/paths';
import { HYDRA_LAUNCH_FACTS } from '../../../../hydra/versions';
import { useDatabase } from '../../../support/database';
import { adminLoginApp, createOauthClient, grantTokens, OauthHttp, refreshTokens } from '../../../../world/oauth';
import { startHydra } from '../../../support/hydra';
import { ProcessCommandRunner } from '../../../../adapters/command/process-command-runner';
import { type InPlaceCommand } from '../../../../domain/in-place/settings';
import { inPlaceFixture, migrateCommand, stepContext, type InPlaceFixture } from '../../../support/in-place';

const live = useDatabase('empty');
const scratch = useDatabase('empty');
const clients: Client[] = [];
let fixture: InPlaceFixture;
let vendor: VendorPlan;

beforeAll(async () => {
  fixture = await inPlaceFixture(live, scratch);
  vendor = await readVendorPlan(fixture.deps, stepContext());
});

afterAll(() => fixture.close());

/** A test that closes what it opened before it ends. */
function closing(test: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await test();
    } finally {
      for (const client of clients.splice(0)) await client.end();
    }
  };
}

async function openClone(name: string): Promise<{ client: Client; database: string }> {
  const database = `${fixture.database}_${name}`;
  await fixture.clone(database);
  return { database, client: await openAs(fixture.roles.tool, database) };
}

async function openAs(role: string, database: string): Promise<Client> {
  const client = new Client({ connectionString: fixture.dsn(role, database) });
  clients.push(client);
  await client.connect();
  return client;
}

async function asAdminIn(database: string): Promise<Client> {
  const client = new Client({ ...live.config, database });
  clients.push(client);
  await client.connect();
  return client;
}

function toolsOf(client: SqlClient, heartbeat: ActTools['heartbeat'] = () => undefined): ActTools {
  const { schema, owner, migration } = fixture.settings;
  return {
    client,
    schema,
    owner,
    ...migration,
    signal: new AbortController().signal,
    watch: () => Promise.resolve([]),
    heartbeat,
  };
}

async function begin(client: Client, database: string): Promise<void> {
  const { owner, oldRole, schema } = fixture.settings;
  const views = { ...IN_PLACE_PATHS['1.3.2'], changedTables: vendor.plan.changedTables };
  await keepPlan(client, 'run-1', vendor.plan);
  await layCompatibility(client, { schema, owner, oldRole, database }, views);
  await switchOldSessions(client, { schema, owner, oldRole, database });
}

/** The renamed bookkeeping of the pop library, which nobody reads any more, is left out on purpose. */
const LEFT_OUT = 'schema_migration_pop_legacy';

const expectVendorsCatalog = (client: Client): Promise<void> => expectCatalog(client, vendor.after);

async function expectCatalog(client: Client, after: VendorPlan['after']): Promise<void> {
  const differences = compareFacts(after, await readFacts(client, 'public'));
  expect(tellDifferences(differences.filter(({ table }) => table !== LEFT_OUT))).toBe('');
}

describe('the migrations of Hydra 1.3.2 to 1.11.10 online', () => {
  it('are read off the wire, and each statement has a form that stops nobody', () => {
    expect(vendor.refused).toEqual([]);
    expect(new Set(vendor.plan.acts.map(({ migration }) => migration)).size).toBe(12);
    expect(vendor.plan.bookkeeping.versions).toHaveLength(97);
    expect(vendor.plan.changedTables).toEqual([
      'hydra_client',
      'hydra_oauth2_authentication_request_handled',
      'hydra_oauth2_consent_request',
    ]);
    const forms = vendor.plan.acts.map(({ kind }) => kind);
    expect(forms.filter((kind) => kind === 'replaceIndex')).toHaveLength(2);
    expect(forms.filter((kind) => kind === 'createIndex')).toHaveLength(6);
  });

  it(
    'leave the catalog of the vendor’s own migration, and nothing to do for either version',
    closing(async () => {
      const { client, database } = await openClone('whole');
      const texts = await client.query<{ names: string; values: string }>(
        `SELECT string_agg(attname, ', ') AS names, string_agg($$''$$, ', ') AS values FROM pg_attribute
          WHERE attrelid = 'hydra_client'::regclass AND attnum > 0 AND attnotnull AND NOT atthasdef AND attname <> 'id'`,
      );
      const [{ names, values } = { names: '', values: '' }] = texts.rows;
      await client.query(`INSERT INTO hydra_client (id, token_endpoint_auth_method, ${names})
        SELECT 'client-' || n, CASE WHEN n % 2 = 0 THEN 'private_key_jwt' ELSE 'none' END, ${values} FROM generate_series(1, 7) n`);
      await begin(client, database);
      await runActs(toolsOf(client), vendor.plan);
      await book(toolsOf(client), vendor.plan);
      await expectVendorsCatalog(client);
      const algorithms = await client.query(
        `SELECT count(*)::int AS n FROM hydra_client WHERE (token_endpoint_auth_signing_alg = 'RS256') = (token_endpoint_auth_method = 'private_key_jwt')`,
      );
      expect(algorithms.rows).toEqual([{ n: 7 }]);
      const { old, next } = fixture.roles;
      const oldSays = await fixture.hydra('1.3.2', HYDRA_LAUNCH_FACTS['1.3.2'].migrateArgs, database, old);
      expect(oldSays).toContain('Successfully applied 0 SQL migrations');
      const newSays = await fixture.hydra('1.11.10', ['migrate', 'sql', '-e', '-y'], database, next);
      expect(newSays).not.toContain('Pending');
      await expectVendorsCatalog(client);
      // What the old version wrote while both served.
      await client.query(`UPDATE hydra_client SET token_endpoint_auth_signing_alg = '' WHERE id = 'client-2'`);
      expect(await repeatUpdates(toolsOf(client), vendor.plan)).toBe(3);
      const last = await client.query(
        `SELECT token_endpoint_auth_signing_alg AS alg FROM hydra_client WHERE id = 'client-2'`,
      );
      expect(last.rows).toEqual([{ alg: 'RS256' }]);
    }),
  );

  it(
    'go on after a crash before each act, and between each act and the note that it is done',
    closing(async () => {
      const { client, database } = await openClone('crashes');
      await begin(client, database);
      const seen = new Set<string>();
      const dies = (when: string) => {
        if (seen.has(when)) return;
        seen.add(when);
        throw new Error(`crash ${when}`);
      };
      const mortal: SqlClient = {
        query: async (text, values) => {
          const note = /UPDATE hydra_cutover_in_place\.act SET done_at.* number = (\d+)/.exec(text);
          if (note) dies(`after act ${Number(note[1]) + 1}`);
          return client.query(text, values);
        },
      };
      const heartbeat = (progress: Readonly<Record<string, unknown>>) => {
        if (progress['step'] === 'migrating') dies(`before act ${String(progress['act'])}`);
      };
      let crashes = 0;
      for (;;) {
        try {
          await runActs(toolsOf(mortal, heartbeat), vendor.plan);
          break;
        } catch (error) {
          expect((error as Error).message).toMatch(/^crash/);
          crashes += 1;
        }
      }
      expect(crashes).toBe(2 * vendor.plan.acts.length);
      expect((await readKeptRun(client))?.actsDone).toBe(vendor.plan.acts.length);
      await book(toolsOf(client), vendor.plan);
      await expectVendorsCatalog(client);
    }),
  );

  it(
    'build an index anew that an earlier try left INVALID, and refuse one of another shape under the name',
    closing(async () => {
      const { client, database } = await openClone('invalid');
      await begin(client, database);
      const index = 'hydra_oauth2_access_client_id_subject_idx';
      await client.query(`CREATE INDEX ${index} ON hydra_oauth2_access (client_id, subject)`);
      const admin = await asAdminIn(database);
      await admin.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${index}'::regclass`);
      await client.query(`CREATE INDEX hydra_oauth2_code_request_id_idx ON hydra_oauth2_code (subject)`);
      await expect(runActs(toolsOf(client), vendor.plan)).rejects.toMatchObject({
        code: 'MIGRATION_FAILED',
        details: { index: 'hydra_oauth2_code_request_id_idx' },
      });
      await client.query(`DROP INDEX hydra_oauth2_code_request_id_idx`);
      await runActs(toolsOf(client), vendor.plan);
      await book(toolsOf(client), vendor.plan);
      await expectVendorsCatalog(client);
    }),
  );

  it(
    'let readers and writers go on while a long reader holds a table, and are done when it ends',
    closing(async () => {
      const { client, database } = await openClone('reader');
      await begin(client, database);
      const reader = await openAs(fixture.roles.old, database);
      const other = await openAs(fixture.roles.old, database);
      // The acts' own session is inside their transactions: a question asked there would be one of their statements.
      const onlooker = await openAs(fixture.roles.tool, database);
      await reader.query('BEGIN');
      await reader.query('SELECT count(*) FROM public.hydra_client');
      const ended = runActs(toolsOf(client), vendor.plan).then(() => 'done');
      for (let round = 0; round < 20; round += 1) {
        await other.query(`SELECT count(*) FROM public.hydra_client`);
        await other.query(`DELETE FROM public.hydra_client WHERE id = 'nobody'`);
      }
      const before = await readKeptRun(onlooker);
      expect(before?.actsDone).toBeLessThan(vendor.plan.acts.length);
      await reader.query('COMMIT');
      await expect(ended).resolves.toBe('done');
    }),
  );

  it(
    'keep an old and a new `migrate sql` that somebody runs in the middle from doing harm',
    closing(async () => {
      const { client, database } = await openClone('middle');
      await begin(client, database);
      let ran = false;
      const heartbeat = (progress: Readonly<Record<string, unknown>>) => {
        if (progress['act'] === 10 && !ran) {
          ran = true;
          throw new Error('now');
        }
      };
      await expect(runActs(toolsOf(client, heartbeat), vendor.plan)).rejects.toThrow('now');
      const { old, next } = fixture.roles;
      const oldSays = await fixture.hydra('1.3.2', HYDRA_LAUNCH_FACTS['1.3.2'].migrateArgs, database, old);
      expect(oldSays).toContain('Successfully applied 0 SQL migrations');
      await fixture.hydra('1.11.10', ['migrate', 'sql', '-e', '-y'], database, next).catch(() => '');
      await runActs(toolsOf(client), vendor.plan);
      await book(toolsOf(client), vendor.plan);
      await expectVendorsCatalog(client);
    }),
  );

  it(
    'are done all the same after somebody answered the new `migrate sql` with "n", which turns the bookkeeping over',
    closing(async () => {
      const { client, database } = await openClone('byhand');
      const answered = await fixture
        .hydra('1.11.10', ['migrate', 'sql', '-e'], database, fixture.roles.old)
        .catch(String);
      expect(answered).not.toContain('Successfully applied');
      const { rows } = await client.query<{ old: number; now: number }>(
        `SELECT count(*) FILTER (WHERE relname ~ '^hydra_\\w+_migration$')::int AS old,
                count(*) FILTER (WHERE relname = 'schema_migration')::int AS now FROM pg_class WHERE relkind = 'r'`,
      );
      expect(rows).toEqual([{ old: 0, now: 1 }]);
      await begin(client, database);
      await runActs(toolsOf(client), vendor.plan);
      await book(toolsOf(client), vendor.plan);
      await expectVendorsCatalog(client);
      const newSays = await fixture.hydra('1.11.10', ['migrate', 'sql', '-e', '-y'], database, fixture.roles.next);
      expect(newSays).not.toContain('Pending');
    }),
  );

  it(
    'do not go on with acts of another plan',
    closing(async () => {
      const { client, database } = await openClone('other');
      await begin(client, database);
      await client.query('UPDATE hydra_cutover_in_place.run SET begun_at = now()');
      await client.query('UPDATE hydra_cutover_in_place.act SET done_at = now() WHERE number = 0');
      const other = { ...vendor.plan, acts: vendor.plan.acts.slice(1) };
      await expect(keepPlan(client, 'run-2', other)).rejects.toMatchObject({ code: 'CUTOVER_RUNNING' });
      const adopted = await keepPlan(client, 'run-2', vendor.plan);
      expect(adopted).toMatchObject({ cutoverId: 'run-2', actsDone: 1 });
      expect(COMPATIBILITY_SCHEMA).toBe('hydra_compatibility');
    }),
  );

  it(
    'take no scratch database that holds anything of others',
    closing(async () => {
      const { database } = await openClone('full');
      const { databases } = fixture.deps;
      const wrong = {
        ...fixture.deps,
        databases: {
          ...databases,
          address: databases.address.bind(databases),
          withSession: databases.withSession.bind(databases),
        },
      };
      const client = await openAs(fixture.roles.tool, database);
      wrong.databases.withSession = (_name, work) =>
        work({ backendPid: 0, query: (text, values) => client.query(text, values) });
      await expect(readVendorPlan(wrong, stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
      expect((await client.query('SELECT count(*) FROM hydra_client')).rowCount).toBe(1);
    }),
  );
});

describe('the migrations of Hydra 2.2.0 to 2.3.0, which no path names', () => {
  it(
    'are read, run online while 2.2.0 serves through views, and leave the catalog of the vendor’s own',
    closing(async () => {
      const { roles, settings } = fixture;
      const commands = new ProcessCommandRunner<InPlaceCommand>({
        commands: { migrateOld: await migrateCommand('2.2.0'), migrateNew: await migrateCommand('2.3.0') },
      });
      const { plan, refused, after } = await readVendorPlan({ ...fixture.deps, commands }, stepContext());
      expect(refused).toEqual([]);
      // One of them runs in no transaction.
      expect(plan.acts.map(({ migration }) => migration)).not.toContain('none');
      const database = `${fixture.database}_later`;
      await fixture.empty(database);
      await fixture.hydra('2.2.0', HYDRA_LAUNCH_FACTS['2.2.0'].migrateArgs, database, roles.old);
      const client = await openAs(roles.tool, database);
      await keepPlan(client, 'run-1', plan);
      const { schema, owner, oldRole } = settings;
      const place = { schema, owner, oldRole, database };
      await layCompatibility(client, place, {
        sessionTables: [],
        activeOnlyTables: [],
        changedTables: plan.changedTables,
      });
      await switchOldSessions(client, place);
      const hydra = await startHydra({
        ...{ version: '2.2.0', database: live.config, loginAppUrl: 'http://127.0.0.1:9' },
        extra: { DSN: fixture.dsn(roles.old, database) },
      });
      const http = new OauthHttp(hydra, { forwardedProto: true });
      try {
        const app = await createOauthClient(http);
        const logIn = async () => {
          const { tokens } = await grantTokens(http, {
            client: app,
            loginApp: adminLoginApp(http, { subject: 'ada' }),
          });
          await refreshTokens(http, app, tokens.refreshToken ?? '');
        };
        let running = true;
        const ended = runActs(toolsOf(client), plan).finally(() => (running = false));
        while (running) await logIn();
        await ended;
        await logIn();
      } finally {
        await http.close();
        await hydra.stop();
      }
      await book(toolsOf(client), plan);
      await expectCatalog(client, after);
      const says = await fixture.hydra('2.3.0', ['migrate', 'sql', 'status', '-e'], database, roles.next);
      expect(says).not.toMatch(/pending/i);
    }),
  );
});
