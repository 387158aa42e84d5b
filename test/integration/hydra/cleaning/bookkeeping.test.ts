import { type Client } from 'pg';
import { applyRules, countRules } from '../../../../hydra/cleaning';
import { RECORDED } from '../../../../hydra/catalog/recorded';
import { readMigrations } from '../../../../hydra/closing';
import { HYDRA_VERSION_FACTS, hidingVersions } from '../../../../hydra/versions';
import { HYDRA_VERSIONS } from '../../../../world/toolchain';
import { seed } from '../../../../world/seeder';
import { HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';
import { PATH } from '../../../support/path';

const AS_OF = '2026-03-01T12:00:00.000Z';

/** What an upgrade from 1.3.2 leaves behind: its own versions beside those of 1.11.10, and its table put aside. */
const BEGAN_WITH_OLDER_1X = `
  INSERT INTO schema_migration (version) SELECT DISTINCT left(version, 14) FROM schema_migration WHERE version < '20190400000011';
  CREATE TABLE schema_migration_pop_legacy AS TABLE schema_migration`;

const refused = async (client: Client) =>
  (await countRules(PATH, client)).filter(({ kind, rows }) => kind === 'refuse' && rows > 0).map(({ id }) => id);

describe('the bookkeeping of migrations', () => {
  it.each(HYDRA_VERSIONS)('of %s is what its binary writes', async (version) => {
    await withClone(`template_hydra_${version.replaceAll('.', '_')}`, async ({ client }) => {
      const { rows } = await client.query<{ version: string }>('SELECT version FROM schema_migration ORDER BY 1');
      expect(rows.map((row) => row.version)).toEqual(HYDRA_VERSION_FACTS[version].migrations.versions);
      expect(await readMigrations(client, version, 'blue')).toMatchObject({ complete: true, unknown: 0, foreign: [] });
    });
  });

  it.each(HYDRA_VERSIONS)('and the columns of %s are what its binary makes', async (version) => {
    await withClone(`template_hydra_${version.replaceAll('.', '_')}`, async ({ client }) => {
      const { rows } = await client.query<{ table: string; columns: string[] }>(
        `SELECT c.relname AS table, array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attname) AS columns
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') GROUP BY 1`,
      );
      const made = Object.fromEntries(rows.map(({ table, columns }) => [table, columns]));
      const recorded: Record<string, string[]> = {};
      for (const { kind, table, name, definition } of RECORDED.facts(version))
        if (kind === 'column') (recorded[table] ??= []).push(`${name} ${definition}`);
      expect(made).toEqual(recorded);
    });
  });

  it('of a database that began its life with an older 1.x is complete, before the real migration and after it', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const { client } = clone;
      await seed(client, { profile: 'clean', grants: 20, seed: 3, asOf: AS_OF });
      await client.query(BEGAN_WITH_OLDER_1X);
      expect(await readMigrations(client, '1.11.10', 'blue')).toMatchObject({ applied: 55, complete: true });
      expect(await refused(client)).toEqual([]);
      await applyRules(PATH, client, { asOf: AS_OF });
      await migrateTo230(clone);
      expect(await readMigrations(client, '2.3.0', 'blue')).toMatchObject({ applied: 212, complete: true });
      expect(await readMigrations(client, '1.11.10', 'blue')).toMatchObject({ complete: false, foreign: [] });
    });
  });

  it('of which an older 1.x noted the first part by 14 digits alone is complete, for us as for the real migration', async () => {
    await withClone(HYDRA_1_11_10, async (clone) => {
      const { client } = clone;
      await client.query("UPDATE schema_migration SET version = left(version, 14) WHERE version < '20190400000011'");
      expect(await readMigrations(client, '1.11.10', 'blue')).toMatchObject({
        applied: 55,
        complete: true,
        foreign: [],
      });
      expect(await refused(client)).toEqual([]);
      await migrateTo230(clone);
      expect(await readMigrations(client, '2.3.0', 'blue')).toMatchObject({ applied: 212, complete: true });
      // Of a version that no older 1.x had, 14 digits say nothing.
      await client.query(
        "UPDATE schema_migration SET version = left(version, 14) WHERE version = '20220328111500000000'",
      );
      expect(await readMigrations(client, '1.11.10', 'blue')).toMatchObject({ applied: 54, complete: false });
    });
  });

  it('with rows that would make 2.x skip migrations of its own is refused, each of them', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      const hiding = hidingVersions(HYDRA_VERSION_FACTS['1.11.10'].migrations, HYDRA_VERSION_FACTS['2.3.0'].migrations);
      expect(hiding).toEqual(expect.arrayContaining(['20211019000001', '20220513000001', '20241129111700']));
      await client.query('INSERT INTO schema_migration (version) SELECT unnest($1::text[])', [hiding]);
      const counted = await countRules(PATH, client);
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
