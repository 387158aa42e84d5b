import { Client } from 'pg';
import { applyRules, countRules, countRulesWithin } from '../../../../hydra/cleaning';
import { type SqlClient } from '../../../../domain/ports/sql-client';
import { repairStates } from '../../../../hydra/paths/1-11-10-to-2-3-0/fixups/repair-states';
import { type SeedProfile, PROFILES, SEED_PROFILES, seed, seededTokens } from '../../../../world/seeder';
import { type Clone, HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';
import { HydraBrowser, expectStatus } from '../../world/seeder/hydra-browser';
import { startHydra } from '../../../support/hydra';
import { consentsOnBlue, consentsOnGreen, fingerprint, firstNumber } from './validators';
import { PATH } from '../../../support/path';

const AS_OF = '2026-03-01T12:00:00.000Z';
const GRANTS = 200;
const SECRET = 'a-system-secret-of-tests';

const plant = (client: Clone['client'], profile: SeedProfile) =>
  seed(client, { profile, grants: GRANTS, seed: 11, asOf: AS_OF, systemSecret: SECRET });

const counts = async (client: Clone['client']) =>
  Object.fromEntries((await countRules(PATH, client)).map(({ id, rows }) => [id, rows])) as Record<string, number>;

const cleanable = SEED_PROFILES.filter((profile) => PROFILES[profile].expectation === 'cleaned');
const refusable = SEED_PROFILES.filter((profile) => PROFILES[profile].expectation === 'refused');

describe('cleaning before the real migration to 2.3.0', () => {
  it.each(cleanable)('keeps every consent and every token of profile %s', async (profile) => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const { client } = clone;
      const { planted } = await plant(client, profile);
      const tokensWithoutConsent = `hydra_oauth2_refresh WHERE active AND challenge_id IS NULL`;
      const planned = await counts(client);
      for (const defect of PROFILES[profile].defects) {
        expect(planned[defect as string]).toBeGreaterThan(0);
        // Of the orphans, those that nobody answered fall under C03.
        const orphans = defect === 'C02' ? (planned['C03'] ?? 0) : 0;
        if (profile === defect) expect((planned[defect as string] ?? 0) + orphans).toBe(planted[defect]);
      }
      const blue = await consentsOnBlue(client, AS_OF);
      const lostBefore = await firstNumber(client, tokensWithoutConsent);

      const applied = await applyRules(PATH, client, { asOf: AS_OF });
      expect(Object.fromEntries(applied.map(({ id, rows }) => [id, rows]))).toEqual(
        Object.fromEntries(applied.map(({ id }) => [id, planned[id]])),
      );
      const logins = await firstNumber(client, 'hydra_oauth2_authentication_request');
      const consents = await firstNumber(client, 'hydra_oauth2_consent_request');
      const tokens = await fingerprint(client);

      const migrated = await migrateTo230(clone);
      expect(migrated.output).not.toMatch(/ERROR|level=fatal/);
      expect(migrated.applied).toBe(true);
      expect(await repairStates(client)).toBeGreaterThan(0);
      expect(await repairStates(client)).toBe(0);

      expect(blue.length).toBeGreaterThan(50);
      expect(await consentsOnGreen(client, AS_OF)).toEqual(blue);
      expect(await fingerprint(client)).toEqual(tokens);
      expect(await firstNumber(client, 'hydra_oauth2_flow')).toBe(logins);
      expect(await firstNumber(client, 'hydra_oauth2_flow WHERE consent_challenge_id IS NOT NULL')).toBe(consents);
      expect(await firstNumber(client, tokensWithoutConsent)).toBe(lostBefore);
      expect(await firstNumber(client, LIVE_CHAIN_WITHOUT_FLOW)).toBe(0);
      expect(await firstNumber(client, `hydra_oauth2_flow WHERE state > 2 AND state < 7 AND subject = ''`)).toBe(0);
    });
  });

  it('changes nothing the second time and archives every row that it touched', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, 'cleanable');
      const before = await images(client);
      const applied = await applyRules(PATH, client, { asOf: AS_OF });
      const after = await images(client);
      const archived = applied.reduce((sum, rule) => sum + rule.archived, 0);
      expect(await firstNumber(client, 'hydra_cutover.archive')).toBe(archived);
      const touched = new Set([...before.keys(), ...after.keys()].filter((key) => before.get(key) !== after.get(key)));
      const { rows } = await client.query<{ key: string }>(
        `SELECT DISTINCT table_name || ' ' || key::text AS key FROM hydra_cutover.archive`,
      );
      const inArchive = new Set(rows.map(({ key }) => key));
      expect([...touched].filter((key) => !inArchive.has(key))).toEqual([]);

      const again = await applyRules(PATH, client, { asOf: AS_OF });
      expect(again.filter(({ rows: changed, archived: kept }) => changed > 0 || kept > 0)).toEqual([]);
      expect(await images(client)).toEqual(after);
      expect(Object.values(await counts(client)).every((rows_) => rows_ === 0)).toBe(true);
      expect(await firstNumber(client, `pg_trigger WHERE tgname LIKE 'hydra_cutover%'`)).toBe(0);
    });
  });

  it('holds what restores a cleaned row in its archive', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, 'cleanable');
      const before = await images(client);
      await applyRules(PATH, client, { asOf: AS_OF });
      const after = await images(client);
      const { rows } = await client.query<{ id: string; before: object | null; after: object | null }>(
        `SELECT table_name || ' ' || key::text AS id, before, after FROM hydra_cutover.archive ORDER BY archive.id DESC`,
      );
      for (const row of rows) {
        // Newest first: each image undoes one change.
        if (row.before === null) after.delete(row.id);
        else if (row.after === null) after.set(row.id, JSON.stringify(row.before));
        else after.set(row.id, JSON.stringify({ ...(JSON.parse(after.get(row.id) ?? '{}') as object), ...row.before }));
      }
      const normal = (map: Map<string, string>) =>
        [...map].map(([key, json]) => [key, Object.entries(JSON.parse(json) as object).sort()]).sort();
      expect(normal(after)).toEqual(normal(before));
    });
  });

  it('finishes what a run that lost its connection left, with the same result', async () => {
    const whole = await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, 'cleanable');
      await applyRules(PATH, client, { asOf: AS_OF });
      return images(client);
    });
    await withClone(HYDRA_1_11_10, async ({ client, config }) => {
      await plant(client, 'cleanable');
      let cut = 0;
      for (let statements = 45; ; statements += 23) {
        const doomed = await cutAfter(config, statements);
        const end = await applyRules(PATH, doomed.client, { asOf: AS_OF }).then(
          () => 'done',
          () => 'cut',
        );
        await doomed.close();
        if (end === 'done') break;
        cut += 1;
      }
      expect(cut).toBeGreaterThan(2);
      expect(await images(client)).toEqual(whole);
    });
  });

  it('leaves a login with the newest of its consents, whatever their names', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, 'C01');
      const several = await client.query<{ login: string; consents: string[] }>(
        `SELECT login_challenge AS login, array_agg(challenge ORDER BY challenge) AS consents
           FROM hydra_oauth2_consent_request JOIN hydra_oauth2_consent_request_handled USING (challenge)
          WHERE login_challenge IS NOT NULL GROUP BY 1 HAVING count(*) > 1`,
      );
      expect(several.rows.length).toBeGreaterThan(3);
      // The newest has the lowest name in one login, and the highest in the next.
      const newest = several.rows.map(({ login, consents }, index) => ({ login, consent: consents.at(-(index % 2)) }));
      await client.query(
        `UPDATE hydra_oauth2_consent_request SET requested_at = requested_at + interval '1 hour' WHERE challenge = ANY ($1)`,
        [newest.map(({ consent }) => consent)],
      );
      await applyRules(PATH, client, { asOf: AS_OF });
      const kept = await client.query<{ login: string; consent: string }>(
        `SELECT login_challenge AS login, challenge AS consent FROM hydra_oauth2_consent_request WHERE login_challenge = ANY ($1)`,
        [several.rows.map(({ login }) => login)],
      );
      const byLogin = (rows: readonly { readonly login: string }[]) =>
        [...rows].sort((a, b) => (a.login < b.login ? -1 : 1));
      expect(byLogin(kept.rows)).toEqual(byLogin(newest));
    });
  });

  it('keeps the same one of two consents whatever happened to them since', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, 'C01');
      const surplus = `SELECT array_agg(key->>0 ORDER BY key->>0) AS keys FROM hydra_cutover.archive WHERE rule_id = 'C01' AND table_name = 'hydra_oauth2_consent_request'`;
      await client.query('BEGIN');
      await client.query(
        `UPDATE hydra_oauth2_consent_request_handled SET was_used = NOT was_used, remember = NOT remember`,
      );
      await client.query('COMMIT');
      await applyRules(PATH, client, { asOf: AS_OF });
      const flipped = await client.query<{ keys: string[] }>(surplus);
      await withClone(HYDRA_1_11_10, async ({ client: other }) => {
        await plant(other, 'C01');
        await applyRules(PATH, other, { asOf: AS_OF });
        expect((await other.query<{ keys: string[] }>(surplus)).rows).toEqual(flipped.rows);
      });
    });
  });
});

