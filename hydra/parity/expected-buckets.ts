import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { type CarriedTable, type CarriedTableName, type CopyPath, type KeyRange } from '../paths/copy-path';
import { prepareSource } from '../transform';
import { mapJsonFaults } from '../transform/read-transformed';
import { RANGE_ROWS, boundaryIn } from './compare-range';
import { partsOfRange } from './parity-queries';
import { type TableParity } from './tally';
import { type End, type Walk, walksOf } from './walks';
import { hasOurs } from '../ours';

/** Two tries at once take turns; what one has done the other leaves alone. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtext('hydra_cutover'), hashtext('hashes'))`;
const EXAMPLES = 20;

/** Bounds are keys, which are data: the tables go with the copy. */
const TABLES = `
CREATE TABLE IF NOT EXISTS hydra_cutover.expected_walk (
  name text PRIMARY KEY, after text, is_through boolean NOT NULL DEFAULT false, ranges integer NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS hydra_cutover.expected_range (
  walk text NOT NULL, nr integer NOT NULL, after text, up_to text, PRIMARY KEY (walk, nr));
CREATE TABLE IF NOT EXISTS hydra_cutover.expected_bucket (
  walk text NOT NULL, nr integer NOT NULL, part integer NOT NULL, rows bigint NOT NULL, sum numeric NOT NULL,
  PRIMARY KEY (walk, nr, part))`;

export interface ExpectedOptions {
  /** Keeps the sums, where the session that reads Hydra's rows may not. @default that one */
  readonly keeper?: SqlClient;
  readonly signal?: AbortSignal;
  /** @param table the one that is begun */
  readonly onTable?: (table: CarriedTableName) => void;
  /** @default RANGE_ROWS */
  readonly rangeRows?: number;
}

/** What a comparison by buckets finds: rows are counted, and of those that are there but wrong at least one for each bucket. */
export interface ExpectedResult {
  readonly tables: Readonly<Partial<Record<CarriedTableName, TableParity>>>;
  readonly rows: number;
  readonly differences: number;
  /** Table, kind of difference, and the bucket: its range and part in hydra_cutover.expected_bucket of the copy. At most 20. */
  readonly examples: readonly string[];
}

type RowCounts = Readonly<Partial<Record<CarriedTableName, number>>>;

interface WalkRow {
  readonly name: string;
  readonly after: string | null;
  readonly isThrough: boolean;
  readonly ranges: number;
  readonly rows: number;
}

/**
 * Keeps, on a copy of the source that is neither cleaned nor migrated yet, what its rows must become: sums of the hashes that `compareSides`
 * compares, of some dozens of rows each. Not after the cleaning: it escapes lists for the sake of the migration, which the transform
 * would take for their contents (rule J05).
 *
 * Idempotent, and a repeat goes on behind the last range; once complete it says so without the tables of the source, which the migration
 * takes away. Needs the schema hydra_cutover and sessions outside a transaction.
 * @returns rows of each table
 * @throws CutoverFault CHECK_FAILED (cleaned already) | ROW_UNREADABLE (JSON that only a person can fix); the signal's reason
 */
export async function keepExpected(path: CopyPath, copy: SqlClient, options: ExpectedOptions = {}): Promise<RowCounts> {
  const walks = walksOf(path);
  const { keeper = copy } = options;
  await inTransaction(keeper, 'BEGIN', 'COMMIT', async () => {
    await keeper.query(LOCK);
    await keeper.query(TABLES);
    await keeper.query(
      'INSERT INTO hydra_cutover.expected_walk (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
      [walks.map(({ name }) => name)],
    );
  });
  const before = await readWalkRows(keeper);
  if (before.every(({ isThrough }) => isThrough)) return countsOf(walks, before);
  await assertNotCleaned(keeper);
  await prepareSource(path, copy);
  for (const walk of walks) {
    options.onTable?.(walk.table.name);
    for (let isThrough = false; !isThrough;) {
      options.signal?.throwIfAborted();
      isThrough = await keepRange({ keeper, copy }, walk, options.rangeRows);
    }
  }
  await keeper.query('ANALYZE hydra_cutover.expected_bucket');
  return countsOf(walks, await readWalkRows(keeper));
}

/** @throws CutoverFault CHECK_FAILED */
async function assertNotCleaned(keeper: SqlClient): Promise<void> {
  if (!(await hasOurs(keeper, 'hydra_cutover.archive'))) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    'the copy is being cleaned already, and what its rows must become was not kept of all of them; delete the copy and rehearse again',
  );
}

interface Sides {
  readonly keeper: SqlClient;
  readonly copy: SqlClient;
}

/** @returns whether it was the last one */
async function keepRange({ keeper, copy }: Sides, walk: Walk, rangeRows = RANGE_ROWS): Promise<boolean> {
  const found = (await readWalkRows(keeper)).find(({ name }) => name === walk.name);
  if (found === undefined || found.isThrough) return true;
  const { after, ranges: nr } = found;
  const upTo = await boundaryIn(copy, walk, 'from', { after, upTo: null }, rangeRows);
  const parts = await readParts(copy, walk, 'from', { after, upTo });
  await inTransaction(keeper, 'BEGIN', 'COMMIT', async () => {
    await keeper.query(LOCK);
    const { rowCount } = await keeper.query(
      `UPDATE hydra_cutover.expected_walk SET after = $2, is_through = $2::text IS NULL, ranges = ranges + 1, rows = rows + $4
        WHERE name = $1 AND ranges = $3`,
      [walk.name, upTo, nr, parts.reduce((sum, { rows }) => sum + rows, 0)],
    );
    // Another try was faster.
    if (rowCount === 0) return;
    await keeper.query('INSERT INTO hydra_cutover.expected_range VALUES ($1, $2, $3, $4)', [
      walk.name,
      nr,
      after,
      upTo,
    ]);
    await keeper.query(
      `INSERT INTO hydra_cutover.expected_bucket (walk, nr, part, rows, sum)
       SELECT $1, $2, part, rows, sum FROM json_to_recordset($3::json) AS made(part integer, rows bigint, sum numeric)`,
      [walk.name, nr, JSON.stringify(parts)],
    );
  });
  return false;
}

