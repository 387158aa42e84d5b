import { PostgresDatabases } from '../../../adapters/postgres/postgres-databases';
import { bookMigrations, digestOf } from '../../../activities/in-place/bookkeeping';
import { type InPlaceDeps } from '../../../activities/in-place/deps';
import { layLayer, migrateOnline } from '../../../activities/in-place/migrate-online';
import { planInPlace } from '../../../activities/in-place/plan-in-place';
import { judgeShare } from '../../../activities/in-place/judge-share';
import { readVendorPlan, type VendorPlan } from '../../../activities/in-place/read-vendor-plan';
import { removeLayer, takeLayerBack } from '../../../activities/in-place/retire-old';
import { type InPlaceDatabase } from '../../../domain/in-place/settings';
import { HYDRA_LAUNCH_FACTS } from '../../../hydra/versions';
import { useDatabase } from '../../support/database';
import { inPlaceFixture, stepContext, type InPlaceFixture } from '../../support/in-place';
import { useClones } from '../../support/in-place-clones';
import { until } from '../../support/until';

const live = useDatabase('empty');
const scratch = useDatabase('empty');
const RUN = { cutoverId: 'run-1', environment: 'test' };
const VERSIONS_OF_OTHERS = `CREATE TABLE schema_migration (version varchar(14) NOT NULL);
  INSERT INTO schema_migration VALUES ('20191100000001'), ('20200317160354')`;
const KEPT_BY_OTHERS = `SELECT nspname AS schema, relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'v') AND relname ~ '^(own_|hydra_own_)' ORDER BY 1, 2`;
// A session that is ended from outside is opened anew, as a pool does.
const { closing, openAs, asAdminIn } = useClones(() => fixture, live, true);
let fixture: InPlaceFixture;
let vendor: VendorPlan;

beforeAll(async () => {
  fixture = await inPlaceFixture(live, scratch);
  vendor = await readVendorPlan(fixture.deps, stepContext());
});

afterAll(() => fixture.close());

/** A database of its own with the schema of the old version, what stands in for the old Hydra, and the steps. */
async function stage(name: string, changed: Partial<InPlaceDeps['settings']> = {}) {
  const database = `${fixture.database}_${name}`;
  await fixture.clone(database);
  const { roles, settings } = fixture;
  const locationOf = ({ hostname, port, password }: URL, of: string) => ({
    ...{ host: hostname, port: Number(port), name: of, user: roles.tool, password: () => password },
    ssl: { mode: 'disable' as const },
  });
  const server = new URL(fixture.dsn(roles.tool));
  const databases = new PostgresDatabases<InPlaceDatabase>({
    sides: { live: locationOf(server, database), scratch: locationOf(server, scratch.config.database) },
    provider: { describeInstance: () => Promise.resolve(undefined) },
  });
  const asOld = () => openAs(roles.old, database);
  let session = await asOld();
  const readClients = async () => {
    const read = () => session.query('SELECT count(*) FROM hydra_client');
    await read().catch(async () => {
      session = await asOld();
      await read();
    });
  };
  const { commands, hydra } = fixture.deps;
  const gateway = {
    name: 'gateway-1',
    state: async () => ({ mode: 'pass', epoch: 0 }),
    read: async () => ({ appliedSide: 'blue' }),
    besideShare: async () => 0,
  };
  const deps = {
    ...fixture.deps,
    settings: { ...settings, ...changed },
    databases,
    commands: { has: () => true, run: commands.run.bind(commands) },
    gateways: [gateway],
    hydra: {
      ...hydra,
      old: {
        ...{ isReady: async () => true, version: async () => 'v1.3.2', readClients },
        metrics: (side: 'blue') => hydra.old.metrics(side),
      },
    },
  } as unknown as InPlaceDeps;
  const input = { ...RUN, plan: vendor.plan, catalogDigest: digestOf(vendor.after) };
  return {
    database,
    deps,
    admin: await asAdminIn(database),
    asOld,
    asNext: () => openAs(roles.next, database),
    endOld: () => session.end(),
    plan: () => planInPlace(deps, RUN, stepContext()),
    lay: () => layLayer(deps, input, stepContext()),
    migrate: () => migrateOnline(deps, input, stepContext()),
    book: () => bookMigrations(deps, input, stepContext()),
    remove: () => removeLayer(deps, RUN, stepContext()),
    takeBack: () => takeLayerBack(deps, RUN, stepContext()),
    judge: () => judgeShare(deps, { ...RUN, share: 50 }, stepContext()),
  };
}

const refused = (says: RegExp) => ({ message: expect.stringMatching(says) as string });