describe('a real 2.3.0 on the cleaned, migrated and repaired database', () => {
  it('lists, refreshes and revokes the consents that had lost their login', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const asOf = new Date().toISOString();
      const named = { seed: 11, grants: GRANTS, systemSecret: SECRET } as const;
      await seed(clone.client, { profile: 'cleanable', asOf, ...named });
      const { rows: orphans } = await clone.client.query<{ challenge: string }>(
        `SELECT challenge FROM hydra_oauth2_consent_request WHERE login_challenge IS NULL AND NOT skip`,
      );
      const orphaned = new Set(orphans.map(({ challenge }) => challenge));
      await applyRules(PATH, clone.client, { asOf });
      expect((await migrateTo230(clone)).applied).toBe(true);
      await repairStates(clone.client);
      const tokens = await seededTokens(clone.client, { ...named, kind: 'refresh', limit: GRANTS });
      const found = tokens.find(
        ({ consentChallenge, clientId, issuedAt }) =>
          orphaned.has(consentChallenge) &&
          clientId.endsWith('-web') &&
          Date.now() - Date.parse(issuedAt) < 20 * 86_400_000,
      );
      const hydra = await startHydra({
        version: '2.3.0',
        database: clone.config,
        loginAppUrl: 'http://127.0.0.1:9',
        secretsSystem: SECRET,
      });
      try {
        const browser = new HydraBrowser(hydra);
        const sessions = `/oauth2/auth/sessions/consent?subject=${encodeURIComponent(found?.subject ?? '')}`;
        const listed = expectStatus(200, await browser.admin(sessions)).json['items'] as readonly object[];
        expect(listed.length).toBeGreaterThan(0);
        const answer = expectStatus(200, await browser.refresh({ id: found?.clientId ?? '' }, found?.token ?? ''));
        const rotated = String(answer.json['refresh_token']);
        expect(await browser.introspect(rotated)).toMatchObject({ active: true, sub: found?.subject });
        expectStatus(204, await browser.admin(`${sessions}&all=true`, { method: 'DELETE' }));
        expect(await browser.introspect(rotated)).toMatchObject({ active: false });
      } finally {
        await hydra.stop();
      }
    });
  });
});