interface Part {
  readonly part: number;
  readonly rows: number;
  readonly sum: string;
}

function readParts(copy: SqlClient, walk: Walk, end: End, range: KeyRange): Promise<Part[]> {
  const { sql, values } = partsOfRange(walk, end, range);
  return mapJsonFaults(walk.table, () => queryRows<Part>(copy, sql, [...values]));
}

/**
 * Compares the migrated copy with what `keepExpected` kept.
 *
 * @throws CutoverFault CHECK_FAILED when not everything was kept; the signal's reason
 */
export async function compareWithExpected(
  path: CopyPath,
  copy: SqlClient,
  options: ExpectedOptions = {},
): Promise<ExpectedResult> {
  const walks = walksOf(path);
  const { keeper = copy } = options;
  const keptWalks = await readWalkRows(keeper);
  const kept = new Set(keptWalks.filter(({ isThrough }) => isThrough).map(({ name }) => name));
  const missing = [...new Set(walks.filter(({ name }) => !kept.has(name)).map(({ table }) => table.name))];
  if (missing.length > 0) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `what the rows of ${missing.join(', ')} must become was not kept before the migration; delete the copy and rehearse again`,
      { tables: missing },
    );
  }
  const found = new BucketTally(path.tables);
  for (const walk of walks) {
    options.onTable?.(walk.table.name);
    for (let nr = 0; nr < (keptWalks.find(({ name }) => name === walk.name)?.ranges ?? 0); nr += 1) {
      options.signal?.throwIfAborted();
      await compareKeptRange({ keeper, copy }, walk, nr, found);
    }
  }
  return found.result();
}

async function compareKeptRange({ keeper, copy }: Sides, walk: Walk, nr: number, found: BucketTally): Promise<void> {
  const [range] = await queryRows<KeyRange>(
    keeper,
    'SELECT after, up_to AS "upTo" FROM hydra_cutover.expected_range WHERE walk = $1 AND nr = $2',
    [walk.name, nr],
  );
  if (range === undefined) throw new Error(`range ${nr} of ${walk.name} is counted and was not kept`);
  const expected = await queryRows<Part>(
    keeper,
    'SELECT part, rows::float8 AS rows, sum::text AS sum FROM hydra_cutover.expected_bucket WHERE walk = $1 AND nr = $2',
    [walk.name, nr],
  );
  const ours = new Map(expected.map((part) => [part.part, part]));
  const theirs = new Map((await readParts(copy, walk, 'to', range)).map((part) => [part.part, part]));
  for (const part of new Set([...ours.keys(), ...theirs.keys()])) {
    found.add(walk, `${nr}.${part}`, ours.get(part) ?? NO_ROWS, theirs.get(part) ?? NO_ROWS);
  }
}

const NO_ROWS = { rows: 0, sum: '0' };

/** Counts what buckets tell: how many rows are too few or too many, and that at least one is not as it must be. */
class BucketTally {
  readonly #tables: Map<CarriedTableName, Record<keyof TableParity, number>>;
  readonly #examples: string[] = [];

  constructor(tables: readonly CarriedTable[]) {
    this.#tables = new Map(tables.map(({ name }) => [name, { from: 0, to: 0, extra: 0, missing: 0, different: 0 }]));
  }

  add({ table, name }: Walk, bucket: string, expected: Omit<Part, 'part'>, found: Omit<Part, 'part'>): void {
    const counts = this.#tables.get(table.name);
    if (counts === undefined) throw new Error(`${table.name} is none of the tables that are carried`);
    counts.from += expected.rows;
    counts.to += found.rows;
    if (expected.rows === found.rows && expected.sum === found.sum) return;
    const kind = found.rows < expected.rows ? 'missing' : found.rows > expected.rows ? 'extra' : 'different';
    counts[kind] += Math.max(1, Math.abs(found.rows - expected.rows));
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${name} ${kind} bucket ${bucket}`);
  }

  result(): ExpectedResult {
    const tables = Object.fromEntries(this.#tables) as ExpectedResult['tables'];
    const all = [...this.#tables.values()];
    return {
      tables,
      rows: all.reduce((sum, { from, extra }) => sum + from + extra, 0),
      differences: all.reduce((sum, { extra, missing, different }) => sum + extra + missing + different, 0),
      examples: this.#examples,
    };
  }
}

async function readWalkRows(keeper: SqlClient): Promise<readonly WalkRow[]> {
  if (!(await hasOurs(keeper, 'hydra_cutover.expected_walk'))) return [];
  return queryRows<WalkRow>(
    keeper,
    'SELECT name, after, is_through AS "isThrough", ranges, rows::float8 AS rows FROM hydra_cutover.expected_walk',
  );
}

function countsOf(walks: readonly Walk[], kept: readonly WalkRow[]): RowCounts {
  const counts: Partial<Record<CarriedTableName, number>> = {};
  for (const { name, table } of walks) {
    const rows = kept.find((walk) => walk.name === name)?.rows ?? 0;
    counts[table.name] = (counts[table.name] ?? 0) + rows;
  }
  return counts;
}
