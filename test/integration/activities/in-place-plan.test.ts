import { Client } from 'pg';
import { bookMigrations, digestOf } from '../../../activities/in-place/bookkeeping';
import { checkOldDatabase, checkReaders } from '../../../activities/in-place/check-database';
import { checkHanging } from '../../../activities/in-place/check-hanging';
import { checkSchema } from '../../../activities/in-place/check-schema';
import { type InPlaceDeps } from '../../../activities/in-place/deps';
import { startBeside } from '../../../activities/in-place/hydras';
import { layLayer, migrateOnline } from '../../../activities/in-place/migrate-online';
import { planInPlace } from '../../../activities/in-place/plan-in-place';
import { readVendorPlan, type VendorPlan } from '../../../activities/in-place/read-vendor-plan';
import { removeLayer, takeLayerBack } from '../../../activities/in-place/retire-old';
import { checkOwnBookkeeping } from '../../../activities/in-place/check-own-bookkeeping';
import { Findings } from '../../../activities/preflight/findings';
import { type InPlacePlan } from '../../../domain/in-place/receipts';
import { type Gateway } from '../../../domain/ports/targets';
import { actAlone } from '../../../hydra/in-place/act-alone';
import { useDatabase } from '../../support/database';
import { inPlaceFixture, OWN_PARTS, stepContext, type InPlaceFixture } from '../../support/in-place';

const live = useDatabase('empty');
const scratch = useDatabase('empty');
const RUN = { cutoverId: 'run-1', environment: 'test' };
let fixture: InPlaceFixture;
let deps: InPlaceDeps;
let admin: Client;
/** The one session of what stands in for the old Hydra. */
let session: Client;
let online: InPlacePlan['online'];
let vendor: VendorPlan | undefined;

beforeAll(async () => {
  fixture = await inPlaceFixture(live, scratch);
  admin = new Client(live.config);
  // The database may be dropped with its sessions.
  admin.on('error', () => undefined);
  await admin.connect();
  await openSession();
  deps = {
    ...fixture.deps,
    commands: { ...fixture.deps.commands, has: () => true, run: fixture.deps.commands.run.bind(fixture.deps.commands) },
    gateways: [gatewayWith(0)],
    hydra: { ...fixture.deps.hydra, old: oldHydra() },
  };
});

afterAll(async () => {
  await session.end();
  await admin.end();
  await fixture.close();
});

async function openSession(options = ''): Promise<void> {
  session = new Client({ connectionString: `${fixture.dsn(fixture.roles.old)}${options}` });
  // A session that is ended from outside is opened anew, as a pool does.
  session.on('error', () => undefined);
  await session.connect();
}

/** What of the old Hydra the steps see here: it is ready, and reads its table of clients. */
function oldHydra(options = ''): InPlaceDeps['hydra']['old'] {
  const readClients = async () => {
    try {
      await session.query('SELECT count(*) FROM hydra_client');
    } catch {
      await openSession(options);
      await session.query('SELECT count(*) FROM hydra_client');
    }
  };
  const known = { isReady: async () => true, version: async () => 'v1.3.2', readClients };
  return known as unknown as InPlaceDeps['hydra']['old'];
}

function gatewayWith(share: number | undefined): Gateway {
  return {
    name: 'gateway-1',
    state: async () => ({ mode: 'pass', epoch: 0 }),
    read: async () => ({ appliedSide: 'blue' }),
    besideShare: async () => share,
  } as unknown as Gateway;
}

const plan = (changed: Partial<InPlaceDeps> = {}): Promise<InPlacePlan> =>
  planInPlace({ ...deps, ...changed }, RUN, stepContext());

async function withChange<T>(change: string, back: string, work: () => Promise<T>): Promise<T> {
  await admin.query(change);
  try {
    return await work();
  } finally {
    await admin.query(back);
  }
}

it('plans every act of the new version, and warns of nothing where nothing is odd', async () => {
  const made = await plan();
  online = made.online;
  expect(made).toMatchObject({ from: '1.3.2', to: '1.11.10', actsDone: 0, shares: [1, 10, 50, 100], warnings: [] });
  expect(made.online.acts.length).toBeGreaterThan(20);
  expect(made.steps.map(({ phase }) => phase)).toContain('removeLayer');
});

/** The checks of the live database alone, held against what the vendor was seen to make. */
async function look(): Promise<Findings> {
  vendor ??= await readVendorPlan(deps, stepContext());
  const findings = new Findings();
  const { kept } = await checkOldDatabase(deps, stepContext(), findings);
  await checkSchema(deps, stepContext(), { vendor, kept }, findings);
  await checkHanging(deps, stepContext(), vendor.plan, findings);
  return findings;
}

