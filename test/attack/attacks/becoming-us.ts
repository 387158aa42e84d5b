import { type Client } from 'pg';
import { checkChallengeLengths } from '../../../activities/preflight/check-challenge-lengths';
import { Findings } from '../../../activities/preflight/findings';
import { type SqlClient } from '../../../domain/ports/sql-client';
import { byFullName } from '../../../hydra/by-full-name';
import { removeUserRows } from '../../../hydra/canary-user';
import { readMigrations } from '../../../hydra/closing';
import { guardProblems, installArbiter } from '../../../hydra/arbiter';
import { captureProblems, raiseLifetimes } from '../../../hydra/capture';
import { keepArchive } from '../../../hydra/arbiter/keep-archive';
import { countRulesWithin } from '../../../hydra/cleaning';
import { isCutoverFault } from '../../../domain/faults';
import { OUR_ROLES } from '../../../domain/our-roles';
import { FORWARD } from '../../../domain/sides';
import { type Attack } from '../attack';
import { ROLES } from '../battlefield';
import { type Battle, AttackSucceeded, named, refused } from '../battle';
import { PATH } from '../../support/path';

export const CLIENT = `INSERT INTO hydra_client (id, client_name, client_secret, redirect_uris, grant_types, response_types, scope, owner, policy_uri,
  tos_uri, client_uri, logo_uri, contacts, client_secret_expires_at, sector_identifier_uri, jwks, jwks_uri, request_uris,
  token_endpoint_auth_method, request_object_signing_alg, userinfo_signed_response_alg, subject_type, allowed_cors_origins, audience,
  frontchannel_logout_uri, post_logout_redirect_uris, backchannel_logout_uri, metadata)
  VALUES ('c', '', '', '', '', '', '', '', '', '', '', '', '', 0, '', '', '', '', '', '', '', '', '', '', '', '', '', '')`;
const token = (
  table: string,
  signature: string,
) => `INSERT INTO ${table} (signature, request_id, client_id, scope, granted_scope, form_data,
  session_data, subject) VALUES ('${signature}', 'r', 'c', '', '', '', '', '')`;

const SETTINGS = { hydraVersion: { blue: '1.11.10', green: '2.3.0' } };
const ON_BLUE = { schema: 'public', side: 'blue' } as const;

/** Whatever Hydra does with a token fires every trigger of ours there is. */
async function writeEverything(battle: Battle): Promise<void> {
  const hydra = await battle.as('hydra');
  await hydra.query(CLIENT);
  for (const table of ['hydra_oauth2_refresh', 'hydra_oauth2_access']) {
    await hydra.query(token(table, `${table}-1`));
    await hydra.query(token(table, `${table}-2`));
  }
  await hydra.query('UPDATE hydra_oauth2_refresh SET active = false');
  await hydra.query('DELETE FROM hydra_oauth2_access');
  await hydra.query('DELETE FROM hydra_oauth2_refresh');
  await hydra.query('DELETE FROM hydra_client');
}

/** As preflight does. */
async function countOnBlue(battle: Battle): Promise<void> {
  await countRulesWithin(PATH, await byFullName(await battle.ours('worker'), 'public'), 60_000);
}

/** Says no in one of the ways that an operator sees, or goes on without meeting what was planted. */
async function goesOnOrRefuses(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'not met';
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('spy:')) throw new AttackSucceeded(error.message);
    if (isCutoverFault(error)) return `refused: ${error.message}`;
    if (error instanceof Error && 'code' in error) return `refused by the server: ${error.message}`;
    throw error;
  }
}