it(
  'leaves a table of others whose name looks like that of bookkeeping where it is, to the end',
  closing(async () => {
    const { admin, plan, lay, migrate, book, endOld, remove } = await stage('alike');
    await admin.query(`CREATE TABLE hydra_own_migration AS SELECT 'kept' AS note;
    ALTER TABLE hydra_own_migration OWNER TO ${fixture.roles.old}`);
    expect((await plan()).warnings).toEqual([expect.stringContaining("table hydra_own_migration: is none of Hydra's")]);
    await lay();
    await migrate();
    await expect(book()).resolves.toMatchObject({ oldTables: 4 });
    await endOld();
    await remove();
    expect((await admin.query('SELECT note FROM public.hydra_own_migration')).rows).toEqual([{ note: 'kept' }]);
  }),
);

it(
  'takes no bookkeeping of another program for what a broken-off migration left, and drops none of its rows',
  closing(async () => {
    const { admin, plan, lay, migrate, book } = await stage('program');
    await admin.query(`${VERSIONS_OF_OTHERS}; ALTER TABLE schema_migration OWNER TO ${fixture.roles.old}`);
    await expect(plan()).rejects.toMatchObject(
      refused(
        /schema_migration: has 2 rows that Hydra 1\.11\.10 never enters, the first 20191100000001: another program/,
      ),
    );
    // It may come after the plan.
    await lay();
    await migrate();
    await expect(book()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { rows: 2 } });
    await admin.query('CREATE SCHEMA own; ALTER TABLE schema_migration SET SCHEMA own');
    await expect(book()).resolves.toMatchObject({ versions: 97, pending: 0 });
    expect((await admin.query('SELECT * FROM own.schema_migration')).rowCount).toBe(2);
  }),
);

it(
  'shows the old version the columns that it knows, also when somebody migrated between the plan and the views',
  closing(async () => {
    const { admin, database, asOld, lay, migrate, book } = await stage('between');
    const columns = () =>
      admin.query(
        `SELECT attname FROM pg_attribute WHERE attrelid = 'hydra_client'::regclass AND attnum > 0 AND NOT attisdropped`,
      );
    const before = (await columns()).rows;
    await fixture.hydra('1.11.10', ['migrate', 'sql', '-e', '-y'], database, fixture.roles.next);
    expect((await columns()).rows.length).toBeGreaterThan(before.length);
    await lay();
    const { fields } = await (await asOld()).query('SELECT * FROM hydra_client');
    expect(fields.map(({ name }) => ({ attname: name }))).toEqual(before);
    await migrate();
    // Who ran it owns what it made.
    await expect(book()).rejects.toMatchObject(refused(/ALTER TABLE public\.schema_migration OWNER TO/));
    await admin.query(`REASSIGN OWNED BY ${fixture.roles.next} TO ${fixture.roles.old}`);
    await expect(book()).resolves.toMatchObject({ pending: 0 });
  }),
);

it(
  'removes nothing with the views that others made in their schema or over them',
  closing(async () => {
    const { admin, asOld, endOld, lay, migrate, book, remove } = await stage('made');
    await lay();
    await migrate();
    await book();
    // Its unqualified names lead there.
    const old = await asOld();
    await old.query('CREATE TABLE own_backup AS SELECT * FROM hydra_client');
    await old.end();
    await admin.query('CREATE VIEW own_view AS SELECT * FROM hydra_compatibility.hydra_client');
    await endOld();
    await expect(remove()).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      ...refused(/view own_view depends on view hydra_compatibility\.hydra_client/),
    });
    await admin.query('DROP VIEW own_view');
    await expect(remove()).rejects.toMatchObject(refused(/table hydra_compatibility\.own_backup .*SET SCHEMA public/));
    expect((await admin.query(KEPT_BY_OTHERS)).rows).toEqual([{ schema: 'hydra_compatibility', name: 'own_backup' }]);
    await admin.query('ALTER TABLE hydra_compatibility.own_backup SET SCHEMA public');
    await remove();
    expect((await admin.query(KEPT_BY_OTHERS)).rows).toEqual([{ schema: 'public', name: 'own_backup' }]);
    expect((await admin.query(`SELECT 1 FROM pg_namespace WHERE nspname ~ '^hydra_'`)).rowCount).toBe(0);
  }),
);

