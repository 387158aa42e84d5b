import { serviceDifferences } from '../../../activities/support/service-differences';
import { CutoverFault, isCutoverFault } from '../../../domain/faults';
import { FORWARD } from '../../../domain/sides';
import { keepArchive } from '../../../hydra/arbiter/keep-archive';
import { restoreRule } from '../../../hydra/archive';
import { installParityTables } from '../../../hydra/parity';
import { becomeSyncer, prepareSync, syncRound } from '../../../hydra/sync';
import { CUTOVER, ROLES } from '../battlefield';
import { type Attack } from '../attack';
import { type Battle, AttackSucceeded, named } from '../battle';
import { PATH } from '../../support/path';

const CHANGE = `INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at) VALUES ('s', now() + interval '1 hour');
  INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ('s', 'k', 0, 'x');
  INSERT INTO hydra_oauth2_authentication_session (id, subject) VALUES ('s', 'ada')`;

/** One round of the sync that carries a change of blue. @returns what it said */
async function carryOne(battle: Battle, green: string, change = CHANGE): Promise<string> {
  const hydra = await battle.as('hydra');
  await hydra.query(change);
  const admin = await battle.field.connectOurs(green);
  const { login, generation, nonce } = await becomeSyncer(admin, {
    cutoverId: CUTOVER,
    schema: 'public',
    role: ROLES.sync,
    side: FORWARD.to,
  });
  await battle.accept();
  const as = await battle.field.connectOurs(green, login.user, login.password);
  const sides = await prepareSync(PATH, await battle.ours('worker'), as, 'public', await battle.ours());
  try {
    await syncRound({ ...sides, direction: FORWARD, generation, nonce, loginTtlMs: 60_000 }, { batchRows: 100 });
    return 'carried, and not met';
  } catch (error) {
    if (isCutoverFault(error) && error.code === 'CHECK_FAILED') return `named: ${error.message}`;
    throw error;
  }
}

function planted(title: string, sql: string, isInEverySuite = false): Attack {
  return {
    title: `planted on green: ${title}`,
    as: 'hydra',
    isInEverySuite,
    run: async (battle) => {
      const green = await battle.withGreen();
      const hydra = await battle.field.connect(green, 'hydra');
      await hydra.query(sql);
      const seen = await carryOne(battle, green);
      if (!seen.startsWith('named')) throw new AttackSucceeded(`nobody is told of it: ${seen}`);
      return seen;
    },
  };
}

function onBlue(title: string, sql: string): Attack {
  return {
    title: `planted on blue, which the sync reads: ${title}`,
    as: 'hydra',
    run: async (battle) => {
      const green = await battle.withGreen();
      const hydra = await battle.as('hydra');
      await hydra.query(sql);
      return carryOne(battle, green);
    },
  };
}

