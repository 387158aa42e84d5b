import { type Client } from 'pg';
import { type SqlClient } from '../../../../domain/ports/sql-client';
import { type ParityOptions, type ParityResult, compareSides } from '../../../../hydra/parity';
import { seed } from '../../../../world/seeder';
import { AS_OF, type Sides, withOracle } from '../transform/oracle';
import { PATH } from '../../../support/path';
import { type ColumnType } from '../../../../hydra/paths/copy-path';
import { withSession } from '../../../../world/net/with-session';

const CHANGED: Readonly<Record<ColumnType, (column: string) => string>> = {
  text: () => `'changed'`,
  boolean: (column) => `NOT coalesce(${column}, false)`,
  integer: (column) => (column === 'state' ? '129' : `coalesce(${column}, 0) + 1`),
  bigint: (column) => `coalesce(${column}, 0) + 1`,
  timestamp: (column) => `coalesce(${column}, '2020-01-01') + interval '1 microsecond'`,
  uuid: () => 'gen_random_uuid()',
  jsonb: () => `'["changed"]'`,
};

/** Another row beside a copied one: everything that is unique gets another value, where it has one. */
const OTHERWISE: Readonly<Record<string, unknown>> = {
  consent_challenge_id: 'zz-extra',
  verifier: 'zz-extra',
  subject_obfuscated: 'zz-extra',
  issuer: 'zz-extra',
  pk: '00000000-0000-4000-8000-000000000000',
};

