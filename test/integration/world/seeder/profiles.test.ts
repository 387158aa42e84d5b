import { Client } from 'pg';
import { DEFECTS } from '../../../../world/seeder/profiles';
import { type SeedProfile, PROFILES, SEED_PROFILES, seed } from '../../../../world/seeder';
import { type Clone, HYDRA_1_11_10, migrateTo230, withClone } from './clone';

const AS_OF = '2026-03-01T12:00:00.000Z';
const GRANTS = 200;

const seeded = (client: Clone['client'], profile: SeedProfile) =>
  seed(client, { profile, grants: GRANTS, seed: 7, asOf: AS_OF, systemSecret: 'a-system-secret-of-tests' });

async function count(client: Clone['client'], sql: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${sql}`);
  return rows[0]?.n ?? -1;
}

/** What `migrate sql` of 2.3.0 says about each planted defect. */
const MIGRATION_FAILS: Partial<Record<SeedProfile, RegExp>> = {
  fixable: /invalid input syntax for type json|unsupported Unicode escape sequence/,
  cleanable: /invalid input syntax for type json|unsupported Unicode escape sequence|hydra_oauth2_flow_check/,
  C01: /could not create unique index "hydra_oauth2_flow_login_verifier_idx"/,
  C03: /violates check constraint "hydra_oauth2_flow_check"/,
  F01: /violates foreign key constraint "hydra_oauth2_\w+_client_id_fk"/,
  F05: /violates foreign key constraint "hydra_oauth2_flow_login_session_id_fk"/,
  F06: /violates foreign key constraint "hydra_oauth2_trusted_jwt_bearer_issuer_key_set_\w*fkey"/,
  F02: /constraint "hydra_oauth2_access_challenge_id_fk" .*does not exist/,
  F03: /hydra_oauth2_trusted_jwt_bearer_issue_issuer_subject_key_id_key" .*does not exist/,
  F04: /could not create unique index/,
  J01: /invalid input syntax for type json|unsupported Unicode escape sequence/,
  J02: /invalid input syntax for type json|unsupported Unicode escape sequence/,
  J03: /invalid input syntax for type json|unsupported Unicode escape sequence/,
  J04: /invalid input syntax for type json/,
  J05: /invalid input syntax for type json/,
  'J03-stop': /invalid input syntax for type json/,
  N01: /relation "networks" already exists/,
};

describe('seeded databases at the migration to 2.3.0', () => {
  it.each(Object.entries(MIGRATION_FAILS))('fails as documented with profile %s', async (profile, message) => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const report = await seeded(clone.client, profile as SeedProfile);
      for (const defect of PROFILES[profile as SeedProfile].defects) {
        expect(report.planted[defect]).toBeGreaterThan(0);
      }
      const { output, applied } = await migrateTo230(clone);
      expect(output).toMatch(message);
      expect(applied).toBe(false);
    });
  });

  it('migrates profile clean, with every answered login marked as failed and first logins without subject', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const { rows } = await seeded(clone.client, 'clean');
      const { applied } = await migrateTo230(clone);
      expect(applied).toBe(true);
      expect(await count(clone.client, 'hydra_oauth2_flow')).toBe(rows['hydra_oauth2_authentication_request']);
      const handled = rows['hydra_oauth2_authentication_request_handled'];
      expect(await count(clone.client, 'hydra_oauth2_flow WHERE state = 128')).toBe(handled);
      expect(await count(clone.client, `hydra_oauth2_flow WHERE subject = '' AND NOT login_skip`)).toBeGreaterThan(100);
      expect(await count(clone.client, 'hydra_oauth2_refresh WHERE challenge_id IS NULL')).toBe(0);
    });
  });

  it('loses orphaned consents without a word with profile C02, while their refresh tokens stay active', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const { planted, rows } = await seeded(clone.client, 'C02');
      const { applied } = await migrateTo230(clone);
      expect(applied).toBe(true);
      const kept = await count(clone.client, 'hydra_oauth2_flow WHERE consent_challenge_id IS NOT NULL');
      expect(kept).toBe((rows['hydra_oauth2_consent_request'] ?? 0) - (planted.C02 ?? 0));
      expect(await count(clone.client, 'hydra_oauth2_refresh WHERE active AND challenge_id IS NULL')).toBeGreaterThan(
        0,
      );
    });
  });

  it('hides granted consents as consent errors with profile C03b', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const { planted } = await seeded(clone.client, 'C03b');
      const { applied } = await migrateTo230(clone);
      expect(applied).toBe(true);
      expect(await count(clone.client, `hydra_oauth2_flow WHERE state = 129 AND consent_error = '{}'`)).toBe(
        planted.C03b,
      );
    });
  });

  it('migrates under a network that the server will not use with profile N02', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      await seeded(clone.client, 'N02');
      const { applied } = await migrateTo230(clone);
      expect(applied).toBe(true);
      const used = `(SELECT id FROM networks ORDER BY created_at LIMIT 1)`;
      expect(await count(clone.client, `hydra_oauth2_flow WHERE nid = ${used}`)).toBe(0);
      expect(await count(clone.client, 'hydra_oauth2_flow')).toBeGreaterThan(0);
    });
  });

  it('has a profile for every defect that can be planted, and a known end for every profile', () => {
    const planted: readonly string[] = SEED_PROFILES.flatMap((profile) => PROFILES[profile].defects);
    expect(DEFECTS.filter((defect) => !planted.includes(defect))).toEqual([]);
    const silent = ['clean', 'C02', 'C03b', 'N02'];
    expect([...Object.keys(MIGRATION_FAILS), ...silent].sort()).toEqual([...SEED_PROFILES].sort());
  });
});

describe('seed', () => {
  it('writes the same rows for the same seed, and nothing more when it runs again', async () => {
    const digest = (client: Clone['client'], table: string) =>
      client
        .query<{ d: string }>(`SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS d FROM ${table} AS t`)
        .then(({ rows }) => rows[0]?.d);
    const tables = [
      'hydra_oauth2_authentication_session',
      'hydra_oauth2_authentication_request',
      'hydra_oauth2_authentication_request_handled',
      'hydra_oauth2_consent_request',
      'hydra_oauth2_consent_request_handled',
      'hydra_oauth2_access',
      'hydra_oauth2_refresh',
      'hydra_oauth2_code',
    ];
    const fingerprint = async (client: Clone['client']) => {
      const digests: (string | undefined)[] = [];
      for (const table of tables) digests.push(await digest(client, table));
      return digests;
    };
    const runs = [1, 2].map((times) =>
      withClone(HYDRA_1_11_10, async ({ client }) => {
        for (let run = 0; run < times; run += 1) await seeded(client, 'cleanable');
        return fingerprint(client);
      }),
    );
    const [once, twice] = await Promise.all(runs);
    expect(twice).toEqual(once);
    const other = await withClone(HYDRA_1_11_10, async ({ client }) => {
      await seed(client, { profile: 'cleanable', grants: GRANTS, seed: 8, asOf: AS_OF });
      return fingerprint(client);
    });
    expect(other.filter((value, index) => value === once?.[index])).toEqual([]);
  });

  it('finishes what a run that lost its connection left, with the same rows', async () => {
    const counted = async (client: Clone['client']) => [
      await count(client, 'hydra_oauth2_consent_request'),
      await count(client, 'hydra_oauth2_refresh'),
      await count(client, 'hydra_oauth2_consent_request WHERE login_challenge IS NULL'),
    ];
    const whole = await withClone(HYDRA_1_11_10, async ({ client }) => {
      await seeded(client, 'fixable');
      return counted(client);
    });
    await withClone(HYDRA_1_11_10, async ({ client, config }) => {
      for (const statements of [12, 22, 30]) {
        const doomed = new Client(config);
        await doomed.connect();
        const original: (text: string, values?: unknown[]) => Promise<unknown> = doomed.query.bind(doomed);
        let left = statements;
        const query = async (text: string, values?: unknown[]) => {
          if (left === 0) await doomed.end();
          left -= 1;
          return original(text, values);
        };
        await expect(seeded(Object.assign(doomed, { query }), 'fixable')).rejects.toThrow();
      }
      await seeded(client, 'fixable');
      expect(await counted(client)).toEqual(whole);
    });
  });

  it('refuses a database without the schema of 1.11.10 before it writes anything', async () => {
    for (const template of ['template_empty', 'template_hydra_2_3_0']) {
      await withClone(template, async ({ client }) => {
        await expect(seeded(client, 'clean')).rejects.toMatchObject({ code: 'CHECK_FAILED' });
      });
    }
  });

  it('names every unusable option at once', async () => {
    await withClone('template_empty', async ({ client }) => {
      const nonsense = { profile: 'clean', grants: 0, seed: 0.5, asOf: 'yesterday', clientIds: [] } as const;
      await expect(seed(client, nonsense)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(/grants.*seed.*asOf.*clientIds/) as string,
      });
    });
  });
});