describe('data that only a person can decide about', () => {
  it.each(refusable)('is counted and refused with profile %s, and nothing is changed', async (profile) => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, profile);
      const before = await images(client);
      const [rule] = PROFILES[profile].defects as readonly string[];
      const found = (await countRules(PATH, client)).filter(({ kind, rows }) => kind === 'refuse' && rows > 0);
      expect(found.map(({ id }) => id)).toEqual([rule]);
      expect(found[0]?.fix.length).toBeGreaterThan(10);
      await expect(applyRules(PATH, client, { asOf: AS_OF })).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        details: { rules: [rule] },
      });
      expect(await images(client)).toEqual(before);
      expect(await firstNumber(client, `pg_namespace WHERE nspname = 'hydra_cutover'`)).toBe(0);
    });
  });

  it('is refused when a fresh 2.x schema or none is given', async () => {
    for (const template of ['template_empty', 'template_hydra_2_3_0']) {
      await withClone(template, async ({ client }) => {
        await expect(countRules(PATH, client)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
        await expect(applyRules(PATH, client, { asOf: AS_OF })).rejects.toMatchObject({ code: 'CHECK_FAILED' });
      });
    }
  });

  it('includes rows in schema_migration that would hide pending migrations', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await client.query(`INSERT INTO schema_migration (version, version_self) VALUES ('20220210000001', 0)`);
      expect((await counts(client)).M01).toBe(1);
    });
  });
});

