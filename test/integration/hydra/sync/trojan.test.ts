import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from 'pg';
import { type SqlClient } from '../../../../domain/ports/sql-client';
import { FORWARD } from '../../../../domain/sides';
import { byFullName } from '../../../../hydra/by-full-name';
import { countRules, countRulesWithin } from '../../../../hydra/cleaning';
import { compareSides } from '../../../../hydra/parity';
import { type SyncSides, askNetwork, carryRecentRequests, readRecentKeys, syncRound } from '../../../../hydra/sync';
import { asAdmin, useDatabase } from '../../../support/database';
import { History } from './history';
import { SyncWorld } from './sync-world';
import { PATH } from '../../../support/path';
import { majorOfTests } from '../../../support/postgres-major';

const database = useDatabase('hydra_1_11_10');
const history = new History(23);
const MALLORY = `mallory_${randomBytes(4).toString('hex')}`;
const STOLEN = 'password-of-mallory';
let world: SyncWorld;

beforeAll(async () => {
  world = new SyncWorld(database.config);
  await world.capture();
  await history.go(await world.connect('blue'), 15);
  await asAdmin(`CREATE ROLE ${MALLORY}`);
  await world.snapshot();
});
afterAll(async () => {
  await world.close();
  await asAdmin(`DROP ROLE ${MALLORY}`);
});

/** Statements that planted code tries; that it could it says by a sequence, which no rollback takes back. */
const TRIES = {
  password: `format('ALTER ROLE %I PASSWORD %L', session_user, '${STOLEN}')`,
  roles: `(SELECT coalesce(string_agg(format('SET ROLE %I', rolname), '; '), 'SELECT 1 / 0') FROM pg_roles
            WHERE rolname <> session_user AND pg_has_role(session_user, oid, 'MEMBER'))`,
  state: `'UPDATE hydra_cutover.run SET state = ''committed'''`,
  attempt: `'SELECT hydra_cutover.begin_attempt(1, 1000, 0)'`,
  functions: `'CREATE FUNCTION hydra_cutover.planted() RETURNS int LANGUAGE sql AS ''SELECT 1'''`,
  ledger: `'INSERT INTO hydra_cutover.ledger (kind, key, captured_at, outcome) VALUES (''chain_revoked'', ''planted'', now(), ''applied'')'`,
  rows: `'DELETE FROM public.hydra_oauth2_jti_blacklist'`,
  path: `'SELECT set_config(''search_path'', ''spy, pg_catalog'', false)'`,
} as const;

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

