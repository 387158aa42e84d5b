import { type Client } from 'pg';
import { FORWARD } from '../../../../domain/sides';
import { keepArchive } from '../../../../hydra/arbiter';
import { type RestoreOptions, type RestoreReceipt, restoreRule } from '../../../../hydra/archive';
import { applyRules } from '../../../../hydra/cleaning';
import { seed } from '../../../../world/seeder';
import { PATH } from '../../../support/path';
import { HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';

const AS_OF = '2026-03-01T12:00:00.000Z';
const TOKENS = 'hydra_oauth2_refresh';

describe('rows that a rule removed', () => {
  it('are on green again, from the archive or from blue, and what is in the way is told', async () => {
    await withClone(HYDRA_1_11_10, (blue) =>
      withClone(HYDRA_1_11_10, async (green) => {
        for (const { client } of [blue, green])
          await seed(client, { profile: 'F01', grants: 60, seed: 11, asOf: AS_OF, systemSecret: 'a-secret-of-tests' });
        await applyRules(PATH, green.client, { asOf: AS_OF });
        const { rows: gone } = await green.client.query<{ row: { signature: string; client_id: string } }>(
          `SELECT before AS row FROM hydra_cutover.archive WHERE rule_id = 'F01' AND table_name = '${TOKENS}'`,
        );
        expect(gone.length).toBeGreaterThan(0);
        expect((await migrateTo230(green)).applied).toBe(true);
        const signatures = gone.map(({ row }) => row.signature);
        const again = (options: Partial<RestoreOptions> = {}) =>
          restoreRule(green.client, {
            ...{ path: PATH, direction: FORWARD, rule: 'F01', schema: 'public', isDry: false, from: null, ...options },
          });

        // Their client is on green as little as it was on blue.
        expect(conflictsOf(await again({ isDry: true }))).toEqual([
          [gone.length, expect.stringMatching(/^it refers to a row that green does not have \(hydra_oauth2_refresh_/)],
        ]);
        await makeClients(
          green.client,
          gone.map(({ row }) => row.client_id),
        );
        expect((await again({ isDry: true })).restored[TOKENS]).toBe(gone.length);
        expect(await present(green.client, signatures)).toBe(0);

        const first = await again();
        expect(first).toMatchObject({ archive: 'hydra_cutover.archive', restored: { [TOKENS]: gone.length } });
        // 2.x keeps requests and answers in one table.
        expect(first.conflicts.map(({ table }) => table)).toContain('hydra_oauth2_consent_request_handled');
        expect(await present(green.client, signatures)).toBe(gone.length);
        expect(conflictsOf(await again())).toEqual([[gone.length, 'green has a row with its key']]);

        await green.client.query(`DELETE FROM ${TOKENS} WHERE signature = ANY ($1)`, [signatures]);
        const kept = await keepArchive(green.client, 'finished', 'keys');
        await expect(again()).rejects.toMatchObject({
          code: 'CHECK_FAILED',
          message: expect.stringMatching(/blue.*does not answer/) as string,
        });
        const [changed] = signatures;
        await blue.client.query(`UPDATE ${TOKENS} SET form_data = form_data || '&x=1' WHERE signature = $1`, [changed]);
        const second = await again({ from: blue.client });
        expect(second).toMatchObject({ archive: kept, restored: { [TOKENS]: gone.length - 1 } });
        expect(conflictsOf(second)).toEqual([[1, 'is not on blue as it was when it was cleaned']]);
      }),
    );
  });

  it('are asked for by a rule that removes some, and of an archive that is there', async () => {
    await withClone(HYDRA_1_11_10, async ({ client }) => {
      const options = { path: PATH, direction: FORWARD, schema: 'public', isDry: false, from: null };
      for (const [rule, message] of [
        ['X99', /there is no rule X99; rules that remove some: F01/],
        ['J04', /rule J04 removes no rows/],
        ['F01', /green has no archive of any cutover/],
      ] as const)
        await expect(restoreRule(client, { ...options, rule })).rejects.toMatchObject({
          code: 'CHECK_FAILED',
          message: expect.stringMatching(message) as string,
        });
    });
  });
});

const conflictsOf = ({ conflicts }: RestoreReceipt) =>
  conflicts.filter(({ table }) => table === TOKENS).map(({ rows, why }) => [rows, why]);

async function present(green: Client, signatures: readonly string[]): Promise<number> {
  const { rows } = await green.query(`SELECT 1 FROM ${TOKENS} WHERE signature = ANY ($1)`, [signatures]);
  return rows.length;
}

/** As a person who knows that it is needed, by another one's values. */
async function makeClients(green: Client, ids: readonly string[]): Promise<void> {
  await green.query(
    `INSERT INTO hydra_client SELECT made.* FROM unnest($1::text[]) AS wanted(id), LATERAL (
       SELECT (jsonb_populate_record(NULL::hydra_client, to_jsonb(c) || jsonb_build_object('id', wanted.id, 'pk', gen_random_uuid()))).*
         FROM hydra_client AS c LIMIT 1) AS made`,
    [[...new Set(ids)]],
  );
}
