import { byFullName } from '../../../../hydra/by-full-name';
import { countRules, countRulesWithin } from '../../../../hydra/cleaning';
import { compareSides } from '../../../../hydra/parity';
import { carryRecentRequests, readRecentKeys, syncRound } from '../../../../hydra/sync';
import { useDatabase } from '../../../support/database';
import { History } from './history';
import { SyncWorld } from './sync-world';
import { PATH } from '../../../support/path';

const database = useDatabase('hydra_1_11_10');
const history = new History(23);
let world: SyncWorld;

beforeAll(() => (world = new SyncWorld(database.config)));
afterAll(() => world.close());

/**
 * For each operator and function of PostgreSQL that takes text: one for varchar in Hydra's schema, which Hydra's role may make. It is
 * an exact match for Hydra's columns, and comes before what is meant.
 */
const TROJANS = `
  DO $trojans$
  DECLARE
    meant record;
    signature text;
  BEGIN
    CREATE FUNCTION trojan(name text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trojan % runs with our rights', name; END $$;
    FOR meant IN SELECT DISTINCT oprname AS name, oprresult::regtype AS result, l, r FROM pg_operator,
        (VALUES ('varchar', 'varchar'), ('varchar', 'text'), ('text', 'varchar')) AS sides(l, r)
      WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprleft = 'text'::regtype AND oprright = 'text'::regtype AND oprresult <> 0 LOOP
      signature := md5(meant::text);
      EXECUTE format('CREATE FUNCTION %I(%s, %s) RETURNS %s LANGUAGE sql AS %L', 'op_' || signature, meant.l, meant.r, meant.result,
        format('SELECT trojan(%L)::%s', meant.name, meant.result));
      EXECUTE format('CREATE OPERATOR %s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I)', meant.name, meant.l, meant.r, 'op_' || signature);
    END LOOP;
    FOR meant IN SELECT proname AS name, prorettype::regtype AS result,
        (SELECT string_agg(CASE WHEN one = 'text'::regtype THEN 'varchar' ELSE one::regtype::text END, ', ' ORDER BY place)
           FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS args(one, place)) AS args
      FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset AND 'text'::regtype = ANY (proargtypes)
        AND prorettype::regtype::text IN ('text', 'boolean', 'integer') AND NOT EXISTS (SELECT FROM pg_type WHERE oid = ANY (proargtypes) AND typtype = 'p') LOOP
      EXECUTE format('CREATE OR REPLACE FUNCTION %I(%s) RETURNS %s LANGUAGE sql AS %L', meant.name, meant.args, meant.result,
        format('SELECT trojan(%L)::%s', meant.name, meant.result));
    END LOOP;
  END $trojans$`;

describe('our sessions', () => {
  afterEach(() => world.disconnect());

  it("run no operator or function that Hydra's role made in its schema: not in the sync, the comparison, or the counts of a plan", async () => {
    await world.capture();
    await history.go(await world.connect('blue'), 15);
    await world.snapshot();
    const blue = await world.connect('blue');
    await history.go(blue, 40);
    const [login] = (
      await blue.query<{ challenge: string }>('SELECT challenge FROM hydra_oauth2_authentication_request')
    ).rows;
    for (const side of [blue, await world.connect('green')]) {
      await side.query('SET search_path = public, pg_catalog');
      await side.query(TROJANS);
    }
    await blue.query('RESET search_path');
    // They are there, and would be met.
    const named = 'SELECT FROM hydra_oauth2_authentication_request WHERE challenge = $1::text';
    await expect(blue.query(named, [login?.challenge])).rejects.toThrow('trojan = runs with our rights');
    await expect(blue.query('SELECT md5(challenge) FROM hydra_oauth2_authentication_request')).rejects.toThrow(
      'trojan md5',
    );
    await expect(countRules(PATH, blue)).rejects.toThrow('trojan');

    const sync = await world.openSync();
    expect(await syncRound(sync, { batchRows: 50 })).toMatchObject({ backlog: 0 });
    await carryRecentRequests(sync, { pageRows: 50 });
    const selection = await readRecentKeys(PATH, sync.from, 100);
    expect(await compareSides(PATH, sync.from, sync.to, { batchRows: 50, selection })).toMatchObject({
      differences: 0,
    });
    expect(await compareSides(PATH, sync.from, sync.to, { batchRows: 50 })).toMatchObject({ differences: 0 });
    expect((await countRulesWithin(PATH, await byFullName(blue, 'public'), 600_000)).length).toBeGreaterThan(10);
  });
});