/** What a person is told when the plan refuses. */
async function refusal(): Promise<string> {
  const findings = await look();
  try {
    findings.throwIfAny();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

it('refuses what would break one of the two versions, all of it at once', async () => {
  const table = `ALTER TABLE hydra_jwk OWNER TO CURRENT_USER; ALTER TABLE hydra_client ADD COLUMN own text`;
  const back = `ALTER TABLE hydra_jwk OWNER TO ${fixture.roles.old}; ALTER TABLE hydra_client DROP COLUMN own`;
  await withChange(table, back, async () => {
    const refused = plan({ gateways: [gatewayWith(undefined)] });
    await expect(refused).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    const said = await refused.catch((error: Error) => error.message);
    expect(said).toMatch(/gateway gateway-1: knows one Hydra of blue/);
    expect(said).toMatch(/do not belong to .*: hydra_jwk/);
    expect(said).toMatch(/column hydra_client\.own: is a column that no Hydra knows/);
  });
});

it.each<[string, string, string, RegExp]>([
  [
    'a unique index of others',
    'CREATE UNIQUE INDEX own_unique ON hydra_oauth2_refresh (request_id, subject)',
    'DROP INDEX own_unique',
    /index own_unique on hydra_oauth2_refresh: is none of Hydra's .* may be refused by it.*; DROP INDEX CONCURRENTLY own_unique/,
  ],
  [
    'a constraint of others',
    'ALTER TABLE hydra_client ADD CONSTRAINT own_check CHECK (length(id) < 300)',
    'ALTER TABLE hydra_client DROP CONSTRAINT own_check',
    /constraint own_check on hydra_client: is none of Hydra's .* may be refused by it/,
  ],
  [
    'a constraint that was renamed',
    'ALTER TABLE hydra_jwk RENAME CONSTRAINT hydra_jwk_pkey TO own_pkey',
    'ALTER TABLE hydra_jwk RENAME CONSTRAINT own_pkey TO hydra_jwk_pkey',
    /constraint hydra_jwk_pkey on hydra_jwk: is missing; allowed: PRIMARY KEY/,
  ],
  [
    'a rule of others',
    'CREATE RULE own_rule AS ON DELETE TO hydra_oauth2_access DO INSTEAD NOTHING',
    'DROP RULE own_rule ON hydra_oauth2_access',
    /rule own_rule on hydra_oauth2_access: is none of Hydra's .* changes what is read and written/,
  ],
  [
    'a table that inherits from one of Hydra’s',
    'CREATE TABLE own_child () INHERITS (hydra_oauth2_access)',
    'DROP TABLE own_child',
    /inheritance public\.own_child on hydra_oauth2_access: is none of Hydra's/,
  ],
  [
    'a generated column',
    'ALTER TABLE hydra_client ADD COLUMN own_lower text GENERATED ALWAYS AS (lower(id)) STORED',
    'ALTER TABLE hydra_client DROP COLUMN own_lower',
    /column hydra_client\.own_lower: is a column that no Hydra knows/,
  ],
  [
    'an INVALID index that no statement of the new version touches',
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'hydra_oauth2_access_requested_at_idx'::regclass`,
    `UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'hydra_oauth2_access_requested_at_idx'::regclass`,
    /hydra_oauth2_access_requested_at_idx on hydra_oauth2_access: is INVALID; .*REINDEX INDEX CONCURRENTLY hydra_oauth2_access_requested_at_idx/,
  ],
  [
    'row security that is forced on the owner',
    'ALTER TABLE hydra_client ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY own ON hydra_client USING (true)',
    'DROP POLICY own ON hydra_client; ALTER TABLE hydra_client DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY',
    /row security of hydra_client: is forced on the owner.*; ALTER TABLE hydra_client NO FORCE ROW LEVEL SECURITY/,
  ],
  [
    'a foreign key to an index that is dropped',
    'CREATE TABLE own_refers (request_id varchar(40) REFERENCES hydra_oauth2_access (request_id))',
    'DROP TABLE own_refers',
    /index hydra_oauth2_access_request_id_idx on hydra_oauth2_access: constraint own_refers_request_id_fkey .* hangs on it, and the migration drops it/,
  ],
  [
    'an index that is dropped as what rows are replicated by',
    'ALTER TABLE hydra_oauth2_refresh REPLICA IDENTITY USING INDEX hydra_oauth2_refresh_request_id_idx',
    'ALTER TABLE hydra_oauth2_refresh REPLICA IDENTITY DEFAULT',
    /hydra_oauth2_refresh_request_id_idx on hydra_oauth2_refresh: is the replica identity .*; ALTER TABLE hydra_oauth2_refresh REPLICA IDENTITY DEFAULT/,
  ],
  [
    'a view that has the name of a table to be made',
    'CREATE VIEW hydra_oauth2_jti_blacklist AS SELECT 1',
    'DROP VIEW hydra_oauth2_jti_blacklist',
    /view (public\.)?hydra_oauth2_jti_blacklist: has the name hydra_oauth2_jti_blacklist, which the migration gives to something else; rename it/,
  ],
  [
    'an index of another table that has the name of one to be built',
    'CREATE TABLE own (id int); CREATE INDEX hydra_cutover_new_hydra_oauth2_access_request_id_idx ON own (id)',
    'DROP TABLE own',
    /index (public\.)?hydra_cutover_new_hydra_oauth2_access_request_id_idx on table own: has the name/,
  ],
  [
    'a column of others that keeps whole rows, through a type of its own',
    'CREATE TYPE own_type AS (rows hydra_client[]); CREATE TABLE own_rows (kept own_type)',
    'DROP TABLE own_rows; DROP TYPE own_type',
    /column public\.own_rows\.kept: keeps rows of hydra_client as a whole: .*; give it another type/,
  ],
  [
    'a schema of others that has the name of ours',
    'CREATE SCHEMA hydra_compatibility',
    'DROP SCHEMA hydra_compatibility',
    /schema hydra_compatibility: is there, and none of ours; rename it/,
  ],
])('refuses %s, and says what to do', async (_what, change, back, says) => {
  await withChange(change, back, async () => expect(await refusal()).toMatch(says));
});

it('refuses roles that may too little, of each what it lacks', async () => {
  const { roles } = fixture;
  await withChange(`REVOKE ${roles.old} FROM ${roles.next}`, `GRANT ${roles.old} TO ${roles.next}`, () =>
    expect(refusal()).resolves.toContain(`GRANT ${roles.old} TO ${roles.next}`),
  );
  const { tool } = roles;
  await withChange(
    `REVOKE ${roles.old}, ${roles.next} FROM ${tool}`,
    `GRANT ${roles.old}, ${roles.next} TO ${tool}`,
    () => expect(refusal()).resolves.toContain(`role ${roles.old}: our role is no member of it`),
  );
});

it('hides nothing that stands in the way behind what others have', async () => {
  const many = Array.from({ length: 12 }, (_, n) => `own_${n}`);
  const make = many.map((name) => `CREATE TABLE ${name} (id int)`).join('; ');
  const drop = many.map((name) => `DROP TABLE ${name}`).join('; ');
  await withChange(make, drop, async () => {
    expect((await look()).warnings.join('\n')).toMatch(/2 more objects differ without standing in the way/);
    await withChange(
      'ALTER TABLE hydra_oauth2_pkce ADD COLUMN own text',
      'ALTER TABLE hydra_oauth2_pkce DROP COLUMN own',
      async () => expect(await refusal()).toMatch(/column hydra_oauth2_pkce\.own: is a column that no Hydra knows/),
    );
  });
});

it('warns of a transaction that stays open, and of who receives the tables', async () => {
  const reader = new Client({ connectionString: fixture.dsn(fixture.roles.old) });
  await reader.connect();
  try {
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM hydra_client');
    const findings = new Findings();
    await checkReaders(admin, findings, 0);
    expect(findings.warnings.join()).toMatch(
      new RegExp(
        `process \\d+ of role ${fixture.roles.old}, idle in transaction: its transaction is open for \\d+ s; .*end it before you approve`,
      ),
    );
    await reader.query('ROLLBACK');
    await reader.query(`BEGIN; PREPARE TRANSACTION 'own prepared'`);
    const prepared = new Findings();
    await checkReaders(admin, prepared, 0);
    await reader.query(`ROLLBACK PREPARED 'own prepared'`);
    expect(prepared.warnings.join()).toContain(`prepared transaction 'own prepared' of role ${fixture.roles.old}: its`);
    const ended = new Findings();
    await checkReaders(admin, ended, 0);
    expect(ended.warnings.join()).not.toContain(fixture.roles.old);
  } finally {
    await reader.end();
  }
  await withChange('CREATE PUBLICATION own_copy FOR TABLE hydra_client', 'DROP PUBLICATION own_copy', async () =>
    expect((await look()).warnings.join()).toMatch(/publication own_copy: sends tables of Hydra that will get columns/),
  );
});

it('warns of a transaction of a role that ours knows nothing of, and of who listens to every statement', async () => {
  // Of the superuser's session ours may not see since when.
  await admin.query('BEGIN; SELECT count(*) FROM hydra_client');
  expect((await look()).warnings.join()).toMatch(
    /process \d+ of role \w+: its transaction stays open, .* lacks pg_monitor/,
  );
  await admin.query('ROLLBACK');
  await withChange(
    `CREATE FUNCTION own_event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER own_event ON ddl_command_end EXECUTE FUNCTION own_event()`,
    'DROP EVENT TRIGGER own_event; DROP FUNCTION own_event',
    async () => expect((await look()).warnings.join('\n')).toMatch(/^event trigger own_event: fires at statements/),
  );
});

it('tells what stays as it is, and what is made anew', async () => {
  await withChange(`${OWN_PARTS.make}; ALTER VIEW own_view OWNER TO ${fixture.roles.old}`, OWN_PARTS.drop, async () => {
    const said = (await look()).warnings.join('\n');
    const names = ['view own_view', 'view own_copy', 'index own_index on', 'policy own_policy on'];
    for (const name of names) expect(said).toContain(`${name}`);
    expect(said).toMatch(/trigger own_audit on hydra_oauth2_access: .* goes by names of columns/);
  });
  await withChange('CREATE TABLE own_audit (id int)', 'DROP TABLE own_audit', async () =>
    expect((await look()).warnings.join()).toContain("table own_audit: is none of Hydra's"),
  );
  await withChange(
    `CREATE INDEX hydra_oauth2_access_client_id_subject_idx ON hydra_oauth2_access (client_id, subject);
     UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'hydra_oauth2_access_client_id_subject_idx'::regclass`,
    'DROP INDEX hydra_oauth2_access_client_id_subject_idx',
    async () =>
      expect((await look()).warnings.join()).toMatch(/client_id_subject_idx on hydra_oauth2_access: is INVALID/),
  );
});

it('refuses a column of the new version that somebody made by hand', async () => {
  await withChange(
    `ALTER TABLE hydra_client ADD COLUMN token_endpoint_auth_signing_alg varchar(10) NOT NULL DEFAULT ''`,
    'ALTER TABLE hydra_client DROP COLUMN token_endpoint_auth_signing_alg',
    async () => expect(await refusal()).toMatch(/is of Hydra 1\.11\.10, and no run of ours made it/),
  );
});

it('tells each row that is missing in the bookkeeping of the old version, and what is more than that', async () => {
  vendor ??= await readVendorPlan(deps, stepContext());
  const known = vendor;
  const tell = async () => {
    const findings = new Findings();
    await checkOwnBookkeeping(deps, stepContext(), known, findings);
    return findings;
  };
  expect(await tell()).toMatchObject({ problems: [], warnings: [] });
  await admin.query('CREATE TABLE kept AS SELECT * FROM hydra_client_migration');
  await withChange(
    `DELETE FROM hydra_client_migration WHERE id IN ('3', '9'); INSERT INTO hydra_client_migration (id, applied_at) VALUES ('later', now());
     ALTER TABLE hydra_jwk_migration RENAME TO jwk_kept`,
    `TRUNCATE hydra_client_migration; INSERT INTO hydra_client_migration SELECT * FROM kept; ALTER TABLE jwk_kept RENAME TO hydra_jwk_migration`,
    async () => {
      const { problems, warnings } = await tell();
      expect(problems.map(({ where, observed }) => `${where} ${observed}`)).toEqual([
        expect.stringMatching(/hydra_client_migration has no row 3: migrate sql of Hydra 1\.3\.2 would run/),
        expect.stringMatching(/hydra_client_migration has no row 9: /),
        expect.stringMatching(/hydra_jwk_migration is missing/),
      ]);
      expect(problems[0]?.fix).toContain(
        `INSERT INTO public.hydra_client_migration (id, applied_at) VALUES ('3', now())`,
      );
      expect(warnings).toEqual([expect.stringContaining('has a row later that Hydra 1.3.2 knows nothing of')]);
      await expect(plan()).rejects.toMatchObject({ message: expect.stringContaining('has no row 3') as string });
    },
  );
  await admin.query('DROP TABLE kept');
});

it('takes no new version that logs in as another role than its own', async () => {
  const known = { isReady: async () => true, version: async () => 'v1.11.10', readClients: oldHydra().readClients };
  const asked = {
    ...deps,
    settings: { ...deps.settings, readyDeadlineMs: 600 },
    commands: { ...deps.commands, run: async () => ({ exitCode: 0 }) },
    hydra: { ...deps.hydra, new: known as unknown as InPlaceDeps['hydra']['new'] },
  } as unknown as InPlaceDeps;
  await layLayer(deps, { ...RUN, plan: online }, stepContext());
  await expect(startBeside(asked, RUN, stepContext())).rejects.toMatchObject({
    code: 'CHECK_FAILED',
    message: expect.stringContaining(`no session of role ${fixture.roles.next} on the live database moved`) as string,
  });
  await takeLayerBack(deps, RUN, stepContext());
});

it('lays nothing below a DSN that leads around the views, and takes back what it laid', async () => {
  const around = `&options=${encodeURIComponent('-c search_path=public')}`;
  const asked = { ...deps, hydra: { ...deps.hydra, old: oldHydra(around) } };
  await expect(layLayer(asked, { ...RUN, plan: online }, stepContext())).rejects.toMatchObject({
    code: 'CHECK_FAILED',
    message: expect.stringContaining('did not go through the views') as string,
  });
  await expect(takeLayerBack(deps, RUN, stepContext())).resolves.toEqual({ stays: false });
  const left = await admin.query(`SELECT 1 FROM pg_namespace WHERE nspname LIKE 'hydra\\_%'`);
  expect(left.rowCount).toBe(0);
});

it('leaves a schema of others that has the name of ours, and the search_path that the old role had', async () => {
  const { old } = fixture.roles;
  await admin.query('CREATE SCHEMA hydra_compatibility; CREATE TABLE hydra_compatibility.own (id int)');
  await expect(layLayer(deps, { ...RUN, plan: online }, stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  await expect(takeLayerBack(deps, RUN, stepContext())).resolves.toEqual({ stays: false });
  expect((await admin.query('SELECT * FROM hydra_compatibility.own')).rowCount).toBe(0);
  await admin.query('DROP SCHEMA hydra_compatibility CASCADE');

  const role = `ALTER ROLE ${old} IN DATABASE ${fixture.database}`;
  await admin.query(`${role} SET search_path = "$user", 'public', 'Some Other'`);
  const ofRole = `SELECT setconfig::text AS settings FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname = '${old}'`;
  const before = (await admin.query(ofRole)).rows;
  await layLayer(deps, { ...RUN, plan: online }, stepContext());
  await layLayer(deps, { ...RUN, plan: online }, stepContext());
  expect(JSON.stringify((await admin.query(ofRole)).rows)).toContain('hydra_compatibility');
  await takeLayerBack(deps, RUN, stepContext());
  expect((await admin.query(ofRole)).rows).toEqual(before);
  await admin.query(`${role} RESET search_path`);
});

it('takes a session that has only written a client for one that may look through the views', async () => {
  await layLayer(deps, { ...RUN, plan: online }, stepContext());
  const writer = new Client({ connectionString: fixture.dsn(fixture.roles.old) });
  writer.on('error', () => undefined);
  await writer.connect();
  // Refused for its missing columns; what counts is that nothing was read.
  await expect(writer.query(`INSERT INTO hydra_client (id) VALUES ('other')`)).rejects.toThrow(/null value/);
  await expect(layLayer(deps, { ...RUN, plan: online }, stepContext())).resolves.toMatchObject({ sessions: 2 });
  await expect(takeLayerBack(deps, RUN, stepContext())).resolves.toEqual({ stays: false });
  await writer.end().catch(() => undefined);
});

it('changes nothing while an earlier try has a statement under way, and ends the session of one that froze', async () => {
  const earlier = new Client({ connectionString: fixture.dsn(fixture.roles.tool) }).on('error', () => undefined);
  await earlier.connect();
  await actAlone(earlier, stepContext());
  const pid = Number((await earlier.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid);
  const busy = expect(earlier.query('SELECT pg_sleep(600)')).rejects.toThrow(/canceling statement/);
  vendor ??= await readVendorPlan(deps, stepContext());
  const input = { ...RUN, plan: vendor.plan, catalogDigest: digestOf(vendor.after) };
  for (const step of [layLayer, migrateOnline, bookMigrations, removeLayer, takeLayerBack]) {
    const controller = new AbortController();
    const context = stepContext(({ step: at, waitsFor }) => {
      if (at === 'waits for an earlier try') controller.abort(new Error(String(waitsFor)));
    });
    await expect(step(deps, input, { ...context, signal: controller.signal })).rejects.toThrow(`process ${pid} of`);
  }
  await admin.query('SELECT pg_cancel_backend($1)', [pid]);
  await busy;
  await expect(takeLayerBack(deps, RUN, stepContext())).resolves.toEqual({ stays: false });
  await expect(earlier.query('SELECT 1')).rejects.toThrow();
});