it(
  'says which tables an old `migrate sql` has made that looked past the views, and goes on without them',
  closing(async () => {
    const { admin, database, endOld, lay, migrate, book, remove } = await stage('anew');
    await lay();
    await migrate();
    await book();
    const { next } = fixture.roles;
    await fixture.hydra('1.3.2', HYDRA_LAUNCH_FACTS['1.3.2'].migrateArgs, database, next).catch(() => '');
    const says = new RegExp(`as ${next}, .*DROP TABLE public.hydra_client_migration, `);
    await expect(book()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', ...refused(says) });
    await endOld();
    await expect(remove()).rejects.toMatchObject(refused(says));
    await admin.query(`DROP OWNED BY ${next}`);
    await expect(book()).resolves.toMatchObject({ versions: 97, oldTables: 4 });
    await remove();
    expect(await fixture.hydra('1.11.10', ['migrate', 'sql', '-e', '-y'], database, next)).not.toContain('Pending');
  }),
);

it(
  'tells whose schema it is when another role than ours kept an upgrade',
  closing(async () => {
    const { admin, plan } = await stage('role');
    await admin.query(`CREATE SCHEMA hydra_cutover_in_place AUTHORIZATION ${fixture.roles.next};
      REVOKE ${fixture.roles.next} FROM ${fixture.roles.tool}`);
    try {
      const says = new RegExp(
        `hydra_cutover_in_place belongs to ${fixture.roles.next}, .*GRANT ${fixture.roles.next} to our`,
      );
      await expect(plan()).rejects.toMatchObject(refused(says));
    } finally {
      await admin.query(`GRANT ${fixture.roles.next} TO ${fixture.roles.tool}`);
    }
  }),
);

it(
  'reads nothing of a kept upgrade that somebody else made up',
  closing(async () => {
    const { admin, plan } = await stage('planted');
    const { old } = fixture.roles;
    await admin.query(`CREATE SCHEMA hydra_cutover_in_place AUTHORIZATION ${old}; SET ROLE ${old}; CREATE TABLE hydra_cutover_in_place.ran (by name);
      CREATE FUNCTION hydra_cutover_in_place.evil() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO hydra_cutover_in_place.ran VALUES (current_user); RETURN true; END $$;
      CREATE VIEW hydra_cutover_in_place.run AS SELECT 'run-1' AS cutover_id, '{}'::jsonb AS plan, NULL::timestamptz AS switched_at,
        NULL::timestamptz AS begun_at, NULL::timestamptz AS booked_at WHERE hydra_cutover_in_place.evil();
      CREATE TABLE hydra_cutover_in_place.act (number int, done_at timestamptz); GRANT USAGE ON SCHEMA hydra_cutover_in_place TO PUBLIC;
      GRANT ALL ON ALL TABLES IN SCHEMA hydra_cutover_in_place TO PUBLIC; RESET ROLE`);
    await expect(plan()).rejects.toMatchObject(refused(/hydra_cutover_in_place.* run is no table/));
    expect((await admin.query('SELECT by FROM hydra_cutover_in_place.ran')).rows).toEqual([]);
  }),
);

it(
  'takes no schema that the old version does not look into',
  closing(async () => {
    const { admin, database, plan } = await stage('elsewhere');
    const { old } = fixture.roles;
    await admin.query(`CREATE SCHEMA own; CREATE TABLE own.hydra_client AS SELECT * FROM hydra_client;
      GRANT USAGE ON SCHEMA own TO ${old}; GRANT ALL ON own.hydra_client TO ${old};
      ALTER ROLE ${old} IN DATABASE ${database} SET search_path = own, public`);
    await expect(plan()).rejects.toMatchObject(
      refused(new RegExp(`role ${old}: its search_path leads to own.hydra_client, and not to the schema public`)),
    );
  }),
);

it(
  'takes no old version whose sessions hide what they do',
  closing(async () => {
    const { admin, database, endOld, plan } = await stage('hidden');
    await admin.query(`ALTER ROLE ${fixture.roles.old} IN DATABASE ${database} SET track_activities = off`);
    await endOld();
    await expect(plan()).rejects.toMatchObject(refused(/track_activities is off for its sessions: nobody sees/));
  }),
);

it(
  'says before the plan is approved who may make nothing in the schema',
  closing(async () => {
    const { admin, plan } = await stage('create');
    await admin.query('ALTER SCHEMA public OWNER TO CURRENT_USER; REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    const { old } = fixture.roles;
    await expect(plan()).rejects.toMatchObject(
      refused(
        new RegExp(`schema public: role ${old} may make nothing in it.*; GRANT CREATE ON SCHEMA public TO ${old}`),
      ),
    );
  }),
);

it(
  'keeps no row of a batch while it waits for one that somebody holds',
  closing(async () => {
    const migration = { ...fixture.settings.migration, lockAttempts: 1_000, batchRows: 1_000 };
    const { admin, asNext, endOld, lay, migrate, book, remove } = await stage('held', { migration });
    const [{ names, values } = { names: '', values: '' }] = (
      await admin.query<{ names: string; values: string }>(
        `SELECT string_agg(attname, ', ') AS names, string_agg($$''$$, ', ') AS values FROM pg_attribute
        WHERE attrelid = 'hydra_client'::regclass AND attnum > 0 AND attnotnull AND NOT atthasdef AND attname <> 'id'`,
      )
    ).rows;
    await admin.query(`INSERT INTO hydra_client (id, token_endpoint_auth_method, ${names})
    SELECT 'client-' || n, 'private_key_jwt', ${values} FROM generate_series(1, 9) n`);
    await lay();
    await migrate();
    await book();
    await endOld();
    const [holder, writer] = [await asNext(), await asNext()];
    await holder.query(`BEGIN; SELECT 1 FROM hydra_client WHERE id = 'client-9' FOR UPDATE`);
    const removed = remove();
    const waits = `SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock' AND query LIKE '%RS256%'`;
    await until('a batch waits', async () => (await admin.query(waits, [fixture.roles.tool])).rowCount === 1);
    await writer.query('SET lock_timeout = 20000');
    await writer.query(`UPDATE hydra_client SET client_name = 'x' WHERE id = 'client-1'`);
    await holder.query('COMMIT');
    await expect(removed).resolves.toEqual({ rowsBroughtUp: 9 });
  }),
);

it(
  'leads the old version through its views again when somebody has set its role back meanwhile',
  closing(async () => {
    const { admin, database, lay, migrate, endOld } = await stage('reset');
    await lay();
    await admin.query(`ALTER ROLE ${fixture.roles.old} IN DATABASE ${database} RESET search_path`);
    await endOld();
    await expect(migrate()).resolves.toMatchObject({ acts: vendor.plan.acts.length });
  }),
);

it(
  'says at a share that the old version looks past its views: its role was set back, or one was started with another DSN',
  closing(async () => {
    const judge = { ...fixture.settings.judge, durationMs: 4_000, pollMs: 100 };
    const { admin, database, asOld, lay, migrate, judge: judged } = await stage('past', { judge });
    await lay();
    await migrate();
    const { old } = fixture.roles;
    await admin.query(`ALTER ROLE ${old} IN DATABASE ${database} SET search_path = public`);
    const { verdict, problems } = await judged();
    const found = /search_path of role .* was set back, .*: (ALTER ROLE .*), then end its sessions/;
    expect({ verdict, problems }).toEqual({
      verdict: 'inconclusive',
      problems: expect.arrayContaining([expect.stringMatching(found)]) as string[],
    });
    const [, statement = ''] = found.exec(problems.join()) ?? [];
    await admin.query(statement);
    const around = await asOld();
    await around.query('SET search_path = public');
    await around.query('SELECT count(*) FROM hydra_client');
    expect((await judged()).problems).toContainEqual(
      expect.stringMatching(/^1 sessions of role .* did not go through/),
    );
    await around.query('SET search_path = hydra_compatibility, public');
    await around.query('SELECT count(*) FROM hydra_client');
    expect((await judged()).problems.join()).not.toMatch(/set back|did not go through|could not be seen/);
  }),
);

it(
  'takes the views back past a session that never looked through them',
  closing(async () => {
    const { asOld, lay, takeBack } = await stage('never', { recycle: { how: 'terminate', deadlineMs: 1_000 } });
    const reader = await asOld();
    await reader.query('BEGIN; SELECT count(*) FROM hydra_client');
    await expect(lay()).rejects.toMatchObject({ code: 'LOCK_BUSY' });
    await expect(takeBack()).resolves.toEqual({ stays: false });
    await reader.query('COMMIT');
  }),
);

it(
  'waits for no login that holds what it can: locks by keys that stand in our sources, and on what is ours',
  closing(async () => {
    const { admin, deps, database } = await stage('holders');
    const stranger = await openAs(fixture.roles.next, database);
    await stranger.query(
      `SELECT pg_advisory_lock(hashtext('hydra_cutover'), hashtext(key)) FROM unnest(ARRAY['acts in place', 'in place', 'compatibility']) AS key`,
    );
    const waited: unknown[] = [];
    const context = stepContext(({ step: at, waitsFor }) => {
      if (at === 'waits for an earlier try') waited.push(waitsFor);
    });
    await layLayer(deps, { ...RUN, plan: vendor.plan }, context);
    for (const table of ['actor', 'run', 'act'])
      await expect(
        stranger.query(`DO $$ BEGIN LOCK TABLE hydra_cutover_in_place.${table} IN ACCESS SHARE MODE; END $$`),
      ).rejects.toThrow('permission denied for schema hydra_cutover_in_place');
    for (let tries = 0; tries < 2; tries++)
      await expect(takeLayerBack(deps, RUN, context)).resolves.toEqual({ stays: false });
    expect(waited).toEqual([]);
    const ours = `SELECT nspname FROM pg_namespace WHERE nspname IN ('hydra_cutover_in_place', 'hydra_compatibility')`;
    expect((await admin.query(ours)).rows).toEqual([]);
  }),
);