describe('what is made beside a transaction of the sync, after it has looked', () => {
  let owner: Client;
  let sync: SyncSides;

  beforeAll(async () => {
    owner = await world.connect('green');
    await owner.query(`CREATE SCHEMA spy AUTHORIZATION ${MALLORY}; GRANT USAGE ON SCHEMA spy TO PUBLIC; SET ROLE ${MALLORY};
      ${[...Object.keys(TRIES), 'trojan'].map((name) => `CREATE SEQUENCE spy.did_${name}`).join('; ')};
      GRANT ALL ON ALL SEQUENCES IN SCHEMA spy TO PUBLIC;
      CREATE FUNCTION spy.same(varchar, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        PERFORM setval('spy.did_trojan', 1); RETURN $1::text OPERATOR(pg_catalog.=) $2; END $$;
      CREATE OPERATOR spy.= (LEFTARG = varchar, RIGHTARG = text, FUNCTION = spy.same);
      CREATE FUNCTION spy.harm(tries text[]) RETURNS void LANGUAGE plpgsql AS $$ DECLARE one text; BEGIN
        IF session_user <> '${world.syncRole}' THEN RETURN; END IF;
        ${Object.entries(TRIES)
          .map(
            ([name, statement]) => `IF '${name}' = ANY (tries) THEN
              BEGIN EXECUTE ${statement}; PERFORM setval('spy.did_${name}', 1); EXCEPTION WHEN OTHERS THEN NULL; END; END IF;`,
          )
          .join('\n')}
      END $$;
      CREATE FUNCTION spy.evil(tries text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM spy.harm(tries); RETURN 'x'; END $$;
      RESET ROLE`);
  });
  afterEach(async () => {
    await owner.query('DROP STATISTICS IF EXISTS spy.a');
    await world.disconnect();
  });
  beforeEach(async () => {
    owner = await world.connect('green');
    sync = await world.openSync();
  });

  /** What could be done since it was asked before. */
  async function done(): Promise<string[]> {
    const names = [...Object.keys(TRIES), 'trojan'];
    const asked = names.map((name) => `SELECT '${name}' AS name, is_called FROM spy.did_${name}`).join(' UNION ALL ');
    const { rows } = await owner.query<{ name: string; is_called: boolean }>(asked);
    for (const name of names) await owner.query(`ALTER SEQUENCE spy.did_${name} RESTART`);
    return rows.filter(({ is_called: isCalled }) => isCalled).map(({ name }) => name);
  }

  /** A round of a change on blue; `acts` run once each, after the first statement on green of which their text is a part. */
  async function roundBeside(
    acts: readonly (readonly [after: string, act: string | (() => Promise<void>)])[],
  ): Promise<unknown> {
    const blue = await world.connect('blue');
    const signature = randomBytes(8).toString('hex');
    await blue.query('INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at) VALUES ($1, now())', [signature]);
    const left = [...acts];
    const to: SqlClient = {
      query: async (text, values) => {
        const answer = await sync.to.query(text, values);
        if (left[0] === undefined || !text.includes(left[0][0])) return answer;
        const act = left.shift()?.[1] ?? '';
        await (typeof act === 'string' ? owner.query(act) : act());
        return answer;
      },
    };
    const round = await syncRound({ ...sync, to }, { batchRows: 50 });
    expect(left).toEqual([]);
    const { rowCount } = await owner.query('SELECT FROM hydra_oauth2_jti_blacklist WHERE signature = $1', [signature]);
    expect(rowCount).toBe(1);
    return round;
  }

  const statistics = (...tries: readonly (keyof typeof TRIES)[]) =>
    `CREATE STATISTICS spy.a ON (spy.evil(ARRAY['${tries.join("', '")}']) || sid), kid FROM hydra_jwk`;
  const LOOKED = 'SELECT hydra_cutover.planted_on';
  const PLANNED = 'hold_syncer';

  async function expectNothingLeft(): Promise<void> {
    await expect(world.connect('green', { user: world.syncRole, password: STOLEN })).rejects.toMatchObject({
      code: '28P01',
    });
    const left = await owner.query(
      `SELECT state, (SELECT count(*)::int FROM hydra_cutover.ledger WHERE key = 'planted') AS noted FROM hydra_cutover.run`,
    );
    expect(left.rows).toEqual([{ state: 'closed', noted: 0 }]);
  }

  // Those of expressions came with PostgreSQL 14.
  if (majorOfTests() >= 14) {
    it('rolls back what statistics that were made beside a transaction of the sync had run as its login, and names them', async () => {
      const all = Object.keys(TRIES) as (keyof typeof TRIES)[];
      await expect(roundBeside([[LOOKED, statistics(...all)]])).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringMatching(/statistics a of hydra_jwk, which calls spy\.evil/) as string,
      });
      // Whose right that is. None of it makes a role that decides of who has it.
      expect(await done()).toEqual(['password', 'ledger', 'rows', 'path', 'trojan']);
      await expectNothingLeft();
      await expect(roundBeside([])).rejects.toMatchObject({ code: 'CHECK_FAILED' });
      expect(await done()).toEqual([]);
    });

    it('rolls it back, too, when they are gone before it ends, and it left a role that somebody else can log in as', async () => {
      const acts = [
        [LOOKED, statistics('password')],
        [PLANNED, 'DROP STATISTICS spy.a'],
      ] as const;
      await expect(roundBeside(acts)).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringMatching(/has changed a role/) as string,
      });
      expect(await done()).toEqual(['password']);
      await expectNothingLeft();
    });

    it('rolls it back when it led the names of our statements elsewhere, and finds them again afterwards', async () => {
      const acts = [
        [LOOKED, statistics('path')],
        [PLANNED, 'DROP STATISTICS spy.a'],
      ] as const;
      await expect(roundBeside(acts)).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringMatching(/has changed the search_path/) as string,
      });
      expect(await done()).toEqual(['path', 'trojan']);
      await sync.to.query(`SELECT set_config('search_path', 'spy, pg_catalog', false)`);
      await roundBeside([]);
      expect(await done()).toEqual([]);
    });
  }

  it('rolls back what an index that is being built beside it had run, which waits for it and is there until then', async () => {
    const builder = await world.connect('green');
    const build = `CREATE INDEX CONCURRENTLY a ON hydra_oauth2_jti_blacklist ((spy.evil(ARRAY['ledger']) || signature))`;
    let built: Promise<unknown> = Promise.resolve();
    const begun = async () => {
      built = builder.query(build);
      for (;;) {
        const { rowCount } = await owner.query(`SELECT FROM pg_class WHERE relname = 'a' AND relkind = 'i'`);
        if ((rowCount ?? 0) > 0) return;
        await Promise.race([built, sleep(10)]);
      }
    };
    try {
      await expect(roundBeside([[LOOKED, begun]])).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringMatching(/index a of hydra_oauth2_jti_blacklist, which calls spy\.evil/) as string,
      });
      expect(await done()).toEqual(['ledger']);
      await expectNothingLeft();
      await built;
    } finally {
      await owner.query('DROP INDEX IF EXISTS a');
    }
  });

  it('rolls back what a trigger of a table of others ran, whose rows go with those that it removes', async () => {
    const blue = await world.connect('blue');
    await owner.query(`CREATE TABLE spy.with_it (id varchar(40) REFERENCES hydra_oauth2_authentication_session ON DELETE CASCADE);
      CREATE FUNCTION spy.fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM spy.harm(ARRAY['ledger']); RETURN NULL; END $$`);
    try {
      await blue.query(`INSERT INTO hydra_oauth2_authentication_session (id, subject) VALUES ('with-it', 'ada')`);
      await roundBeside([]);
      await owner.query(`INSERT INTO spy.with_it VALUES ('with-it')`);
      await blue.query(`DELETE FROM hydra_oauth2_authentication_session WHERE id = 'with-it'`);
      const trigger = 'CREATE TRIGGER a AFTER DELETE ON spy.with_it FOR EACH ROW EXECUTE FUNCTION spy.fired()';
      await expect(roundBeside([[LOOKED, trigger]])).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringMatching(/trigger a of spy\.with_it/) as string,
      });
      expect(await done()).toEqual(['ledger']);
      await expectNothingLeft();
    } finally {
      await owner.query('DROP TABLE spy.with_it');
    }
    await roundBeside([]);
  });

  it('lets nobody put a view in the place of what it only reads, and asks for the network of the target only where nothing is planted', async () => {
    const swap = `ALTER TABLE networks RENAME TO moved; CREATE VIEW networks AS SELECT * FROM moved WHERE spy.evil(ARRAY['password', 'ledger']) IS NOT NULL;
      GRANT SELECT ON networks TO PUBLIC`;
    const swapped = () => owner.query(`SET lock_timeout = 300; ${swap}`).catch((error: unknown) => error);
    await roundBeside([[LOOKED, async () => expect(await swapped()).toMatchObject({ code: '55P03' })]]);
    await owner.query('RESET lock_timeout');
    await owner.query(swap);
    await expect(askNetwork(sync.to, FORWARD.to)).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/networks is no table/) as string,
    });
    await owner.query('DROP VIEW networks; ALTER TABLE moved RENAME TO networks');
    expect(await askNetwork(sync.to, FORWARD.to)).toMatch(/^[0-9a-f-]{36}$/);
    expect(await done()).toEqual([]);
  });
});

describe('our sessions', () => {
  afterEach(() => world.disconnect());

  it("run no operator or function that Hydra's role made in its schema: not in the sync, the comparison, or the counts of a plan", async () => {
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
