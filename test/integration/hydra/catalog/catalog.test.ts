import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Client } from 'pg';
import { differsFromFresh, inspectCatalog } from '../../../../hydra/catalog';
import { adaptCopy } from '../../../../hydra/catalog/adapt';
import { RECORDED, RECORDED_FOLDERS } from '../../../../hydra/catalog/recorded';
import { sqlFile } from '../../../../hydra/sql-file';
import { asAdmin, useDatabase } from '../../../support/database';
import { HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';
import { adapts, isApart, judgeAlone, type Judged, migrateAdapted, migrateOver, passes, unsaid } from './odd-databases';
import { GROUND, named, oddObjects, type OddObject } from './odd-objects';
import { readRecorded, RECORDABLE_PATHS, recordAll } from './record-all';

const ARCHIVE_FOLDER = join(__dirname, '../../../../hydra/cleaning/sql');
const ground = `ground_${randomBytes(6).toString('hex')}`;
const reader = `reader_${randomBytes(4).toString('hex')}`;
// Before the databases go: a role that has rights in them cannot be dropped.
afterAll(async () => {
  await asAdmin(`DROP DATABASE ${ground} WITH (FORCE)`);
  await client.query(`DROP OWNED BY ${reader}`);
  await asAdmin(`DROP ROLE ${reader}`);
});
const database = useDatabase('hydra_1_11_10');
let client: Client;

beforeAll(async () => {
  client = await database.connect();
  await client.query(GROUND.replaceAll(':reader', reader));
  await client.end();
  await asAdmin(`CREATE DATABASE ${ground} TEMPLATE ${database.config.database}`);
  client = await database.connect();
});

it('says what the real binaries do: the catalogs of both versions, and what each command of the migration changes', async () => {
  const anew = await recordAll();
  for (const [name, lines] of Object.entries(anew)) expect([name, readRecorded(name)]).toEqual([name, lines]);
  const versions = new Set(RECORDABLE_PATHS.flatMap(({ from, to }) => [from, to]));
  expect(Object.keys(anew)).toHaveLength(RECORDABLE_PATHS.length + versions.size);
  expect(Object.values(RECORDED_FOLDERS)).toHaveLength(2);
});

it('finds nothing on a database that is as the migrations made it, before and after', async () => {
  expect(await inspectCatalog(client, { schema: 'public', from: '1.11.10', to: '2.3.0' })).toEqual([]);
  await withClone(HYDRA_1_11_10, async (clone) => {
    await migrateTo230(clone);
    expect(await differsFromFresh(clone.client, { schema: 'public', version: '2.3.0' })).toEqual([]);
    await clone.client.query(
      'ALTER TABLE hydra_oauth2_flow ALTER client_id TYPE text; DROP INDEX hydra_oauth2_access_request_id_idx',
    );
    const told = (await differsFromFresh(clone.client, { schema: 'public', version: '2.3.0' })).map(
      ({ object }) => object,
    );
    expect(told).toEqual([
      'column hydra_oauth2_flow.client_id',
      'index hydra_oauth2_access_request_id_idx on hydra_oauth2_access',
    ]);
  });
});

it('says what makes again what is dropped, as it was and for whom it was', async () => {
  await withClone(ground, async ({ client: own }) => {
    await own.query(`
      GRANT USAGE ON SCHEMA other TO ${reader}; GRANT SELECT ON hydra_oauth2_consent_request TO ${reader};
      CREATE VIEW other.seen WITH (security_barrier=true) AS SELECT subject, challenge FROM hydra_oauth2_consent_request WHERE subject <> '';
      CREATE RULE beside AS ON INSERT TO other.seen DO INSTEAD NOTIFY seen; ALTER VIEW other.seen ALTER subject SET DEFAULT 'nobody';
      ALTER VIEW other.seen OWNER TO ${reader}; GRANT SELECT ON other.seen TO pg_monitor WITH GRANT OPTION; GRANT SELECT (subject) ON other.seen TO PUBLIC;
      CREATE MATERIALIZED VIEW other.kept WITH (fillfactor='77') AS SELECT subject FROM other.seen; CREATE INDEX kept_by ON other.kept (subject);
      CREATE FUNCTION other.tell(one hydra_oauth2_consent_request) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT one.subject';
      REVOKE ALL ON FUNCTION other.tell FROM PUBLIC; GRANT EXECUTE ON FUNCTION other.tell TO ${reader}; ALTER FUNCTION other.tell OWNER TO ${reader};
      COMMENT ON VIEW other.seen IS E'it''s a \\\\view'; COMMENT ON COLUMN other.seen.subject IS 'whose'; COMMENT ON RULE beside ON other.seen IS 'a rule';
      COMMENT ON MATERIALIZED VIEW other.kept IS 'kept'; COMMENT ON INDEX other.kept_by IS 'by subject'; COMMENT ON FUNCTION other.tell IS 'tells';
      COMMENT ON COLUMN hydra_oauth2_consent_request_handled.challenge IS E'it''s \\\\of\nthe "operator"'; COMMENT ON COLUMN hydra_client.id IS 'stays'`);
    await own.query(`CREATE SCHEMA archived; ${sqlFile(ARCHIVE_FOLDER, 'archive.sql', { schema: 'archived' })}`);
    const state = async () =>
      (
        await own.query<{ what: string }>(`
          SELECT concat_ws(' ', c.relname, c.reloptions, c.relowner::regrole, pg_get_viewdef(c.oid),
                   (SELECT string_agg(pg_get_ruledef(r.oid), ' ' ORDER BY rulename) FROM pg_rewrite AS r WHERE r.ev_class = c.oid),
                   (SELECT string_agg(pg_get_expr(d.adbin, d.adrelid), ' ') FROM pg_attrdef AS d WHERE d.adrelid = c.oid),
                   (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM aclexplode(c.relacl) AS a),
                   (SELECT string_agg(attacl::text, ' ' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid),
                   (SELECT string_agg(description, ' ' ORDER BY objsubid) FROM pg_description WHERE objoid = c.oid),
                   (SELECT string_agg(obj_description(r.oid, 'pg_rewrite'), ' ') FROM pg_rewrite AS r WHERE r.ev_class = c.oid)) AS what
            FROM pg_class AS c WHERE c.relname IN ('seen', 'kept', 'kept_by')
          UNION ALL SELECT concat_ws(' ', pg_get_functiondef(p.oid), p.proowner::regrole, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM aclexplode(p.proacl) AS a), obj_description(p.oid, 'pg_proc'))
            FROM pg_proc AS p WHERE p.proname = 'tell' ORDER BY 1`)
      ).rows.map(({ what }) => what);
    const before = await state();
    const findings = await inspectCatalog(own, { schema: 'public', from: '1.11.10', to: '2.3.0' });
    const approved = findings.map(({ object }) => object);
    const pair = { schema: 'public', from: '1.11.10', to: '2.3.0' } as const;
    const adapt = () => adaptCopy(own, { ...pair, approved, asOf: '2026-01-01T00:00:00Z', archiveSchema: 'archived' });
    // A try that comes again archives nothing twice.
    for (let tries = 0; tries < 2; tries++) await adapt();
    expect(await state()).toEqual([]);
    const lost = `COMMENT ON COLUMN public.hydra_oauth2_consent_request_handled.challenge IS E'it''s \\\\of\nthe "operator"'`;
    const archived = await own.query(
      `SELECT before->'again' AS again FROM archived.archive WHERE key->>'object' LIKE 'comment of column %'`,
    );
    expect(archived.rows).toEqual([{ again: [lost] }]);
    // Of an object all that hung on it is made again, too.
    const whole = findings.filter(({ object }) => object === 'view other.seen' || object.startsWith('function'));
    for (const { adaptation } of whole) for (const statement of adaptation?.again ?? []) await own.query(statement);
    expect(await state()).toEqual(before);
  });
});

/** One of each kind on a table that the migration drops and on one that it changes; all of them: `npm run oddities`. */
function share(objects: readonly OddObject[]): readonly OddObject[] {
  const seen = new Set<string>();
  return objects.filter(({ kind, table }) => {
    // `no …`, `other …`, `view of …`: of one column or key.
    const key = `${/^(no default|no|other|null|wide|index on|comment on the|comment on|view of|key of another)/.exec(kind)?.[0] ?? kind} ${table}`;
    if (!['hydra_client', 'hydra_oauth2_consent_request'].includes(table) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

it("judges each odd object as the vendor's migration does, and what is adapted becomes a fresh green", async () => {
  const objects = share(oddObjects(RECORDED.facts('1.11.10'))).map((one) => named(one, reader));
  const judged: Judged[] = [];
  for (const one of objects) judged.push(await judgeAlone(client, one));
  const wrong = judged.flatMap(unsaid);
  const some = (all: readonly Judged[], count: number) =>
    all.filter((_, at) => at % Math.ceil(all.length / count) === 0);
  // Each by itself, and a share of them.
  const together = judged.filter((one) => !isApart(one));
  const apart = some(judged.filter(isApart), 6);
  const stopping = together.filter((one) => !passes(one));
  wrong.push(...(await migrateOver(ground, together.filter(passes))));
  for (const one of [...some(stopping, 4), ...apart]) wrong.push(...(await migrateOver(ground, [one])));
  wrong.push(...(await migrateAdapted(ground, together.filter(adapts))));
  for (const one of apart.filter(adapts)) wrong.push(...(await migrateAdapted(ground, [one])));
  expect(wrong).toEqual([]);
  expect(stopping.length).toBeGreaterThan(10);
});