describe('comparing both sides', () => {
  it('finds every changed column, every missing and every extra row, and finds them again by their keys', async () => {
    await withUpgraded(async (sides) => {
      // As somebody who gets around the foreign keys: parity must not rely on them.
      await sides.green.query('SET session_replication_role = replica');
      for (const table of PATH.tables) {
        for (const column of Object.keys(table.columns)) await expectChangeFound(sides, table, column);
        await expectMissingFound(sides, table);
        await expectExtraFound(sides, table);
      }
      expect(await compare(sides)).toMatchObject({ differences: 0, differing: {}, complete: true });
    });
  });

  it('compares rows of the network that the server uses, whatever the ranges', async () => {
    await withUpgraded(async (sides) => {
      for (const rangeRows of [1, 7, 100_000]) {
        const { tables, differences } = await compare(sides, { rangeRows, tables: ['hydra_client'] });
        expect(differences).toBe(0);
        expect(Object.keys(tables)).toEqual(['hydra_client']);
        expect(tables.hydra_client?.from).toBeGreaterThan(3);
      }
      const { green } = sides;
      await green.query('SET session_replication_role = replica');
      await green.query(`INSERT INTO networks VALUES (gen_random_uuid(), now(), now())`);
      await green.query(
        `UPDATE hydra_oauth2_refresh SET nid = (SELECT id FROM networks ORDER BY created_at DESC LIMIT 1)
         WHERE signature = (SELECT min(signature) FROM hydra_oauth2_refresh)`,
      );
      expect((await compare(sides)).tables.hydra_oauth2_refresh).toMatchObject({ missing: 1, extra: 0, different: 0 });
    });
  });

  it('finds two rows of one range that exchanged a value, of which every sum by columns is as it was', async () => {
    await withUpgraded(async (sides) => {
      await sides.green.query('SET session_replication_role = replica');
      await sides.green.query(
        `WITH pair AS (SELECT min(signature) AS one, max(signature) AS other FROM hydra_oauth2_refresh)
         UPDATE hydra_oauth2_refresh AS token SET session_data = source.session_data FROM pair, hydra_oauth2_refresh AS source
          WHERE (token.signature, source.signature) IN ((one, other), (other, one))`,
      );
      const { tables } = await compare(sides, { tables: ['hydra_oauth2_refresh'] });
      expect(tables.hydra_oauth2_refresh).toMatchObject({ different: 2, missing: 0, extra: 0 });
    });
  });

  it('finds rows at either end and rows of a side that has far more of them than the other', async () => {
    await withUpgraded(async (sides) => {
      const { blue, green } = sides;
      await green.query('SET session_replication_role = replica');
      await green.query('DELETE FROM hydra_oauth2_jti_blacklist');
      const missing = await blue.query('SELECT 1 FROM hydra_oauth2_jti_blacklist');
      await green.query(
        `INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at, nid)
         SELECT chr(33 + n % 90) || n, now(), (SELECT id FROM networks ORDER BY created_at LIMIT 1) FROM generate_series(1, 25000) AS n`,
      );
      const result = await compare(sides, { tables: ['hydra_oauth2_jti_blacklist'] });
      expect(result.tables.hydra_oauth2_jti_blacklist).toEqual({
        from: missing.rowCount,
        to: 25_000,
        missing: missing.rowCount,
        extra: 25_000,
        different: 0,
      });
      expect(result.complete).toBe(false);
    });
  });

  it('comes to an end with rows that no range of keys can part', async () => {
    await withUpgraded(async (sides) => {
      await sides.green.query('SET session_replication_role = replica');
      await sides.green.query(
        `INSERT INTO hydra_oauth2_obfuscated_authentication_session (subject, client_id, subject_obfuscated, nid)
         SELECT 'one', n, n, (SELECT id FROM networks ORDER BY created_at LIMIT 1) FROM generate_series(1, 20001) AS n`,
      );
      const table = 'hydra_oauth2_obfuscated_authentication_session';
      expect((await compare(sides, { tables: [table] })).tables[table]).toMatchObject({
        missing: 0,
        extra: 20_001,
        different: 0,
      });
    });
  });

  it('writes nothing to disk on blue, and reads a row of each consent and login whatever the planner thinks', async () => {
    await withUpgraded(async (sides) => {
      const { blue } = sides;
      // What one range may sort; beyond it the server writes to disk, which is an error here.
      await blue.query(`SET work_mem = '64kB'; SET temp_file_limit = 0`);
      const writes = 'SELECT n FROM generate_series(1, 20000) AS n ORDER BY md5(n::text)';
      await expect(blue.query(writes)).rejects.toMatchObject({ code: '53400' });
      expect(await compare(sides)).toMatchObject({ differences: 0 });
    });
  });

  it('looks again at the keys that differed, with everything that hangs together with a flow', async () => {
    await withUpgraded(async (sides) => {
      const { blue } = sides;
      // A newer consent takes the login from the one that green still has there.
      await blue.query(
        `INSERT INTO hydra_oauth2_consent_request (challenge, verifier, client_id, subject, request_url, skip, requested_scope, csrf,
           requested_at, oidc_context, login_challenge)
         SELECT 'newer', 'newer', client_id, subject, request_url, skip, requested_scope, csrf, consent.requested_at + interval '1 hour',
           '{}', login_challenge
         FROM hydra_oauth2_consent_request AS consent JOIN hydra_oauth2_consent_request_handled USING (challenge)
         WHERE login_challenge IS NOT NULL ORDER BY challenge LIMIT 1`,
      );
      const all = await compare(sides);
      expect(all.tables.hydra_oauth2_flow).toMatchObject({ different: 1, missing: 1, extra: 0 });
      const again = await compare(sides, { selection: { hydra_oauth2_flow: [{ consent_challenge_id: 'newer' }] } });
      expect(again.tables).toEqual({ hydra_oauth2_flow: { from: 2, to: 1, different: 1, missing: 1, extra: 0 } });
      await blue.query(`DELETE FROM hydra_oauth2_consent_request WHERE challenge = 'newer'`);
      const settled = await compare(sides, { selection: all.differing });
      expect(settled).toMatchObject({ differences: 0, complete: true });
      expect(settled.rows).toBe(1);
    });
  });

  it('has a snapshot of its own for each look at some keys', async () => {
    await withUpgraded(async ({ blue, green }) => {
      const { rows } = await blue.query<{ signature: string }>('SELECT signature FROM hydra_oauth2_access LIMIT 3');
      const levels: unknown[] = [];
      const watched: SqlClient = {
        query: async (text, values) => {
          if (text.includes('hash_array_extended'))
            levels.push((await blue.query<{ transaction_isolation: string }>('SHOW transaction_isolation')).rows[0]);
          return blue.query(text, values);
        },
      };
      const selection = { hydra_oauth2_access: rows.map(({ signature }) => ({ signature })) };
      const options = { batchRows: 1, selection };
      expect(await compareSides(PATH, watched, green, options)).toMatchObject({ rows: 3, differences: 0 });
      expect(levels).toEqual(rows.map(() => ({ transaction_isolation: 'read committed' })));
    });
  });

  it('says so when there are more differing keys than it keeps, and shows keys only as hashes', async () => {
    await withUpgraded(async (sides) => {
      const { rows } = await sides.green.query<{ signature: string }>(
        'DELETE FROM hydra_oauth2_access RETURNING signature',
      );
      const result = await compare(sides, { maxDiffering: 5 });
      expect(result).toMatchObject({ differences: rows.length, complete: false });
      expect(result.differing.hydra_oauth2_access).toHaveLength(5);
      expect(result.examples).toHaveLength(20);
      for (const example of result.examples) expect(example).toMatch(/^hydra_oauth2_access missing [0-9a-f]{16}$/);
    });
  });

  it('stops when it is told to, says how far it is, and leaves both sessions usable', async () => {
    await withUpgraded(async (sides) => {
      const stop = new AbortController();
      const seen: string[] = [];
      const stopped = compare(sides, {
        rangeRows: 10,
        signal: stop.signal,
        onProgress: ({ table, rows }) => {
          seen.push(table);
          if (table === 'hydra_oauth2_flow' && rows > 20) stop.abort(new Error('enough'));
        },
      });
      await expect(stopped).rejects.toThrow('enough');
      expect(seen.at(-1)).toBe('hydra_oauth2_flow');
      expect(await compare(sides)).toMatchObject({ differences: 0 });
    });
  });

  it('names the rule and no content when text on blue is no JSON', async () => {
    await withUpgraded(async (sides) => {
      await sides.blue.query(
        `UPDATE hydra_oauth2_consent_request_handled SET session_id_token = '{"secret":' WHERE challenge =
           (SELECT min(challenge) FROM hydra_oauth2_consent_request_handled)`,
      );
      const failed = compare(sides);
      await expect(failed).rejects.toMatchObject({
        code: 'ROW_UNREADABLE',
        message: expect.stringContaining('J03-stop') as string,
      });
      await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('secret') as string });
      expect(await compare(sides, { tables: ['hydra_client'] })).toMatchObject({ differences: 0 });
    });
  });
});

