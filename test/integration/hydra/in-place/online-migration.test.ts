import { type Client } from 'pg';
import { readVendorPlan, type VendorPlan } from '../../../../activities/in-place/read-vendor-plan';
import { book } from '../../../../hydra/in-place/bookkeeping';
import { layCompatibility, oldSessions, switchOldSessions } from '../../../../hydra/in-place/compatibility';
import { keepPlan, readKeptRun } from '../../../../hydra/in-place/keep-plan';
import { createIndex, dropIndex } from '../../../../hydra/in-place/indexes';
import { repeatUpdates, runActs } from '../../../../hydra/in-place/run-acts';
import { IN_PLACE_PATHS } from '../../../../domain/in-place/paths';
import { HYDRA_LAUNCH_FACTS } from '../../../../hydra/versions';
import { useDatabase } from '../../../support/database';
import { until } from '../../../support/until';
import { frozenBefore } from '../../../support/silent-client';
import { MortalClient } from '../../../support/mortal-client';
import { inPlaceFixture, OWN_PARTS, stepContext, type InPlaceFixture } from '../../../support/in-place';
import { expectCatalog, useClones } from '../../../support/in-place-clones';

const live = useDatabase('empty');
const scratch = useDatabase('empty');
const { alone, closing, openAs, openClone, asAdminIn, toolsOf } = useClones(() => fixture, live);
let fixture: InPlaceFixture;
let vendor: VendorPlan;

beforeAll(async () => {
  fixture = await inPlaceFixture(live, scratch);
  vendor = await readVendorPlan(fixture.deps, stepContext());
});

afterAll(() => fixture.close());

async function begin(client: Client, database: string, schema = fixture.settings.schema): Promise<void> {
  const { owner, oldRole } = fixture.settings;
  const views = { ...IN_PLACE_PATHS['1.3.2'], changedTables: vendor.plan.changedTables, acts: vendor.plan.acts };
  await keepPlan(client, 'run-1', vendor.plan);
  await layCompatibility(client, { schema, owner, oldRole, database }, views);
  await switchOldSessions(client, { schema, owner, oldRole, database });
}

