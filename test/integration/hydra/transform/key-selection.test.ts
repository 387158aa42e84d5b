import { type Client } from 'pg';
import { RowBlock, tuplesOf } from '../../../../hydra/sync/row-block';
import {
  type CarriedRow,
  type Selection,
  prepareSource,
  readColumns,
  readTransformed,
} from '../../../../hydra/transform';
import { keyedRowsQueries, rangeRowsQuery } from '../../../../hydra/transform/transform-sql';
import { seed } from '../../../../world/seeder';
import { useDatabase } from '../../../support/database';
import { AS_OF } from './oracle';
import { PATH } from '../../../support/path';
import { type CarriedTable, type CarriedTableName, type RowKey, tableOf } from '../../../../hydra/paths/copy-path';

const FLOW = 'hydra_oauth2_flow';
/** Bytes. */
const ENOUGH = 1e9;
/** Small on every Hydra; a scan of them is the better plan. */
const SMALL = /hydra_client|hydra_jwk|hydra_oauth2_trusted_jwt_bearer_issuer/;

const database = useDatabase('hydra_1_11_10');
let blue: Client;

beforeAll(async () => {
  blue = await database.connect();
  await seed(blue, { profile: 'cleanable', grants: 1_500, seed: 3, asOf: AS_OF });
  await blue.query('ANALYZE');
  await prepareSource(PATH, blue);
});