export const BECOMING_US: readonly Attack[] = [
  {
    title: 'a cast of clients to text, when preflight asks which of them are large',
    as: 'hydra',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query(`${CLIENT}; CREATE FUNCTION spy.as_text(hydra_client) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM spy.evil(); RETURN $1.id; END $$;
        CREATE CAST (hydra_client AS text) WITH FUNCTION spy.as_text(hydra_client) AS IMPLICIT`);
      const named = await byFullName(await battle.ours(), 'public');
      const asked = {
        hydra: { client: () => Promise.resolve(undefined) },
        settings: SETTINGS,
        direction: FORWARD,
      } as never;
      return goesOnOrRefuses(() => checkChallengeLengths(named, asked, new Findings()));
    },
  },
  {
    title: 'a policy on every table, which our trigger functions would evaluate',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      for (const table of ['hydra_oauth2_refresh', 'hydra_oauth2_access', 'hydra_client']) {
        await hydra.query(`CREATE POLICY p ON ${table} USING (spy.evil()) WITH CHECK (spy.evil());
          ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
      }
      await writeEverything(battle);
      return goesOnOrRefuses(() => countOnBlue(battle));
    },
  },
  {
    title: 'a type with a cast of its own for a column that our trigger functions note',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      for (const [type, cast] of [
        ['trojan', 'ASSIGNMENT'],
        ['eager', 'IMPLICIT'],
      ] as const) {
        await hydra.query(`CREATE TYPE spy.${type} AS (v text);
          CREATE FUNCTION spy.as_json(spy.${type}) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM spy.evil(); RETURN to_json(($1).v); END $$;
          CREATE FUNCTION spy.as_text(spy.${type}) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM spy.evil(); RETURN ($1).v; END $$;
          CREATE CAST (spy.${type} AS json) WITH FUNCTION spy.as_json(spy.${type}) AS ASSIGNMENT;
          CREATE CAST (spy.${type} AS text) WITH FUNCTION spy.as_text(spy.${type}) AS ${cast}`);
      }
      await hydra.query(`
        ALTER TABLE hydra_oauth2_access ALTER request_id DROP DEFAULT, ALTER request_id TYPE spy.trojan USING ROW(request_id)::spy.trojan;
        ALTER TABLE hydra_client ALTER client_name TYPE spy.eager USING ROW(client_name)::spy.eager`);
      await hydra.query(CLIENT.replace("VALUES ('c', ''", "VALUES ('c', ROW('')::spy.eager"));
      await hydra.query(`INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
        VALUES ('s', ROW('r')::spy.trojan, 'c', '', '', '', '', '')`);
      await hydra.query('DELETE FROM hydra_oauth2_access');
      await goesOnOrRefuses(() => countOnBlue(battle));
      return named(
        await captureProblems(await battle.ours()),
        /columns of hydra_oauth2_access|hydra_oauth2_access was rewritten/,
      );
    },
  },
  {
    title: 'operators and functions for varchar in the schema of Hydra',
    as: 'hydra',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query(`CREATE FUNCTION public.trojan(varchar, text) RETURNS boolean LANGUAGE sql AS 'SELECT spy.evil()';
        CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = text, FUNCTION = public.trojan);
        CREATE FUNCTION public.md5(varchar) RETURNS text LANGUAGE sql AS 'SELECT spy.evil()::text'`);
      await writeEverything(battle);
      await countOnBlue(battle);
      return 'not met';
    },
  },
  {
    title: 'a view in the place of a table that we read',
    as: 'hydra',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query(`ALTER TABLE hydra_oauth2_authentication_request RENAME TO moved;
        CREATE VIEW hydra_oauth2_authentication_request AS SELECT * FROM moved WHERE spy.evil()`);
      const seen = await goesOnOrRefuses(() => countOnBlue(battle));
      return `${seen}; ${named(await guardProblems(await battle.ours()), /moved|authentication_request/)}`;
    },
  },
  ...['hydra_cutover', 'hydra_cutover_barrier', 'hydra_cutover_asks'].map((schema): Attack => ({
    title: `schema ${schema}, made before us`,
    as: 'hydra',
    template: 'untouched',
    isInEverySuite: schema === 'hydra_cutover',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query(`CREATE SCHEMA ${schema}; GRANT ALL ON SCHEMA ${schema} TO PUBLIC;
          CREATE VIEW ${schema}.run AS SELECT spy.evil() AS only_row, 'blue'::text AS side, 'x'::text AS cutover_id, gen_random_uuid() AS nonce,
            'open'::text AS state, 0::bigint AS attempt, 0::bigint AS epoch, NULL::timestamptz AS lease_until, NULL::name AS sync_role,
            now() AS installed_at WHERE spy.evil();
          CREATE VIEW ${schema}.attempt AS SELECT * FROM ${schema}.run; CREATE VIEW ${schema}.guarded AS SELECT * FROM ${schema}.run;
          GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO PUBLIC`);
      await battle.accept();
      const tool = await battle.ours();
      const seen = await goesOnOrRefuses(() =>
        installArbiter(tool, { side: 'blue', cutoverId: 'x', initialState: 'open' }),
      );
      return named([seen], new RegExp(`refused: schema ${schema} .*belongs to hydra`));
    },
  })),
  {
    title: 'schema hydra_cutover_asks, made while we make ours',
    as: 'hydra',
    template: 'untouched',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      const tool = await battle.ours();
      // Between our look at who owns what is there and our own statements.
      const slow: SqlClient = {
        query: async (text, values) => {
          if (text.startsWith('BEGIN')) {
            await hydra.query('CREATE SCHEMA hydra_cutover_asks; GRANT ALL ON SCHEMA hydra_cutover_asks TO PUBLIC');
            await battle.accept();
          }
          return tool.query(text, values);
        },
      };
      const seen = await goesOnOrRefuses(() =>
        installArbiter(slow, { side: 'blue', cutoverId: 'x', initialState: 'open', owner: OUR_ROLES.owner }),
      );
      return named([seen], /refused: schema hydra_cutover_asks .*belongs to hydra/);
    },
  },
  ...(
    [
      ['we change the lifetimes of clients', (tool) => raiseLifetimes(tool, 3_600_000, ON_BLUE)],
      ['we remove the canary user', async (tool) => removeUserRows(await byFullName(tool, 'public'), 'c', ON_BLUE)],
    ] as readonly (readonly [string, (tool: Client) => Promise<unknown>])[]
  ).map(([when, write]): Attack => ({
    title: `a trigger on clients, before ${when}`,
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const tool = await battle.ours();
      // Beside our own triggers and nothing else it does what it is for.
      await write(tool);
      await battle.accept();
      const hydra = await battle.as('hydra');
      await hydra.query(
        `${CLIENT}; CREATE TRIGGER a BEFORE UPDATE OR DELETE ON hydra_client FOR EACH ROW EXECUTE FUNCTION spy.evil_trigger()`,
      );
      return named([await goesOnOrRefuses(() => write(tool))], /refused: .*trigger a of hydra_client/);
    },
  })),
  {
    title: 'a view in the place of the list of migrations',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query(`ALTER TABLE schema_migration RENAME TO moved;
        CREATE VIEW schema_migration AS SELECT version FROM moved WHERE spy.evil(); GRANT SELECT ON schema_migration TO PUBLIC`);
      const inFull = await byFullName(await battle.ours(), 'public');
      return named(
        [await goesOnOrRefuses(() => readMigrations(inFull, '1.11.10', 'blue'))],
        /refused: .*schema_migration is no table/,
      );
    },
  },
  {
    title: 'schema hydra_cutover_lifetimes, made before us',
    as: 'hydra',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query(`CREATE SCHEMA hydra_cutover_lifetimes; GRANT ALL ON SCHEMA hydra_cutover_lifetimes TO PUBLIC;
        CREATE VIEW hydra_cutover_lifetimes.original AS SELECT 'c'::text AS client_id, 'x'::text AS column_name, 1::bigint AS original,
          1::bigint AS extended WHERE spy.evil();
        GRANT ALL ON hydra_cutover_lifetimes.original TO PUBLIC`);
      await hydra.query(CLIENT);
      await battle.accept();
      const tool = await battle.ours();
      const seen = await goesOnOrRefuses(() => raiseLifetimes(tool, 3_600_000, ON_BLUE));
      return named([seen], /refused: schema hydra_cutover_lifetimes .*belongs to hydra/);
    },
  },
  {
    title: 'schema hydra_cutover_archive, made before us',
    as: 'hydra',
    run: async (battle) => {
      const hydra = await battle.as('hydra');
      await hydra.query('CREATE SCHEMA hydra_cutover_archive; GRANT ALL ON SCHEMA hydra_cutover_archive TO PUBLIC');
      const tool = await battle.ours();
      await tool.query('CREATE TABLE hydra_cutover.archive (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)');
      await battle.accept();
      const seen = await goesOnOrRefuses(() => keepArchive(tool, 'x', 'rows'));
      return named([seen], /refused: schema hydra_cutover_archive .*belongs to hydra/);
    },
  },
  {
    title: 'what a function of ours may do that runs in sessions of Hydra and of gateways',
    as: 'hydra',
    isInEverySuite: true,
    run: async (battle) => {
      const [seen] = await battle.ask<{ functions: number; may: readonly string[] }>(
        `WITH made AS (SELECT p.proowner AS owner, p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                        WHERE n.nspname ^@ 'hydra_cutover' AND p.prosecdef),
              owner AS (SELECT DISTINCT r.* FROM made JOIN pg_roles r ON r.oid = made.owner)
         SELECT (SELECT count(*)::int FROM made) AS functions, ARRAY(
           SELECT format('%s may log in, make roles or databases, or is more', rolname) FROM owner
            WHERE rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication
           UNION ALL SELECT format('%s is a member of %s', rolname, m.roleid::regrole) FROM owner JOIN pg_auth_members m ON m.member = owner.oid
           UNION ALL SELECT format('%s may read or add rows of %s', rolname, c.oid::regclass) FROM owner, pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND has_table_privilege(owner.oid, c.oid, 'SELECT, INSERT, DELETE')) AS may`,
      );
      if (seen === undefined || seen.functions < 15) throw new Error('there is nothing to attack');
      if (seen.may.length > 0) throw new AttackSucceeded(seen.may.join('; '));
      return `none of ${seen.functions}: their owner is a role that nobody logs in as and that may read nothing of Hydra's`;
    },
  },
  ...(['hydra', 'gateway', 'nobody'] as const).map((as): Attack => ({
    title: `each of our objects and rights, asked for by ${as}`,
    as,
    isInEverySuite: true,
    run: async (battle) => {
      const attacker = await battle.as(as);
      const relations = await battle.ask<{ name: string }>(
        `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname ^@ 'hydra_cutover' AND c.relkind IN ('r', 'v', 'S')`,
      );
      const functions = await battle.ask<{ call: string; signature: string; asks: boolean }>(
        `SELECT format('SELECT %I.%I(%s)', n.nspname, p.proname, (SELECT COALESCE(string_agg('NULL::' || a::regtype, ', '), '') FROM unnest(p.proargtypes) a)) AS call,
                  p.oid::regprocedure::text AS signature, n.nspname = 'hydra_cutover_asks' AS asks
             FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname ^@ 'hydra_cutover' AND p.prorettype <> 'trigger'::regtype`,
      );
      if (relations.length < 5 || functions.length < 15) throw new Error('there is nothing to attack');
      for (const { name } of relations) {
        for (const sql of [
          `SELECT * FROM ${name}`,
          `ALTER TABLE ${name} OWNER TO ${as}`,
          `GRANT ALL ON ${name} TO ${as}`,
          `COMMENT ON TABLE ${name} IS 'x'`,
        ])
          await refused(attacker, sql, ['42501', '42809', '0A000']);
      }
      for (const { call, signature, asks } of functions) {
        if (!asks || as !== 'gateway') await refused(attacker, call);
        await refused(attacker, `ALTER FUNCTION ${signature} SECURITY INVOKER`);
        await refused(attacker, `ALTER FUNCTION ${signature} OWNER TO ${as}`);
      }
      for (const schema of ['hydra_cutover', 'hydra_cutover_barrier', 'hydra_cutover_asks']) {
        for (const sql of [`DROP SCHEMA ${schema} CASCADE`, `ALTER SCHEMA ${schema} RENAME TO x`])
          await refused(attacker, sql);
        // Who may use it already is warned, and given nothing: what was granted is looked at in the end.
        await attacker.query(`GRANT ALL ON SCHEMA ${schema} TO ${as}`).catch(() => undefined);
        await refused(attacker, `CREATE FUNCTION ${schema}.f() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
      }
      for (const ours of [...ROLES.tool, ...Object.values(OUR_ROLES)]) {
        for (const sql of [
          `SET ROLE ${ours}`,
          `SET SESSION AUTHORIZATION ${ours}`,
          `ALTER ROLE ${ours} PASSWORD 'x'`,
          `GRANT ${ours} TO ${as}`,
          `DROP OWNED BY ${ours} CASCADE`,
          `REASSIGN OWNED BY ${ours} TO ${as}`,
        ])
          await refused(attacker, sql);
      }
      for (const sql of [
        'CREATE ROLE another LOGIN',
        `CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION spy.evil_trigger()`,
      ])
        await refused(attacker, sql, ['42501', '42P17']);
      return 'refused: each of them, 42501';
    },
  })),
];
