import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Client } from 'pg';
import { keepArchive } from '../../../../hydra/arbiter';
import { sqlFile } from '../../../../hydra/sql-file';
import { useDatabase } from '../../../support/database';

const database = useDatabase('hydra_1_11_10');
let ours: Client;
beforeAll(async () => (ours = await database.connect()));
afterAll(() => ours.end());

describe('what was cleaned', () => {
  it.each([
    ['rows', { before: { secret: 'x' }, after: null }],
    ['keys', { before_sha256: createHash('sha256').update('{"secret": "x"}').digest('hex'), after_sha256: null }],
  ] as const)('stays of each cutover, as %s', async (kind, kept) => {
    for (const id of ['first', 'second']) {
      await ours.query('CREATE SCHEMA IF NOT EXISTS hydra_cutover');
      await ours.query(
        sqlFile(join(__dirname, '../../../../hydra/cleaning/sql'), 'archive.sql', { schema: 'hydra_cutover' }),
      );
      await ours.query(
        `INSERT INTO hydra_cutover.archive (rule_id, as_of, table_name, key, before) VALUES ('C01', now(), 't', '["k"]', '{"secret": "x"}')`,
      );
      await ours.query(
        `INSERT INTO hydra_cutover.archive (rule_id, as_of, table_name, key, before, after)
         VALUES ('schema', now(), 'public', '{"object": "view v"}', '{"again": ["CREATE VIEW v"]}', '{"statement": "DROP VIEW v"}')`,
      );
      const table = await keepArchive(ours, id, kind);
      const statements = kind === 'keys' ? 'again' : `before->'again' AS again`;
      const made = await ours.query(`SELECT ${statements} FROM ${table} WHERE rule_id = 'schema'`);
      expect(made.rows).toEqual([{ again: ['CREATE VIEW v'] }]);
      const { rows } = await ours.query(`SELECT * FROM ${table} WHERE rule_id <> 'schema'`);
      expect(rows).toEqual([expect.objectContaining({ rule_id: 'C01', table_name: 't', key: ['k'], ...kept })]);
      if (kind === 'keys') expect(JSON.stringify(rows)).not.toContain('secret');
      expect(await keepArchive(ours, id, kind)).toBe(table);
    }
    expect(await keepArchive(ours, 'nothing was cleaned', kind)).toBeUndefined();
    await ours.query('DROP SCHEMA hydra_cutover_archive CASCADE');
  });
});