describe('selecting by keys', () => {
  it.each(PATH.tables.filter(({ name }) => name !== FLOW).map(({ name }) => name))(
    'tells of %s what reading all tells, whatever the key',
    async (name) => {
      const table = tableOf(PATH, name);
      const all = await read(name, 'all');
      expect(all.length).toBeGreaterThan(0);
      for (const columns of table.selectableBy) {
        const keys = all.filter((_, index) => index % 5 === 0).map((row) => keyOf(row, columns));
        const wanted = keys.filter((key): key is RowKey => key !== null);
        const names = new Set(wanted.map((key) => JSON.stringify(key)));
        const expected = all.filter((row) => names.has(JSON.stringify(keyOf(row, columns))));
        const absent = absentKey(table, columns);
        expect(sorted(await read(name, [...wanted, absent], 37))).toEqual(sorted(expected));
      }
    },
  );

  it.each([['login_challenge'], ['consent_challenge_id'], ['login_challenge', 'consent_challenge_id']])(
    'tells of flows what reading all tells, by %s %s',
    async (...columns) => {
      const all = await read(FLOW, 'all');
      // What a synthetic login is made of is found by the consent alone.
      const named = all.filter((row) => columns.length > 1 || !String(row[columns[0] ?? '']).startsWith('cut-'));
      const keys = named.map((row) => keyOf(row, columns)).filter((key) => key !== null);
      const found = new Map((await read(FLOW, keys, 50)).map((row) => [row['login_challenge'], row]));
      for (const row of all) {
        const key = keyOf(row, columns);
        if (key !== null && keys.includes(key)) expect(found.get(row['login_challenge'] ?? '')).toEqual(row);
      }
      const rows = new Map(all.map((row) => [row['login_challenge'], row]));
      for (const [login, row] of found) expect(row).toEqual(rows.get(login ?? ''));
      expect(found.size).toBeGreaterThanOrEqual(new Set(keys.map((key) => JSON.stringify(key))).size);
    },
  );

  it('tells with a consent every flow of the consents on the same login, and nothing of what is gone', async () => {
    const { rows } = await blue.query<{ login: string; consents: string[] }>(
      `SELECT login_challenge AS login, array_agg(challenge ORDER BY challenge) AS consents FROM hydra_oauth2_consent_request
       JOIN hydra_oauth2_consent_request_handled USING (challenge) JOIN hydra_client ON hydra_client.id = client_id
       WHERE login_challenge IS NOT NULL GROUP BY 1 HAVING count(*) > 1 LIMIT 3`,
    );
    expect(rows.length).toBe(3);
    for (const { login, consents } of rows) {
      for (const key of [
        { login_challenge: login },
        ...consents.map((consent) => ({ consent_challenge_id: consent })),
      ]) {
        const flows = await read(FLOW, [key]);
        expect(flows.map((flow) => flow['consent_challenge_id']).sort()).toEqual(consents);
        expect(flows.filter((flow) => flow['login_challenge'] === login)).toHaveLength(1);
        expect(flows.filter((flow) => String(flow['login_challenge']).startsWith('cut-'))).toHaveLength(
          consents.length - 1,
        );
      }
    }
    expect(await read(FLOW, [{ login_challenge: 'gone' }, { consent_challenge_id: 'gone' }])).toEqual([]);
    expect(await read(FLOW, [])).toEqual([]);
  });

  it.each([
    ['consent_challenge_id', 'hydra_oauth2_consent_request'],
    ['login_challenge', 'hydra_oauth2_authentication_request'],
  ])(
    'tells of flows by ranges of %s what reading all tells, wherever the consents of one login lie',
    async (by, source) => {
      await blue.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      try {
        await makeHardToJudge();
        const all = (await readInTransaction(FLOW, 'all')).filter(
          (row) => (row['consent_challenge_id'] === null) === (by === 'login_challenge'),
        );
        expect(all.length).toBeGreaterThan(50);
        // A range ends at each consent of a login that has several, and before it; or at such a login.
        const { rows } = await blue.query<{ bound: string }>(
          `SELECT DISTINCT bound FROM (
           SELECT consent.challenge, consent.login_challenge, lag(source.challenge) OVER (ORDER BY source.challenge) AS before
             FROM ${source} AS source LEFT JOIN hydra_oauth2_consent_request AS consent
               ON source.challenge IN (consent.challenge, consent.login_challenge)
         ) AS all_of_them, LATERAL unnest(ARRAY[challenge, login_challenge, before]) AS one(bound)
         WHERE login_challenge IN (SELECT login_challenge FROM hydra_oauth2_consent_request GROUP BY 1 HAVING count(*) > 1)
         ORDER BY bound LIMIT 40`,
        );
        expect(rows.length).toBe(40);
        const bounds = [null, ...rows.map(({ bound }) => bound), null];
        const found: CarriedRow[] = [];
        for (const [index, after] of bounds.slice(0, -1).entries()) {
          const { sql, values } = rangeRowsQuery(tableOf(PATH, FLOW), by, { after, upTo: bounds[index + 1] ?? null });
          found.push(
            ...(
              await blue.query<{ row: CarriedRow }>(`SELECT to_json(made) AS row FROM (${sql}) AS made`, [...values])
            ).rows.map(({ row }) => row),
          );
        }
        expect(found.length).toBe(all.length);
        expect(sorted(found)).toEqual(sorted(all));
      } finally {
        await blue.query('ROLLBACK');
      }
    },
  );

  it('tells of flows that are hard to judge by their keys what reading all tells', async () => {
    await blue.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    try {
      await makeHardToJudge();
      const all = await readInTransaction(FLOW, 'all');
      const columns = ['login_challenge', 'consent_challenge_id'];
      const keys = all.flatMap((row) =>
        columns.flatMap((column) => (row[column] === null ? [] : [{ [column]: String(row[column]) }])),
      );
      expect(sorted(await readInTransaction(FLOW, keys))).toEqual(sorted(all));
    } finally {
      await blue.query('ROLLBACK');
    }
  });

  it('tells by columns what it tells row by row, whatever the values are', async () => {
    await blue.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    try {
      await blue.query(
        `UPDATE hydra_oauth2_access SET requested_at = 'infinity', form_data = E'a"b\\\\c,{d}\\n', scope = 'NULL', subject = '' WHERE hashtext(signature) % 3 = 0;
         UPDATE hydra_oauth2_refresh SET requested_at = '0044-03-15 01:02:03.000004 BC' WHERE hashtext(signature) % 3 = 0;
         UPDATE hydra_oauth2_authentication_session SET authenticated_at = '-infinity' WHERE hashtext(id) % 2 = 0;
         UPDATE hydra_client SET client_name = E'ž🙂 \\\\" \\t', metadata = 'null'`,
      );
      for (const table of PATH.tables) {
        const all: CarriedRow[] = [];
        for await (const batch of readTransformed(blue, table, 'all', { batchRows: 1_000 })) all.push(...batch);
        const columns = table.name === FLOW ? ['login_challenge', 'consent_challenge_id'] : table.key;
        const keys = all
          .slice(0, 150)
          .map((row) => keyOf(row, columns))
          .filter((key) => key !== null);
        expect(keys.length).toBeGreaterThan(0);
        const rows: CarriedRow[] = [];
        for await (const batch of readTransformed(blue, table, keys, { batchRows: 1_000 })) rows.push(...batch);
        const names = Object.keys(table.columns);
        const expected = rows.map((row) => names.map((name) => textOf(table, name, row[name] ?? null)));
        const blocks = ((await readColumns(blue, table, keys, ENOUGH)) ?? []).map(
          (read) => new RowBlock(table, read, 0),
        );
        expect([...tuplesOf(blocks, names)].map((row) => JSON.stringify(row)).sort()).toEqual(
          expected.map((row) => JSON.stringify(row)).sort(),
        );
        expect(await readColumns(blue, table, [absentKey(table, columns)], ENOUGH)).toEqual([]);
        expect(await readColumns(blue, table, keys, 1)).toBeNull();
      }
    } finally {
      await blue.query('ROLLBACK');
    }
  });

  it('refuses columns that no index of blue stands behind', async () => {
    await expect(read('hydra_oauth2_refresh', [{ subject: 'x' }])).rejects.toThrow('cannot be selected by (subject)');
    await expect(read(FLOW, [{ subject: 'x' }])).rejects.toThrow('cannot be selected by (subject)');
  });

  // Pages that cost four hundred times as much are what the planner sees when there are millions of grants.
  it.each(PATH.tables.map(({ name }) => name))('reads no big table from end to end for keys of %s', async (name) => {
    const table = tableOf(PATH, name);
    await blue.query('SET seq_page_cost = 400');
    for (const columns of table.selectableBy) {
      for (const count of [1, 500]) {
        const key = Object.fromEntries(columns.map((column) => [column, absentValue(table, column)]));
        for (const { sql, values } of keyedRowsQueries(
          table,
          Array.from({ length: count }, () => key),
        )) {
          const { rows } = await blue.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (FORMAT JSON) ${sql}`, [...values]);
          expect({ columns, count, scanned: scannedTables(rows[0]?.['QUERY PLAN']) }).toEqual({
            columns,
            count,
            scanned: [],
          });
        }
      }
    }
  });
});

/** What foreign keys and clocks keep from most databases: a new judgement of it must be the old one. */
async function makeHardToJudge(): Promise<void> {
  await blue.query('SET LOCAL session_replication_role = replica');
  // Consents of one moment on one login; those of a client that is gone, beside others; logins of one.
  await blue.query(
    `UPDATE hydra_oauth2_consent_request SET requested_at = '2026-01-01' WHERE hashtext(login_challenge) % 2 = 0;
     UPDATE hydra_oauth2_consent_request SET client_id = 'gone' WHERE hashtext(challenge) % 11 = 0;
     UPDATE hydra_oauth2_authentication_request SET client_id = 'gone' WHERE hashtext(challenge) % 13 = 0`,
  );
  // More consents on the logins that have several; answers that are gone, of either; and tokens that hold some of these all the same.
  await blue.query(
    `INSERT INTO hydra_oauth2_consent_request
     SELECT made.* FROM hydra_oauth2_consent_request AS consent,
       LATERAL (SELECT challenge FROM hydra_oauth2_authentication_request WHERE challenge > consent.challenge ORDER BY 1 LIMIT 1) AS one(login),
       jsonb_populate_record(NULL::hydra_oauth2_consent_request, to_jsonb(consent) ||
         jsonb_build_object('challenge', md5(consent.challenge), 'verifier', md5(verifier), 'login_challenge', login)) AS made
     WHERE hashtext(consent.challenge) % 5 = 0;
     DELETE FROM hydra_oauth2_consent_request_handled WHERE hashtext(challenge) % 3 = 0;
     DELETE FROM hydra_oauth2_authentication_request_handled WHERE hashtext(challenge) % 3 = 1;
     UPDATE hydra_oauth2_refresh SET challenge_id = request_id WHERE hashtext(signature) % 4 = 0;
     DELETE FROM hydra_oauth2_access WHERE hashtext(signature) % 2 = 0`,
  );
}

async function read(name: CarriedTableName, selection: Selection, batchRows = 100): Promise<readonly CarriedRow[]> {
  await blue.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return await readInTransaction(name, selection, batchRows);
  } finally {
    await blue.query('ROLLBACK');
  }
}

async function readInTransaction(
  name: CarriedTableName,
  selection: Selection,
  batchRows = 100,
): Promise<readonly CarriedRow[]> {
  const found: CarriedRow[] = [];
  for await (const batch of readTransformed(blue, tableOf(PATH, name), selection, { batchRows })) {
    if (selection === 'all') expect(batch.length).toBeLessThanOrEqual(batchRows);
    found.push(...batch);
  }
  return found;
}

function keyOf(row: CarriedRow, columns: readonly string[]): RowKey | null {
  const values = columns.map((column) => row[column]);
  if (values.some((value) => value == null)) return null;
  return Object.fromEntries(columns.map((column, index) => [column, String(values[index])]));
}

/** As the columns have it. JSON has times with a T. */
function textOf(table: CarriedTable, column: string, value: CarriedRow[string]): string | null {
  if (value === null) return null;
  return table.columns[column] === 'timestamp' ? String(value).replace('T', ' ') : String(value);
}

function absentKey(table: CarriedTable, columns: readonly string[]): RowKey {
  return Object.fromEntries(columns.map((column) => [column, absentValue(table, column)]));
}

function absentValue(table: CarriedTable, column: string): string {
  return table.columns[column] === 'uuid' ? '00000000-0000-4000-8000-000000000000' : 'absent';
}

/** Equal keys in different batches bring their rows more than once. */
function sorted(rows: readonly CarriedRow[]): readonly string[] {
  return [...new Set(rows.map((row) => JSON.stringify(row)))].sort();
}

function scannedTables(plan: unknown): readonly string[] {
  if (Array.isArray(plan)) return plan.flatMap(scannedTables);
  if (typeof plan !== 'object' || plan === null) return [];
  const node = plan as Readonly<Record<string, unknown>>;
  const relation = typeof node['Relation Name'] === 'string' ? node['Relation Name'] : '';
  const own = node['Node Type'] === 'Seq Scan' && !SMALL.test(relation) ? [relation] : [];
  return [...own, ...Object.values(node).flatMap(scannedTables)];
}