const expectVendorsCatalog = (client: Client): Promise<void> => expectCatalog(client, vendor.after);

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
    'are done in a schema of another name, too, and an old `migrate sql` finds nothing to do there',
    closing(async () => {
      const { client, database } = await openClone('named');
      const admin = await asAdminIn(database);
      const { old } = fixture.roles;
      await admin.query(`ALTER SCHEMA public RENAME TO "Own Name"; GRANT ALL ON SCHEMA "Own Name" TO ${old};
        ALTER ROLE ${old} IN DATABASE ${database} SET search_path = "Own Name"`);
      const tools = { ...toolsOf(client), schema: 'Own Name' };
      await begin(client, database, tools.schema);
      await runActs(tools, vendor.plan);
      await book(tools, vendor.plan);
      await expectCatalog(client, vendor.after, tools.schema);
      const oldSays = await fixture.hydra('1.3.2', HYDRA_LAUNCH_FACTS['1.3.2'].migrateArgs, database, old);
      expect(oldSays).toContain('Successfully applied 0 SQL migrations');
    }),
  );

  it(
    'tell the sessions of the old version by locks that nobody can hold before them',
    closing(async () => {
      const { client, database } = await openClone('held');
      await begin(client, database);
      const anybody = await openAs(fixture.roles.next, database);
      // What an earlier version of this tool used, and everything that is seen.
      await anybody.query(`SELECT pg_advisory_lock(hashtext('hydra_cutover'), hashtext('compatibility'))`);
      const holdWhatIsSeen = `SELECT count(*)::int AS seen, count(*) FILTER (WHERE pg_try_advisory_lock((classid::bigint << 32) | objid::bigint))::int AS held
        FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1`;
      expect((await anybody.query(holdWhatIsSeen)).rows).toEqual([{ seen: 0, held: 0 }]);
      const old = await openAs(fixture.roles.old, database);
      expect((await old.query('SELECT count(*)::int AS clients FROM hydra_client')).rows).toHaveLength(1);
      expect((await anybody.query(holdWhatIsSeen)).rows).toEqual([{ seen: 1, held: 0 }]);
      const { schema, owner, oldRole } = fixture.settings;
      const seen = await oldSessions(client, { schema, owner, oldRole, database }, new Date(0).toISOString());
      expect(seen).toMatchObject({ all: 1, marked: 1, around: [] });
    }),
  );

  it(
    'go on after a crash before, in and behind each statement',
    closing(async () => {
      const { client, database } = await openClone('crashes');
      await begin(client, database);
      const mortal = new MortalClient(client, await asAdminIn(database));
      await mortal.untilDone(async () => {
        await runActs(toolsOf(mortal), vendor.plan);
        await book(toolsOf(mortal), vendor.plan);
      });
      // Before and behind the work of each act and the note of it, and the bookkeeping.
      expect(mortal.deaths).toBeGreaterThan(4 * vendor.plan.acts.length);
      expect((await readKeptRun(client))?.actsDone).toBe(vendor.plan.acts.length);
      await expectVendorsCatalog(client);
    }),
  );

  it.each([
    [
      'a new index takes the place of an old one',
      'replaced',
      /^DROP INDEX CONCURRENTLY IF EXISTS "hydra_oauth2_access_/,
    ],
    ['an index is built', 'built', /^CREATE INDEX CONCURRENTLY "hydra_oauth2_access_client_/],
  ])('lose nothing to a worker that froze before %s, and wakes after the next one has gone on', (_what, name, sql) =>
    closing(async () => {
      const { client, database } = await openClone(name);
      await begin(client, database);
      const frozen = frozenBefore(await openAs(fixture.roles.tool, database), sql);
      const late = expect(alone(frozen, (tools) => runActs(tools, vendor.plan))).rejects.toThrow();
      await frozen.isFrozen;
      await alone(client, (tools) => runActs(tools, vendor.plan));
      frozen.wake();
      await late;
      await book(toolsOf(client), vendor.plan);
      await expectVendorsCatalog(client);
    })(),
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
      for (const [taken, on] of [
        ['hydra_cutover_new_hydra_oauth2_refresh_request_id_idx', 'hydra_oauth2_refresh (subject)'],
        ['hydra_cutover_new_hydra_oauth2_refresh_request_id_idx', 'hydra_jwk (sid)'],
        ['hydra_oauth2_code_request_id_idx', 'hydra_oauth2_code (subject)'],
        ['hydra_oauth2_code_request_id_idx', 'hydra_oauth2_code USING hash (request_id)'],
      ] as const) {
        await client.query(`CREATE INDEX ${taken} ON ${on}`);
        await expect(runActs(toolsOf(client), vendor.plan)).rejects.toMatchObject({
          code: 'MIGRATION_FAILED',
          details: { index: taken },
        });
        await client.query(`DROP INDEX ${taken}`);
      }
      await runActs(toolsOf(client), vendor.plan);
      await book(toolsOf(client), vendor.plan);
      await expectVendorsCatalog(client);
    }),
  );

  it(
    'say what the server refuses and why, and go on there once it is out of the way',
    closing(async () => {
      const { client, database } = await openClone('refused');
      await begin(client, database);
      const admin = await asAdminIn(database);
      // What the plan looks for may come later.
      await admin.query(`CREATE VIEW hydra_oauth2_jti_blacklist AS SELECT 1; CREATE TABLE own_rows (kept hydra_client);
        CREATE TABLE own_refers (request_id varchar(40) REFERENCES hydra_oauth2_access (request_id))`);
      for (const [what, sqlState, says] of [
        [
          'VIEW hydra_oauth2_jti_blacklist',
          undefined,
          /about table hydra_oauth2_jti_blacklist.* something else has its name/,
        ],
        ['TABLE own_rows', '0A000', /^the server refuses act \d+ \(hydra_client: .*own_rows\.kept.* uses its row type/],
        [
          'TABLE own_refers',
          '2BP01',
          /^the server refuses act \d+ \(index hydra_oauth2_access_request_id_idx .*other objects depend on it/,
        ],
      ] as const) {
        await expect(runActs(toolsOf(client), vendor.plan)).rejects.toMatchObject({
          code: 'MIGRATION_FAILED',
          message: expect.stringMatching(says) as string,
          details: sqlState === undefined ? {} : { sqlState },
        });
        await admin.query(`DROP ${what}`);
      }
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
    'say how far the build of an index is, how long it goes on, and whom it waits for, as a drop does',
    closing(async () => {
      const { client, database } = await openClone('progress');
      const watcher = await openAs(fixture.roles.tool, database);
      const reader = await openAs(fixture.roles.old, database);
      // A row takes 25 ms to be indexed, and a page holds few of them.
      await client.query(`CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN PERFORM pg_sleep(0.025); RETURN left($1, 9); END';
        CREATE TABLE big (c text); ALTER TABLE big ALTER c SET STORAGE PLAIN;
        INSERT INTO big SELECT repeat('x', 3000) FROM generate_series(1, 120)`);
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await reader.query('SELECT 1');
      const said: Readonly<Record<string, unknown>>[] = [];
      const tools = {
        ...toolsOf(client, (progress) => said.push(progress)),
        watch: async (sql: string) => (await watcher.query(sql)).rows as never,
      };
      const built = createIndex(tools, { table: 'big', index: 'own', unique: false, on: 'big (slow(c))' });
      await until('the build waits', () => said.some(({ waitsFor }) => (waitsFor ?? null) !== null));
      await reader.query('COMMIT');
      await built;
      const under = said.find(({ percent }) => typeof percent === 'number' && percent > 0 && percent < 100);
      expect(under).toMatchObject({ step: 'building', index: 'own', leftMs: expect.any(Number) as number });
      expect(said.find(({ waitsFor }) => (waitsFor ?? null) !== null)).toMatchObject({
        phase: expect.stringMatching(/^waiting/) as string,
        waitsFor: expect.stringContaining(`of role ${fixture.roles.old}, whose transaction is open`) as string,
        percent: null,
      });
      // A drop waits, too; and for one that is of no session any more, so that only its name helps.
      await client.query('GRANT SELECT ON big TO PUBLIC');
      await reader.query(`BEGIN; SELECT count(*) FROM big; PREPARE TRANSACTION 'own of big'`);
      const dropped = dropIndex(tools, 'own');
      const waits = () => said.find(({ step, waitsFor }) => step === 'dropping' && (waitsFor ?? null) !== null);
      await until('the drop waits', () => waits() !== undefined);
      await reader.query(`ROLLBACK PREPARED 'own of big'`);
      await dropped;
      expect(waits()?.['waitsFor']).toContain(
        `prepared transaction 'own of big' of role ${fixture.roles.old}, prepared`,
      );
    }),
  );

  it(
    'keep an old and a new `migrate sql` that somebody runs in the middle from doing harm',
    closing(async () => {
      const { client, database } = await openClone('middle');
      await begin(client, database);
      let ran = false;
      const heartbeat = (progress: Readonly<Record<string, unknown>>) => {
        if (progress['done'] === 9 && !ran) {
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

  it(
    'go around what others built over the tables, which works in between and afterwards for both versions',
    closing(async () => {
      const { old, next } = fixture.roles;
      const { client, database } = await openClone('own');
      const admin = await asAdminIn(database);
      await admin.query(OWN_PARTS.make);
      // Where a trigger finds its tables is a matter of the session.
      await admin.query(`ALTER ROLE ${old} IN DATABASE ${database} SET search_path = public, own`);
      await begin(client, database);
      const asOld = await openAs(old, database);
      const insert = async (table: string, key: string, is: string) => {
        const { rows } = await admin.query<{ name: string; empty: string }>(
          `SELECT attname AS name, CASE typcategory WHEN 'S' THEN $$''$$ WHEN 'N' THEN '0' WHEN 'B' THEN 'false' ELSE 'now()' END AS empty
             FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid WHERE attrelid = $1::regclass AND attnum > 0 AND attnotnull
              AND NOT atthasdef AND attname <> $2`,
          [table, key],
        );
        const [names, values] = [rows.map(({ name }) => name), rows.map(({ empty }) => empty)];
        const sql = `INSERT INTO ${table} (${[key, ...names].join(', ')}) VALUES ($1, ${values.join(', ')})`;
        await asOld.query(sql, [is]);
      };
      // What is written without a client belongs to this one.
      await insert('hydra_client', 'id', '');
      await insert('hydra_oauth2_access', 'signature', 'in between');
      await runActs(toolsOf(client), vendor.plan);
      await book(toolsOf(client), vendor.plan);
      await insert('hydra_oauth2_access', 'signature', 'afterwards');
      const audited = await admin.query('SELECT * FROM own.own_audit ORDER BY 1 DESC');
      expect(audited.rows).toEqual(['in between', 'afterwards'].map((signature) => ({ signature, by: old })));
      await admin.query(
        'REFRESH MATERIALIZED VIEW own_copy; SELECT own_name(c) FROM hydra_client c; SELECT * FROM own_view',
      );
      // A policy hides nothing from whoever acts as the owner.
      await admin.query(`INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ('own', 'own', 0, '')`);
      const asNext = await openAs(next, database);
      expect((await asNext.query(`SELECT 1 FROM hydra_jwk WHERE sid = 'own'`)).rowCount).toBe(1);
      await admin.query(OWN_PARTS.drop);
      await expectVendorsCatalog(client);
    }),
  );
});
