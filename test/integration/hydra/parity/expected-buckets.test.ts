import { type Client } from 'pg';
import { applyRules } from '../../../../hydra/cleaning';
import { repairStates } from '../../../../hydra/paths/1-11-10-to-2-3-0/fixups/repair-states';
import { type ExpectedResult, compareWithExpected, keepExpected } from '../../../../hydra/parity';
import { seed } from '../../../../world/seeder';
import { AS_OF } from '../transform/oracle';
import { type Clone, HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';
import { PATH } from '../../../support/path';

describe('what the rows of a copy must become, kept before its migration', () => {
  it('is what cleaning, migration and repair make of every row, and not what they make without the repair', async () => {
    await withClone(HYDRA_1_11_10, async (copy) => {
      const kept = await keepAndClean(copy);
      await migrate(copy);
      const damaged = await compare(copy.client);
      expect(damaged.tables.hydra_oauth2_flow?.different).toBeGreaterThan(0);
      await repairStates(copy.client);
      const { tables, rows, differences } = await compare(copy.client);
      expect(differences).toBe(0);
      expect(rows).toBeGreaterThan(400);
      for (const { name } of PATH.tables) expect([name, tables[name]?.to]).toEqual([name, kept[name]]);
      // A repeat has no tables of blue any more, and needs none.
      expect(await keepExpected(PATH, copy.client)).toEqual(kept);
    });
  });

  it('finds each changed, missing and extra row, and shows no key', async () => {
    await withClone(HYDRA_1_11_10, async (copy) => {
      const { client } = copy;
      await keepAndClean(copy);
      await migrate(copy);
      await repairStates(client);
      await client.query('SET session_replication_role = replica');
      const first = 'WHERE signature = (SELECT min(signature) FROM hydra_oauth2_refresh)';
      await client.query(`UPDATE hydra_oauth2_refresh SET active = NOT active ${first}`);
      await client.query(`DELETE FROM hydra_jwk WHERE pk = (SELECT pk FROM hydra_jwk ORDER BY sid, kid LIMIT 1)`);
      await client.query(
        `INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at, nid) SELECT 'extra', now(), id FROM networks LIMIT 1`,
      );
      const { tables, differences, examples } = await compare(client);
      expect(differences).toBe(3);
      expect(tables.hydra_oauth2_refresh).toMatchObject({ different: 1, missing: 0, extra: 0 });
      expect(tables.hydra_jwk).toMatchObject({ different: 0, missing: 1, extra: 0 });
      expect(tables.hydra_oauth2_jti_blacklist).toMatchObject({ different: 0, missing: 0, extra: 1 });
      for (const example of examples) expect(example).toMatch(/^hydra_\w+ (missing|extra|different) bucket \d+\.\d+$/);
      // A row in another network is one that the server does not have.
      await client.query('INSERT INTO networks VALUES (gen_random_uuid(), now(), now())');
      await client.query(
        `UPDATE hydra_client SET nid = (SELECT id FROM networks ORDER BY created_at DESC LIMIT 1)
          WHERE id = (SELECT min(id) FROM hydra_client)`,
      );
      expect((await compare(client)).tables.hydra_client).toMatchObject({ missing: 1 });
    });
  });

  it('is not taken of rows that were cleaned already', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await client.query('CREATE SCHEMA hydra_cutover');
      await applyRules(PATH, client, { asOf: AS_OF });
      await expect(keepExpected(PATH, client)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    });
  });

  it('refuses to compare with what is not there', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      await expect(compare(client)).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringContaining('was not kept before the migration') as string,
      });
    });
  });
});

const compare = (client: Client): Promise<ExpectedResult> => compareWithExpected(PATH, client);

async function keepAndClean({ client }: Clone): Promise<Readonly<Record<string, number>>> {
  await seed(client, { profile: 'fixable', grants: 100, seed: 7, asOf: AS_OF });
  await client.query('CREATE SCHEMA hydra_cutover');
  const kept = await keepExpected(PATH, client, { rangeRows: 40 });
  await applyRules(PATH, client, { asOf: AS_OF });
  return kept;
}

async function migrate(copy: Clone): Promise<void> {
  const { output, applied } = await migrateTo230(copy);
  if (!applied) throw new Error(`the migration failed: ${output.slice(-2_000)}`);
}
