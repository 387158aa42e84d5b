import { type Client } from 'pg';
import { applyRules, countRules } from '../../../../hydra/cleaning';
import { readMigrations } from '../../../../hydra/closing';
import { HYDRA_MIGRATIONS, hidingVersions } from '../../../../hydra/versions';
import { type SupportedHydraVersion } from '../../../../domain/hydra-versions';
import { seed } from '../../../../world/seeder';
import { HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';

const AS_OF = '2026-03-01T12:00:00.000Z';

/** What an upgrade from 1.3.2 leaves behind: its own versions beside those of 1.11.10, and its table put aside. */
const BEGAN_WITH_OLDER_1X = `
  INSERT INTO schema_migration (version) SELECT DISTINCT left(version, 14) FROM schema_migration WHERE version < '20190400000011';
  CREATE TABLE schema_migration_pop_legacy AS TABLE schema_migration`;

const refused = async (client: Client) =>
  (await countRules(client)).filter(({ kind, rows }) => kind === 'refuse' && rows > 0).map(({ id }) => id);

describe('the bookkeeping of migrations', () => {
  it.each(Object.keys(HYDRA_MIGRATIONS) as SupportedHydraVersion[])(
    'of %s is what its binary writes',
    async (version) => {
      await withClone(`template_hydra_${version.replaceAll('.', '_')}`, async ({ client }) => {
        const { rows } = await client.query<{ version: string }>('SELECT version FROM schema_migration ORDER BY 1');
        expect(rows.map((row) => row.version)).toEqual(HYDRA_MIGRATIONS[version].versions);
        expect(await readMigrations(client, version)).toMatchObject({ complete: true, unknown: 0, foreign: [] });
      });
    },
  );

  it('of a database that began its life with an older 1.x is complete, before the real migration and after it', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const { client } = clone;
      await seed(client, { profile: 'clean', grants: 20, seed: 3, asOf: AS_OF });
      await client.query(BEGAN_WITH_OLDER_1X);
      expect(await readMigrations(client, '1.11.10')).toMatchObject({ applied: 55, complete: true });
      expect(await refused(client)).toEqual([]);
      await applyRules(client, { asOf: AS_OF });
      await migrateTo230(clone);
      expect(await readMigrations(client, '2.3.0')).toMatchObject({ applied: 212, complete: true });
      expect(await readMigrations(client, '1.11.10')).toMatchObject({ complete: false, foreign: [] });
    });
  });

  it('with rows that would make 2.x skip migrations of its own is refused, each of them', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      const hiding = hidingVersions('1.11.10', '2.3.0');
      expect(hiding).toEqual(expect.arrayContaining(['20211019000001', '20220513000001', '20241129111700']));
      await client.query('INSERT INTO schema_migration (version) SELECT unnest($1::text[])', [hiding]);
      const counted = await countRules(client);
      expect(counted.find(({ id }) => id === 'M01')?.rows).toBe(hiding.length);
    });
  });

  it('takes the table `networks` for a trouble in the schema of Hydra alone', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await client.query(
        'CREATE SCHEMA kratos; CREATE TABLE kratos.networks (id uuid); SET search_path = public, kratos',
      );
      expect(await refused(client)).toEqual([]);
      await client.query('CREATE TABLE networks (id uuid)');
      expect(await refused(client)).toEqual(['N01']);
    });
  });
});