const compare = ({ blue, green }: Sides, options: Partial<ParityOptions> = {}): Promise<ParityResult> =>
  compareSides(PATH, blue, green, { batchRows: 50, ...options });

const withUpgraded = (work: (sides: Sides) => Promise<void>): Promise<void> =>
  withOracle(
    (config) =>
      withSession(config, async (blue) => {
        await seed(blue, { profile: 'fixable', grants: 100, seed: 5, asOf: AS_OF });
        await blue.query(
          `INSERT INTO hydra_client
           SELECT made.* FROM (SELECT to_jsonb(client) AS row FROM hydra_client AS client ORDER BY id LIMIT 1) AS one,
             unnest(ARRAY[E'\\ue000', '🐎', 'ž', 'Z', 'a']) WITH ORDINALITY AS other(id, n),
             jsonb_populate_record(NULL::hydra_client, one.row || jsonb_build_object('id', other.id, 'pk', 1000 + n)) AS made`,
        );
      }),
    work,
  );

async function expectChangeFound(sides: Sides, table: (typeof PATH.tables)[number], column: string): Promise<void> {
  const type = table.columns[column] ?? 'text';
  const isKey = table.key.includes(column);
  // A flow without a consent that gets one goes from one walk to the other, which finds it twice.
  const row = await anyRow(
    sides.green,
    table.name,
    column === 'consent_challenge_id' ? `${column} IS NOT NULL` : 'true',
  );
  const changed = await sides.green.query<{ ctid: string }>(
    `UPDATE ${table.name} AS t SET ${column} = ${CHANGED[type](column)} WHERE to_jsonb(t) = $1 RETURNING ctid::text AS ctid`,
    [row],
  );
  const expected = isKey ? { missing: 1, extra: 1, different: 0 } : { missing: 0, extra: 0, different: 1 };
  const found = await compare(sides, { tables: [table.name] });
  expect({ column, ...found.tables[table.name] }).toMatchObject({ column, ...expected });
  const again = await compare(sides, { selection: found.differing });
  expect({ column, ...again.tables[table.name] }).toMatchObject({ column, ...expected });
  await sides.green.query(
    `UPDATE ${table.name} AS t SET ${column} = (jsonb_populate_record(NULL::${table.name}, $1::jsonb)).${column}
     WHERE ctid = $2::tid`,
    [row, changed.rows[0]?.ctid],
  );
}

async function expectMissingFound(sides: Sides, table: (typeof PATH.tables)[number]): Promise<void> {
  const row = await anyRow(sides.green, table.name);
  await sides.green.query(`DELETE FROM ${table.name} AS t WHERE to_jsonb(t) = $1`, [row]);
  const found = await compare(sides, { tables: [table.name] });
  expect(found.tables[table.name]).toMatchObject({ missing: 1, extra: 0, different: 0 });
  await sides.green.query(
    `INSERT INTO ${table.name} SELECT * FROM jsonb_populate_record(NULL::${table.name}, $1::jsonb)`,
    [row],
  );
  expect(await compare(sides, { selection: found.differing })).toMatchObject({ differences: 0, rows: 1 });
}

async function expectExtraFound(sides: Sides, table: (typeof PATH.tables)[number]): Promise<void> {
  const row = JSON.parse(await anyRow(sides.green, table.name)) as Record<string, unknown>;
  const key = Object.fromEntries(
    table.key.map((column) => [column, column === 'id' && 'issuer' in table.columns ? OTHERWISE['pk'] : 'zz-extra']),
  );
  const other = Object.entries({ ...OTHERWISE, ...key }).filter(([column]) => column in row && row[column] !== null);
  const extra = JSON.stringify({ ...row, ...Object.fromEntries(other) });
  await sides.green.query(
    `INSERT INTO ${table.name} SELECT * FROM jsonb_populate_record(NULL::${table.name}, $1::jsonb)`,
    [extra],
  );
  const found = await compare(sides, { tables: [table.name] });
  expect(found.tables[table.name]).toMatchObject({ missing: 0, extra: 1, different: 0 });
  expect(await compare(sides, { selection: found.differing })).toMatchObject({ differences: 1 });
  await sides.green.query(`DELETE FROM ${table.name} AS t WHERE to_jsonb(t) = $1`, [extra]);
}

async function anyRow(green: Client, table: string, condition = 'true'): Promise<string> {
  const { rows } = await green.query<{ row: string }>(
    `SELECT to_jsonb(t)::text AS row FROM ${table} AS t WHERE ${condition} ORDER BY random() LIMIT 1`,
  );
  const [found] = rows;
  if (found === undefined) throw new Error(`${table} is empty`);
  return found.row;
}