describe('counting', () => {
  it('leaves no function behind and changes no row', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, 'cleanable');
      const before = await images(client);
      expect((await countRules(PATH, client)).map(({ id }) => id)).toEqual(Object.keys(PATH.cleaning.rules));
      expect(await firstNumber(client, `pg_proc WHERE proname IN ('is_json', 'mended_json', 'escaped_list')`)).toBe(0);
      expect(await images(client)).toEqual(before);
    });
  });

  it('knows nothing of a rule that takes longer than its share, and counts the others', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await plant(client, 'cleanable');
      const exact = await countRules(PATH, client);
      const without = ({ id, rows }: { readonly id: string; readonly rows: number | null }) => [id, rows];
      expect((await countRulesWithin(PATH, client, 600_000)).map(without)).toEqual(exact.map(without));
      // What reads the JSON of logins stands for what is large.
      const shares: number[] = [];
      const slow: SqlClient = {
        query: async (text: string, values?: unknown[]) => {
          if (!text.includes('AS found GROUP BY') || !text.includes('oidc_context')) return client.query(text, values);
          const share = `SELECT setting::float8 AS ms FROM pg_settings WHERE name = 'statement_timeout'`;
          shares.push(...(await client.query<{ ms: number }>(share)).rows.map(({ ms }) => ms));
          await client.query('SET LOCAL statement_timeout = 1');
          return client.query('SELECT pg_sleep(600)');
        },
      };
      const counted = await countRulesWithin(PATH, slow, 600_000);
      expect(shares).toHaveLength(1);
      expect(shares[0]).toBeGreaterThan(0);
      // Its share of what is left is more; no snapshot may be older than a minute.
      expect(shares[0]).toBeLessThanOrEqual(60_000);
      const slept = counted.filter(({ rows }) => rows === null).map(({ id }) => id);
      expect(slept).toEqual(['J01']);
      expect(counted.filter(({ rows }) => rows !== null).map(without)).toEqual(
        exact.filter(({ id }) => !slept.includes(id)).map(without),
      );
      expect((await countRules(PATH, client)).map(without)).toEqual(exact.map(without));
    });
  });

  it('has no snapshot of a database that serves for more than one rule', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      const counted: number[] = [];
      const watching: SqlClient = {
        query: async (text: string, values?: unknown[]) => {
          if (text.startsWith('BEGIN')) counted.push(0);
          if (text.includes('AS found GROUP BY')) counted.push((counted.pop() ?? 0) + 1);
          return client.query(text, values);
        },
      };
      const rules = await countRulesWithin(PATH, watching, 600_000);
      expect(counted).toEqual(rules.map(() => 1));
    });
  });

  it('has SQL for every rule', () => {
    expect(Object.values(PATH.cleaning.rules).filter(({ kind }) => kind === 'clean')).toHaveLength(13);
  });
});

/** A refresh token that works on blue must belong to a flow of its subject that 2.3.0 lists, unless the consent was skipped or ended. */
const LIVE_CHAIN_WITHOUT_FLOW = `hydra_oauth2_refresh AS r
  WHERE r.active AND r.challenge_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM hydra_oauth2_flow AS f WHERE f.consent_challenge_id = r.challenge_id AND f.subject = r.subject
      AND f.client_id = r.client_id AND f.nid = r.nid AND (f.state IN (5, 6) OR f.consent_error <> '{}'))`;

/** A client whose connection ends instead of sending one statement more. */
async function cutAfter(config: Clone['config'], statements: number) {
  const client = new Client(config);
  await client.connect();
  let left = statements;
  const query = async (text: string, values?: unknown[]) => {
    if (left === 0) await client.end();
    left -= 1;
    return client.query(text, values);
  };
  return { client: { query }, close: () => client.end() };
}

const TABLES = [
  ['hydra_oauth2_trusted_jwt_bearer_issuer', 'id'],
  ['hydra_client', 'id'],
  ['hydra_oauth2_authentication_request', 'challenge'],
  ['hydra_oauth2_authentication_request_handled', 'challenge'],
  ['hydra_oauth2_consent_request', 'challenge'],
  ['hydra_oauth2_consent_request_handled', 'challenge'],
  ['hydra_oauth2_access', 'signature'],
  ['hydra_oauth2_refresh', 'signature'],
  ['hydra_oauth2_code', 'signature'],
  ['hydra_oauth2_oidc', 'signature'],
  ['hydra_oauth2_pkce', 'signature'],
] as const;

/** Every row, by table and key as the archive spells them. */
async function images(client: Clone['client']): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const [table, key] of TABLES) {
    const { rows } = await client.query<{ key: string; image: string }>(
      `SELECT '${table} ' || jsonb_build_array(${key})::text AS key, to_jsonb(t)::text AS image FROM ${table} AS t`,
    );
    for (const row of rows) all.set(row.key, row.image);
  }
  return all;
}
