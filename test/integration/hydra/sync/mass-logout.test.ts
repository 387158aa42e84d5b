import { type SqlClient } from '../../../../domain/ports/sql-client';
import { compareSides } from '../../../../hydra/parity';
import { type SyncSides, syncRound } from '../../../../hydra/sync';
import { useDatabase } from '../../../support/database';
import { History } from './history';
import { SyncWorld } from './sync-world';
import { PATH } from '../../../support/path';

const CHAINS = 6;
const CHAIN_ROWS = 3_000;
const ROWS_AT_ONCE_MAX = 2_000;
/** One row is carried whatever it takes; what is bounded is how many travel together. */
const LARGE_BYTES = 3_000_000;
const BYTES_AT_ONCE_MAX = 40_000_000;
/** One chain, named and read, and what its transaction asks besides. */
const ROWS_OF_TRANSACTION_MAX = 4 * CHAIN_ROWS;

const database = useDatabase('hydra_1_11_10');
let world: SyncWorld;

beforeAll(() => (world = new SyncWorld(database.config)));
afterAll(() => world.close());

describe('what a transaction of the sync has in memory', () => {
  afterEach(() => world.disconnect());

  it('is a page of the tokens that a mass logout ends, however long their chains are, and a few of very large rows', async () => {
    await world.capture();
    const before = await world.connect('blue');
    await new History(5).go(before, 60);
    // As after years of refreshes: inactive tokens, one of them in use.
    await before.query(
      `INSERT INTO hydra_oauth2_refresh
       SELECT made.*
         FROM (SELECT DISTINCT ON (request_id) * FROM hydra_oauth2_refresh WHERE challenge_id IS NOT NULL
                ORDER BY request_id LIMIT ${CHAINS}) AS chain, generate_series(1, ${CHAIN_ROWS}) AS n,
              jsonb_populate_record(NULL::hydra_oauth2_refresh,
                to_jsonb(chain) || jsonb_build_object('signature', md5(request_id || n), 'active', n = ${CHAIN_ROWS})) AS made`,
    );
    await world.snapshot();
    const blue = await world.connect('blue');
    const sync = await world.openSync();
    await syncRound(sync, { batchRows: 500 });

    // A logout of everybody: Hydra ends each chain with one statement, and the log names the tokens that were in use.
    await blue.query(
      `UPDATE hydra_oauth2_refresh SET active = false WHERE active AND request_id IN (
         SELECT request_id FROM hydra_oauth2_refresh GROUP BY request_id HAVING count(*) >= ${CHAIN_ROWS})`,
    );
    await blue.query(
      `UPDATE hydra_oauth2_access SET session_data = repeat('x', ${LARGE_BYTES})
        WHERE signature IN (SELECT signature FROM hydra_oauth2_access ORDER BY signature LIMIT 40)`,
    );
    const watched = watch(sync);
    expect(await syncRound(watched.sides, { batchRows: 500 })).toMatchObject({ backlog: 0 });
    expect(watched.most.rows).toBeLessThanOrEqual(ROWS_AT_ONCE_MAX);
    expect(watched.most.bytes).toBeLessThan(BYTES_AT_ONCE_MAX);
    // Else blue's snapshot would be as old as all chains together take.
    expect(watched.most.transactionRows).toBeLessThan(ROWS_OF_TRANSACTION_MAX);
    expect(await compareSides(PATH, sync.from, sync.to, { batchRows: 500 })).toMatchObject({ differences: 0 });
    const { rows } = await (
      await world.connect('green')
    ).query<{ kept: number; active: number }>(
      `SELECT count(*)::integer AS kept, count(*) FILTER (WHERE active)::integer AS active FROM hydra_oauth2_refresh
        WHERE request_id IN (SELECT request_id FROM hydra_oauth2_refresh GROUP BY request_id HAVING count(*) >= ${CHAIN_ROWS})`,
    );
    expect(rows[0]?.kept).toBeGreaterThanOrEqual(CHAINS * CHAIN_ROWS);
    expect(rows[0]?.active).toBe(0);

    // Many small rows in the same part: by what those take, all of the large ones would be one answer of 150 MB.
    const made = `INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
      SELECT $1 || row, $1 || row, (SELECT min(id) FROM hydra_client), '', '', '', repeat(md5(row::text), $2), ''
        FROM generate_series(1, $3) row`;
    await blue.query(made, ['small', 1, 1_000]);
    await blue.query(made, ['large', LARGE_BYTES / 16, 25]);
    expect(await syncRound(watched.sides, { batchRows: 10_000 })).toMatchObject({ backlog: 0 });
    expect(watched.most.answerBytes).toBeLessThan(BYTES_AT_ONCE_MAX);
    expect(await compareSides(PATH, sync.from, sync.to, { batchRows: 500 })).toMatchObject({ differences: 0 });
  });
});

/** Keeps what the largest single answer or parameter was, and all answers of one transaction. */
function watch(sync: SyncSides) {
  const most = { rows: 0, bytes: 0, answerBytes: 0, transactionRows: 0 };
  const watching = (client: SqlClient, transactionRows = 0): SqlClient => ({
    query: async (text, values) => {
      if (text.startsWith('BEGIN')) transactionRows = 0;
      for (const value of values ?? []) {
        const rows = Array.isArray(value) ? value.length : 0;
        most.rows = Math.max(most.rows, rows);
        if (typeof value === 'string') most.bytes = Math.max(most.bytes, value.length);
      }
      const result = await client.query(text, values);
      // Several statements in one message have a result each.
      for (const { rows } of [result].flat()) {
        most.rows = Math.max(most.rows, rows.length);
        transactionRows += rows.length;
        for (const value of rows.flatMap((row) => Object.values(row as Record<string, unknown>)))
          if (typeof value === 'string') most.answerBytes = Math.max(most.answerBytes, value.length);
      }
      most.transactionRows = Math.max(most.transactionRows, transactionRows);
      return result;
    },
  });
  return { sides: { ...sync, from: watching(sync.from), to: watching(sync.to) }, most };
}
