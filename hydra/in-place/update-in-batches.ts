import { CutoverFault } from '../../domain/faults';
import { type OnlineForm } from '../../domain/in-place/online-plan';
import { queryRows } from '../../domain/ports/sql-client';
import { withLockRetry } from '../arbiter/lock-retry';
import { quoteIdentifier } from '../cleaning/session';
import { IN_PLACE_SCHEMA } from './our-schemas';
import { type ActTools } from './run-acts';

type Update = Extract<OnlineForm, { kind: 'update' }>;

/**
 * Changes rows in batches by primary key, each in a transaction of its own, so that nobody waits for more rows than one batch has.
 *
 * @param number of the act, whose progress is kept with each batch; without one it begins at the beginning
 * @returns how many rows were changed
 * @throws CutoverFault LOCK_BUSY
 */
export async function updateInBatches(tools: ActTools, update: Update, number?: number): Promise<number> {
  const { client, signal, heartbeat } = tools;
  const key = await primaryKey(tools, update.table);
  let last = number === undefined ? null : await keptProgress(tools, number);
  let rows = 0;
  for (;;) {
    signal.throwIfAborted();
    const batch: Batch = { last: null, rows: 0 };
    // A row that somebody holds is not waited for with the rows before it in hand: their writers would wait as long.
    const retry = { lockTimeoutMs: tools.lockTimeoutMs, attemptsPerTable: tools.lockAttempts, signal };
    await withLockRetry(client, update.table, retry, async () => {
      const sql = batchSql(update, key, tools.batchRows, last !== null);
      Object.assign(batch, (await queryRows<Batch>(client, sql, last ?? []))[0]);
      if (batch.last !== null && number !== undefined) {
        const note = `UPDATE ${IN_PLACE_SCHEMA}.act SET progress = $2 WHERE number = $1`;
        await client.query(note, [number, JSON.stringify(batch.last)]);
      }
    });
    rows += batch.rows;
    heartbeat({ step: 'updating', table: update.table, rows });
    if (batch.last === null) return rows;
    last = batch.last;
  }
}

interface Batch {
  /** Key of its last row; null: no row is left. */
  last: string[] | null;
  rows: number;
}

interface KeyColumn {
  readonly name: string;
  readonly type: string;
}

async function primaryKey({ client, schema }: ActTools, table: string): Promise<readonly KeyColumn[]> {
  const columns = await queryRows<KeyColumn>(
    client,
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY k.place`,
    [`${quoteIdentifier(schema)}.${quoteIdentifier(table)}`],
  );
  if (columns.length > 0) return columns;
  throw new CutoverFault('MIGRATION_FAILED', `table ${table} has no primary key to go through it in batches`, {
    table,
  });
}

/** The rows of one batch are those behind the last key, whether they are to be changed or not: each is looked at once. */
function batchSql(
  { table, set, where }: Update,
  key: readonly KeyColumn[],
  batchRows: number,
  hasLast: boolean,
): string {
  const columns = key.map(({ name }) => quoteIdentifier(name)).join(', ');
  const behind = key.map(({ type }, index) => `$${index + 1}::${type}`).join(', ');
  const name = quoteIdentifier(table);
  const text = key.map(({ name: column }) => `${quoteIdentifier(column)}::text`).join(', ');
  const order = key.map(({ name: column }) => `${quoteIdentifier(column)} DESC`).join(', ');
  return `WITH batch AS MATERIALIZED (
      SELECT ${columns} FROM ${name} ${hasLast ? `WHERE (${columns}) > (${behind})` : ''} ORDER BY ${columns} LIMIT ${batchRows}
    ), changed AS (
      UPDATE ${name} SET ${set} WHERE (${columns}) IN (SELECT ${columns} FROM batch) AND (${where}) RETURNING 1
    )
    SELECT (SELECT ARRAY[${text}] FROM batch ORDER BY ${order} LIMIT 1) AS last, (SELECT count(*)::int FROM changed) AS rows`;
}

async function keptProgress({ client }: ActTools, number: number): Promise<string[] | null> {
  const sql = `SELECT progress FROM ${IN_PLACE_SCHEMA}.act WHERE number = $1`;
  const [row] = await queryRows<{ progress: string[] | null }>(client, sql, [number]);
  return row?.progress ?? null;
}
