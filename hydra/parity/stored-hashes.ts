import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { GREEN_TABLES, type GreenTable, type GreenTableName, prepareBlue } from '../transform';
import { mapJsonFaults, readThroughCursor } from '../transform/read-transformed';
import { type ParityResult } from './compare-sides';
import { allHashes, makeHashedRow } from './parity-queries';
import { Tally } from './tally';

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
/** Two tries at once take turns; what one has done the other leaves alone. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtext('hydra_cutover'), hashtext('hashes'))`;

/** Keys and hashes, and what of them is complete. Keys are data: the tables go with the copy. */
const TABLES = `
CREATE TABLE IF NOT EXISTS hydra_cutover.expected_row (
  table_name text NOT NULL, named text[] NOT NULL, hash text NOT NULL);
CREATE TABLE IF NOT EXISTS hydra_cutover.expected_table (
  table_name text PRIMARY KEY, rows bigint NOT NULL)`;

export interface StoredHashesOptions {
  readonly signal?: AbortSignal;
  /** @param table the one that is begun */
  readonly onTable?: (table: GreenTableName) => void;
}

type RowCounts = Readonly<Partial<Record<GreenTableName, number>>>;

/**
 * Keeps, on a copy of blue that is neither cleaned nor migrated yet, what each of its rows must become: a hash over all columns
 * that `compareSides` compares, without `nid`. The hashes never leave the database. Not after the cleaning: it escapes lists for
 * the sake of the migration, which the transform would take for their contents (rule J05).
 *
 * Idempotent, table by table; once complete it says so without the tables of blue, which the migration takes away.
 * Needs the schema hydra_cutover and a session outside a transaction.
 * @returns rows of each table
 * @throws CutoverFault CHECK_FAILED (JSON that only a person can mend; cleaned already); the signal's reason
 */
export async function keepHashes(copy: SqlClient, options: StoredHashesOptions = {}): Promise<RowCounts> {
  await inTransaction(copy, 'BEGIN', 'COMMIT', async () => {
    await copy.query(LOCK);
    await copy.query(TABLES);
  });
  const before = await readCounts(copy);
  if (GREEN_TABLES.every(({ name }) => before[name] !== undefined)) return before;
  await assertNotCleaned(copy, before);
  await prepareBlue(copy);
  for (const table of GREEN_TABLES) {
    options.signal?.throwIfAborted();
    options.onTable?.(table.name);
    await inTransaction(copy, 'BEGIN', 'COMMIT', () => keepTable(copy, table));
  }
  await copy.query('ANALYZE hydra_cutover.expected_row');
  return readCounts(copy);
}

/** @throws CutoverFault CHECK_FAILED */
async function assertNotCleaned(copy: SqlClient, kept: RowCounts): Promise<void> {
  const [found] = await queryRows<{ cleaned: boolean }>(
    copy,
    `SELECT to_regclass('hydra_cutover.archive') IS NOT NULL AS cleaned`,
  );
  if (found?.cleaned !== true) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `the copy is being cleaned already, and of ${Object.keys(kept).length} tables alone it is kept what they must become; delete the copy and rehearse again`,
  );
}

async function keepTable(copy: SqlClient, table: GreenTable & { readonly name: GreenTableName }): Promise<void> {
  await copy.query(LOCK);
  if ((await readCounts(copy))[table.name] !== undefined) return;
  const { sql } = allHashes(table, 'blue');
  const kept = await mapJsonFaults(table.name, () =>
    copy.query(
      `INSERT INTO hydra_cutover.expected_row (table_name, named, hash)
       SELECT '${table.name}', made.named, made.hash FROM (${sql}) AS made`,
    ),
  );
  await copy.query('INSERT INTO hydra_cutover.expected_table VALUES ($1, $2)', [table.name, kept.rowCount ?? 0]);
}

/**
 * Compares the migrated copy with what `keepHashes` kept. Only what differs leaves the database.
 *
 * @throws CutoverFault CHECK_FAILED when not every table was kept; the signal's reason
 */
export async function compareWithStored(
  copy: SqlClient,
  options: StoredHashesOptions & { readonly batchRows: number; readonly maxDiffering?: number },
): Promise<ParityResult> {
  const expected = await readCounts(copy);
  const missing = GREEN_TABLES.filter(({ name }) => expected[name] === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `what the rows of ${missing.join(', ')} must become was not kept before the migration; delete the copy and rehearse again`,
      { tables: missing },
    );
  }
  const tally = new Tally(options.maxDiffering ?? 0);
  await inTransaction(copy, SNAPSHOT, 'COMMIT', async () => {
    await copy.query('SET LOCAL jit = off');
    for (const table of GREEN_TABLES) {
      options.signal?.throwIfAborted();
      options.onTable?.(table.name);
      tally.open(table.name);
      await compareTable(copy, table, expected[table.name] ?? 0, tally, options.batchRows);
    }
  });
  return tally.result();
}

interface Difference {
  readonly expected: readonly (string | null)[] | null;
  readonly expectedHash: string | null;
  readonly found: readonly (string | null)[] | null;
  readonly foundHash: string | null;
}

async function compareTable(
  copy: SqlClient,
  table: GreenTable & { readonly name: GreenTableName },
  expectedRows: number,
  tally: Tally,
  batchRows: number,
): Promise<void> {
  const make = makeHashedRow(table);
  const key = (row: string) => `${row}.named[1:${table.key.length}]`;
  const sql = `SELECT expected.named AS expected, expected.hash AS "expectedHash", found.named AS found, found.hash AS "foundHash"
      FROM (SELECT named, hash FROM hydra_cutover.expected_row WHERE table_name = '${table.name}') AS expected
      FULL JOIN (${allHashes(table, 'green').sql}) AS found ON ${key('expected')} = ${key('found')}
     WHERE expected.hash IS DISTINCT FROM found.hash`;
  const batches = readThroughCursor<Difference, Difference>(
    copy,
    table.name,
    { sql, values: [] },
    batchRows,
    (row) => row,
  );
  let wanted = 0;
  for await (const batch of batches) {
    for (const { expected, expectedHash, found, foundHash } of batch) {
      const ours = expected === null ? null : make({ named: expected, hash: expectedHash ?? '' });
      const theirs = found === null ? null : make({ named: found, hash: foundHash ?? '' });
      if (ours !== null) wanted += 1;
      tally.add(table.name, ours, theirs);
    }
  }
  tally.addEqual(table.name, expectedRows - wanted);
}

async function readCounts(copy: SqlClient): Promise<RowCounts> {
  const [known] = await queryRows<{ known: boolean }>(
    copy,
    `SELECT to_regclass('hydra_cutover.expected_table') IS NOT NULL AS known`,
  );
  if (known?.known !== true) return {};
  const rows = await queryRows<{ name: GreenTableName; rows: number }>(
    copy,
    'SELECT table_name AS name, rows::float8 AS rows FROM hydra_cutover.expected_table',
  );
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
}