export const PLANTED: readonly Attack[] = [
  {
    title: 'planted nowhere: the sync carries as ever',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const seen = await carryOne(battle, await battle.withGreen());
      if (seen !== 'carried, and not met') throw new Error(seen);
      return seen;
    },
  },
  planted(
    'a trigger',
    'CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON hydra_jwk FOR EACH ROW EXECUTE FUNCTION spy.evil_trigger()',
    true,
  ),
  planted(
    'a trigger for each statement, before ours',
    'CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON hydra_jwk FOR EACH STATEMENT EXECUTE FUNCTION spy.evil_trigger()',
  ),
  planted('an expression in an index', 'CREATE INDEX a ON hydra_jwk (spy.evil_text(sid))'),
  planted('a condition of an index', 'CREATE INDEX a ON hydra_jwk (sid) WHERE spy.evil()'),
  planted('a default', 'ALTER TABLE hydra_oauth2_authentication_session ADD COLUMN a boolean DEFAULT spy.evil()'),
  planted('a check', 'ALTER TABLE hydra_jwk ADD CONSTRAINT a CHECK (spy.evil())'),
  planted(
    'a generated column',
    'ALTER TABLE hydra_jwk ADD COLUMN a text GENERATED ALWAYS AS (spy.evil_text(sid)) STORED',
  ),
  planted(
    'a domain with a check',
    'CREATE DOMAIN spy.checked AS varchar(255) CHECK (spy.evil()); ALTER TABLE hydra_jwk ALTER sid TYPE spy.checked',
  ),
  planted(
    'a policy for everybody',
    'CREATE POLICY a ON hydra_jwk USING (spy.evil()) WITH CHECK (spy.evil()); ALTER TABLE hydra_jwk ENABLE ROW LEVEL SECURITY',
  ),
  planted(
    'a rule',
    'CREATE TABLE spy.aside (a boolean); GRANT ALL ON spy.aside TO PUBLIC; CREATE RULE a AS ON INSERT TO hydra_jwk DO ALSO INSERT INTO spy.aside SELECT spy.evil()',
  ),
  planted(
    'a view in the place of a table',
    'ALTER TABLE hydra_jwk RENAME TO moved; CREATE VIEW hydra_jwk AS SELECT * FROM moved WHERE spy.evil(); GRANT ALL ON hydra_jwk TO PUBLIC',
  ),
  planted(
    'a check that runs SQL by a function of PostgreSQL itself',
    `ALTER TABLE hydra_jwk ADD CONSTRAINT a CHECK (query_to_xml('SELECT spy.evil()', true, true, '') IS NOT NULL) NOT VALID`,
    true,
  ),
  planted(
    'a check that moves the search_path',
    `ALTER TABLE hydra_jwk ADD CONSTRAINT a CHECK (set_config('search_path', 'public', false) IS NOT NULL) NOT VALID`,
  ),
  planted(
    'a trigger that calls a function in a schema whose name begins as ours do',
    `CREATE SCHEMA hydra_cutover_evil; CREATE FUNCTION hydra_cutover_evil.t() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM spy.evil(); RETURN COALESCE(NEW, OLD); END $$;
     CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON hydra_jwk FOR EACH ROW EXECUTE FUNCTION hydra_cutover_evil.t()`,
    true,
  ),
  planted(
    'a check that makes something of a domain, which has a check too',
    `CREATE DOMAIN spy.checked AS text CHECK (spy.evil());
     ALTER TABLE hydra_jwk ADD CONSTRAINT a CHECK (CAST(sid AS spy.checked) IS NOT NULL) NOT VALID`,
    true,
  ),
  planted(
    'a generated column that is made by way of a domain',
    `CREATE DOMAIN spy.checked AS text CHECK (spy.evil());
     ALTER TABLE hydra_jwk ADD COLUMN a text GENERATED ALWAYS AS (CAST(sid AS spy.checked) || 'x') STORED`,
  ),
  planted(
    'statistics, whose expression the planner evaluates',
    `CREATE STATISTICS spy.a ON (spy.evil_text('x') || sid), kid FROM hydra_jwk`,
    true,
  ),
  planted(
    'a table that inherits, with a trigger',
    `CREATE TABLE spy.child () INHERITS (hydra_jwk); GRANT ALL ON spy.child TO PUBLIC;
     CREATE TRIGGER a BEFORE UPDATE OR DELETE ON spy.child FOR EACH ROW EXECUTE FUNCTION spy.evil_trigger()`,
  ),
  planted(
    'a condition of an index of a table that inherits',
    `CREATE TABLE spy.child () INHERITS (hydra_jwk); CREATE INDEX a ON spy.child (sid) WHERE spy.evil()`,
  ),
  {
    title: 'advisory locks with keys that are in our sources, held for ever',
    as: 'nobody',
    isInEverySuite: true,
    run: async (battle) => {
      const green = await battle.withGreen();
      const nobody = await battle.field.connect(green, 'nobody');
      await nobody.query(
        `SELECT pg_advisory_lock(hashtext('hydra_cutover'), hashtext(key)) FROM unnest(ARRAY['sync', 'parity', 'close']) AS key`,
      );
      const ours = await battle.field.connectOurs(green);
      await ours.query("SET statement_timeout = '10s'");
      await installParityTables(PATH, ours);
      return carryOne(battle, green);
    },
  },
  {
    title: 'planted on green: statistics, before we ask there what its Hydra answers otherwise',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const green = await battle.withGreen();
      const hydra = await battle.field.connect(green, 'hydra');
      await hydra.query(`CREATE STATISTICS spy.a ON (spy.evil_text('x') || id), client_name FROM hydra_client`);
      const away = () => Promise.reject(new CutoverFault('HYDRA_UNREACHABLE', 'not asked'));
      const asked = {
        hydra: { discovery: away, signingKeys: away, allowsOrigin: away, loginCookies: away },
        settings: { hydraSchema: 'public', hydraVersion: { blue: '1.11.10', green: '2.3.0' } },
        direction: FORWARD,
        gateways: [],
      };
      const ours = await battle.field.connectOurs(green);
      const told = await serviceDifferences(asked as never, ours);
      return named(told, /statistics a of hydra_client, which calls spy\.evil_text/);
    },
  },
  {
    title: "planted on green: a table whose rows go with Hydra's, with a trigger that fires after that",
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const green = await battle.withGreen();
      await carryOne(battle, green);
      const hydra = await battle.field.connect(green, 'hydra');
      await hydra.query(`CREATE TABLE spy.with_it (id varchar(40) REFERENCES public.hydra_oauth2_authentication_session ON DELETE CASCADE);
        INSERT INTO spy.with_it VALUES ('s');
        CREATE TRIGGER a AFTER DELETE ON spy.with_it FOR EACH ROW EXECUTE FUNCTION spy.evil_trigger()`);
      const seen = await carryOne(battle, green, 'DELETE FROM hydra_oauth2_authentication_session');
      const { rows } = await hydra.query('SELECT FROM spy.with_it');
      // From 18 on the trigger is fired as the owner of its table.
      if (battle.field.major < 18) return named([seen], /trigger a of spy\.with_it/);
      if (rows.length > 0) throw new Error('the row is still there');
      return seen;
    },
  },
  {
    title: 'planted on blue: a type with a cast, before rows of a rule are read there to be put back',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const green = await battle.withGreen();
      const ours = await battle.field.connectOurs(green);
      await ours.query(`INSERT INTO hydra_cutover.archive (rule_id, as_of, table_name, key, before)
        VALUES ('F01', now(), 'hydra_jwk', '["s", "k"]', '{"sid": "s"}')`);
      await keepArchive(ours, CUTOVER, 'keys');
      const hydra = await battle.as('hydra');
      await hydra.query(`${CHANGE}; CREATE TYPE spy.eager AS (v text);
        CREATE FUNCTION spy.as_json(spy.eager) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM spy.evil(); RETURN to_json(($1).v); END $$;
        CREATE CAST (spy.eager AS json) WITH FUNCTION spy.as_json(spy.eager);
        ALTER TABLE hydra_jwk ADD COLUMN eager spy.eager DEFAULT ROW('x')::spy.eager`);
      const asked = { path: PATH, direction: FORWARD, rule: 'F01', schema: 'public', isDry: false };
      const options = { ...asked, from: await battle.ours() };
      const seen = await restoreRule(ours, options).then(
        () => 'read',
        (error: Error) => error.message,
      );
      return named([seen], /on blue .*type of column eager of hydra_jwk/);
    },
  },
  {
    title: 'planted on green: a trigger, before rows of a rule are put back',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const green = await battle.withGreen();
      const hydra = await battle.field.connect(green, 'hydra');
      await hydra.query(
        'CREATE TRIGGER a BEFORE INSERT ON hydra_oauth2_access FOR EACH ROW EXECUTE FUNCTION spy.evil_trigger()',
      );
      const ours = await battle.field.connectOurs(green);
      await ours.query(`INSERT INTO hydra_cutover.archive (rule_id, as_of, table_name, key, before)
        VALUES ('F01', now(), 'hydra_oauth2_access', '["s"]', '{"signature": "s"}')`);
      const options = { path: PATH, direction: FORWARD, rule: 'F01', schema: 'public', isDry: false, from: null };
      const seen = await restoreRule(ours, options).then(
        () => 'put back',
        (error: Error) => error.message,
      );
      return named([seen], /trigger a of hydra_oauth2_access/);
    },
  },
  onBlue(
    'a policy',
    'CREATE POLICY a ON hydra_jwk USING (spy.evil()); ALTER TABLE hydra_jwk ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
  ),
  onBlue('a trigger', 'CREATE TRIGGER a BEFORE INSERT ON hydra_jwk FOR EACH ROW EXECUTE FUNCTION spy.evil_trigger()'),
  onBlue(
    'a view in the place of a table',
    `ALTER TABLE hydra_oauth2_logout_request RENAME TO moved; CREATE VIEW hydra_oauth2_logout_request AS SELECT * FROM moved WHERE spy.evil()`,
  ),
  onBlue(
    'a type with a cast',
    `CREATE TYPE spy.eager AS (v text);
     CREATE FUNCTION spy.as_text(spy.eager) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM spy.evil(); RETURN ($1).v; END $$;
     CREATE CAST (spy.eager AS text) WITH FUNCTION spy.as_text(spy.eager) AS IMPLICIT;
     ALTER TABLE hydra_client ALTER client_name TYPE spy.eager USING ROW(client_name)::spy.eager`,
  ),
];
