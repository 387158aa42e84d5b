import { randomBytes } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type CarriedTable, type CopyPath, type RowKey, type RowsQuery } from '../paths/copy-path';
import { type Selection } from './selection';
import { allRowsQuery, keyedRowsQueries } from './transform-sql';

/**
 * A row as the target has it, without `nid` and the table's `filled` columns. Columns of type jsonb and bigint hold PostgreSQL's text of
 * the value (a jsonb null is "null", SQL's NULL is null), timestamps are ISO-8601 text: so nothing is lost in JavaScript.
 */
export type CarriedRow = Readonly<Record<string, string | number | boolean | null>>;

export interface ReadOptions {
  /** Rows of one yield at most when all are read; keys of one query when keys are given. */
  readonly batchRows: number;
}

/**
 * Prepares a session on the source for `readTransformed`: functions in its temporary schema, planner settings of the session.
 *
 * Call it before the transaction; repeating it is harmless.
 */
export async function prepareSource({ prepareSource: prepare }: CopyPath, client: SqlClient): Promise<void> {
  await prepare(client);
  // Compiling takes longer than running these queries; a cursor of ours is always read to its end; times travel as text.
  await client.query(`SET jit = off; SET cursor_tuple_fraction = 1; SET datestyle = 'ISO, YMD'`);
}

/**
 * Reads rows of the source as they are on the target after cleaning, migrating and repairing, as far as the source's rows determine them.
 *
 * Needs a transaction (REPEATABLE READ, READ ONLY) in a session that `prepareSource` prepared. All rows come through a cursor, in no
 * order. Of keys, those whose rows are gone on the source yield nothing; a row that several keys name can come several times.
 *
 * Keys have the columns of one of the table's `selectableBy` sets. Flows are named by `login_challenge`, by
 * `consent_challenge_id` (the challenges of the source's requests) or by both; named are then also the flows of all consents of the
 * same login request, because consents change places when one comes or goes. The id of a synthetic login request names nothing on
 * the source: name its consent beside it.
 *
 * @throws CutoverFault ROW_UNREADABLE (claims that jsonb does not hold: rule J03-stop)
 */
export async function* readTransformed(
  client: SqlClient,
  table: CarriedTable,
  selection: Selection,
  { batchRows }: ReadOptions,
): AsyncGenerator<readonly CarriedRow[]> {
  if (selection === 'all') {
    yield* readThroughCursor<{ row: CarriedRow }, CarriedRow>(
      client,
      table,
      asJson(allRowsQuery(table)),
      batchRows,
      pick,
    );
    return;
  }
  for (let from = 0; from < selection.length; from += batchRows) {
    const keys: readonly RowKey[] = selection.slice(from, from + batchRows);
    for (const query of keyedRowsQueries(table, keys)) {
      const { sql, values } = asJson(query);
      const rows = await mapJsonFaults(table, () => queryRows<{ row: CarriedRow }>(client, sql, [...values]));
      if (rows.length > 0) yield rows.map(pick);
    }
  }
}

/**
 * Reads the rows of keys as {@link readTransformed} does, by columns: of each, in the table's order, an array of the text of its values, as a
 * literal.
 *
 * @param bytesMax what the values may take: the server has an array in memory at once, and JavaScript no string of more than half a gigabyte
 * @returns one for each set of columns that the keys use, where there are rows; null where they take more
 * @throws CutoverFault ROW_UNREADABLE
 */
export async function readColumns(
  client: SqlClient,
  table: CarriedTable,
  keys: readonly RowKey[],
  bytesMax: number,
): Promise<readonly (readonly string[])[] | null> {
  const read: (readonly string[])[] = [];
  const names = Object.keys(table.columns);
  const arrays = names.map(
    (name, index) =>
      `CASE WHEN bool_and(sized.fits) THEN (array_agg(sized.${name}::text) FILTER (WHERE sized.fits))::text END AS c${index}`,
  );
  for (const { sql, values } of keyedRowsQueries(table, keys)) {
    const text = `SELECT bool_and(sized.fits) AS fits, ${arrays.join(', ')}
        FROM (SELECT made.*, sum(${sizeSql(table)}) OVER (ROWS UNBOUNDED PRECEDING) <= ${bytesMax} AS fits FROM (${sql}) AS made) AS sized
      HAVING count(*) > 0`;
    const rows = await mapJsonFaults(table, () =>
      queryRows<Record<string, string | boolean>>(client, text, [...values]),
    );
    for (const row of rows) {
      if (row['fits'] !== true) return null;
      read.push(names.map((_, index) => String(row[`c${index}`])));
    }
  }
  return read;
}

/** Roughly what a row takes as text, without making that text or reading what is stored apart. */
function sizeSql({ columns }: CarriedTable): string {
  const sizes = Object.entries(columns).map(([name, type]) =>
    type === 'text' ? `coalesce(octet_length(made.${name}), 0)` : `coalesce(pg_column_size(made.${name}), 0)`,
  );
  return sizes.join(' + ');
}

/** Reads a query of any size in batches, through a cursor of the transaction that is open. */
async function* readThroughCursor<Read, Made>(
  client: SqlClient,
  table: CarriedTable,
  { sql }: RowsQuery,
  batchRows: number,
  make: (read: Read) => Made,
): AsyncGenerator<readonly Made[]> {
  const cursor = `hydra_cutover_${randomBytes(6).toString('hex')}`;
  await mapJsonFaults(table, () => client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`));
  try {
    for (;;) {
      const rows = await mapJsonFaults(table, () => queryRows<Read>(client, `FETCH ${batchRows} FROM ${cursor}`));
      if (rows.length > 0) yield rows.map(make);
      if (rows.length < batchRows) return;
    }
  } finally {
    // A transaction that failed has closed it already.
    await client.query(`CLOSE ${cursor}`).catch(() => undefined);
  }
}

const pick = ({ row }: { row: CarriedRow }): CarriedRow => row;

const asJson = ({ sql, values }: RowsQuery): RowsQuery => ({
  sql: `SELECT to_json(made) AS row FROM (${sql}) AS made`,
  values,
});

/** Data exceptions and limits of the server. Source: PostgreSQL manual, "PostgreSQL Error Codes", classes 22 and 54. */
const UNREADABLE_STATE = /^(22|54)/;

/**
 * @throws CutoverFault ROW_UNREADABLE where PostgreSQL could not make what the target needs out of a row; it quotes the row, which is
 * nobody's business
 */
export async function mapJsonFaults<T>({ name, unreadable }: CarriedTable, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && UNREADABLE_STATE.test(String(error.code)))) throw error;
    throw new CutoverFault(
      'ROW_UNREADABLE',
      `a row for ${name} holds what that table cannot store after the migration (SQLSTATE ${String(error.code)}): ${unreadable}`,
      { table: name },
    );
  }
}
