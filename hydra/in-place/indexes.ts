import { CutoverFault } from '../../domain/faults';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { withLockRetry } from '../arbiter/lock-retry';
import { quoteIdentifier } from '../cleaning/session';
import { hasSqlState } from '../sql-state';
import { type ActTools } from './run-acts';
import { watched } from './watch-statement';

interface WantedIndex {
  readonly table: string;
  readonly index: string;
  readonly unique: boolean;
  /** Table and columns, as CREATE INDEX has them behind ON. */
  readonly on: string;
}

interface FoundIndex {
  readonly table: string;
  readonly unique: boolean;
  readonly valid: boolean;
  readonly inConstraint: boolean;
  readonly definition: string;
}

/** Longer names would be cut by the server. */
const NAME_BYTES_MAX = 63;

/**
 * Builds an index beside the traffic of its table.
 *
 * Without a lock_timeout: with one, a writer that stays open makes it fail and leaves an INVALID index. It waits for old
 * transactions instead, and stops nobody meanwhile. An INVALID one of this name is dropped first: `IF NOT EXISTS` would take it.
 * @throws CutoverFault MIGRATION_FAILED when another index has the name, or rows stand against a unique one
 */
export async function createIndex(tools: ActTools, wanted: WantedIndex): Promise<void> {
  const found = await findIndex(tools, wanted.index);
  if (found?.valid === true) {
    assertSame(wanted, found);
    return;
  }
  if (found !== undefined) {
    if (found.table !== wanted.table) throw takenName(wanted, found);
    await dropConcurrently(tools, wanted.index);
  }
  await build(tools, wanted, wanted.index);
}

/** Drops an index so that nobody waits. Idempotent. */
export async function dropIndex(tools: ActTools, index: string): Promise<void> {
  if ((await findIndex(tools, index)) !== undefined) await dropConcurrently(tools, index);
}

/**
 * Builds the new index under another name, drops the old one and takes its name. The table always has one of the two.
 *
 * After a crash it goes on where the catalog shows it to be.
 */
export async function replaceIndex(tools: ActTools, wanted: WantedIndex): Promise<void> {
  const { client, lockTimeoutMs, lockAttempts, signal } = tools;
  const draft = draftName(wanted.index);
  const old = await findIndex(tools, wanted.index);
  const built = await findIndex(tools, draft);
  if (old?.valid === true && built === undefined && isSame(wanted, old)) return;
  if (old?.inConstraint === true) {
    throw new CutoverFault(
      'MIGRATION_FAILED',
      `index ${wanted.index} belongs to a constraint, so it cannot be replaced; drop the constraint by hand if it does not belong to Hydra`,
      { index: wanted.index },
    );
  }
  if (built?.valid === true || (built !== undefined && built.table !== wanted.table)) {
    assertSame({ ...wanted, index: draft }, built);
  } else {
    if (built !== undefined) await dropConcurrently(tools, draft);
    await build(tools, wanted, draft);
  }
  if (old !== undefined) await dropConcurrently(tools, wanted.index);
  const rename = `ALTER INDEX ${quoteIdentifier(draft)} RENAME TO ${quoteIdentifier(wanted.index)}`;
  await withLockRetry(client, wanted.table, { lockTimeoutMs, attemptsPerTable: lockAttempts, signal }, rename);
}

/** An index that is to take the place of another one is built under it. */
export function draftName(index: string): string {
  return `hydra_cutover_new_${index}`.slice(0, NAME_BYTES_MAX);
}

async function build(tools: ActTools, wanted: WantedIndex, name: string): Promise<void> {
  const { client } = tools;
  const unique = wanted.unique ? 'UNIQUE ' : '';
  const sql = `CREATE ${unique}INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${wanted.on}`;
  try {
    await watched(tools, { step: 'building', index: name }, () => client.query(sql));
  } catch (error) {
    tools.signal.throwIfAborted();
    const isDuplicate = hasSqlState(error, 'uniqueViolation');
    // A valid one of this name is somebody else's, made meanwhile.
    const left = await findIndex(tools, name).catch(() => undefined);
    if (left?.valid === false) await dropConcurrently(tools, name).catch(() => undefined);
    if (!isDuplicate) throw error;
    throw new CutoverFault(
      'MIGRATION_FAILED',
      `rows of ${wanted.table} stand against the unique index ${wanted.index}; correct them, then start again: it goes on here`,
      { table: wanted.table, index: wanted.index },
      error,
    );
  }
  const made = await findIndex(tools, name);
  if (made?.valid === true) return;
  throw new CutoverFault(
    'MIGRATION_FAILED',
    `index ${name} on ${wanted.table} was built and is not valid; start again: it is dropped and rebuilt`,
    { table: wanted.table, index: name },
  );
}

async function dropConcurrently(tools: ActTools, index: string): Promise<void> {
  const sql = `DROP INDEX CONCURRENTLY IF EXISTS ${quoteIdentifier(index)}`;
  await watched(tools, { step: 'dropping', index }, () => tools.client.query(sql));
}

async function findIndex(
  { client, schema }: { readonly client: SqlClient; readonly schema: string },
  index: string,
): Promise<FoundIndex | undefined> {
  const [found] = await queryRows<FoundIndex>(
    client,
    `SELECT t.relname AS table, i.indisunique AS unique, i.indisvalid AND i.indisready AS valid,
            EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')) AS "inConstraint",
            pg_get_indexdef(c.oid) AS definition
       FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid
      WHERE c.relnamespace = to_regnamespace($1) AND c.relname = $2`,
    [quoteIdentifier(schema), index],
  );
  return found;
}

function assertSame(wanted: WantedIndex, found: FoundIndex): void {
  if (!isSame(wanted, found)) throw takenName(wanted, found);
}

/** The comparison of the whole catalog with the vendor's own migration has the last word. */
function isSame(wanted: WantedIndex, found: FoundIndex): boolean {
  const columns = (text: string) => text.slice(text.indexOf('(')).replaceAll(/[\s"]/g, '').toLowerCase();
  const method = (text: string) => /\busing\s+(\w+)\s*\(/i.exec(text)?.[1]?.toLowerCase() ?? 'btree';
  return (
    found.table === wanted.table &&
    found.unique === wanted.unique &&
    method(found.definition) === method(wanted.on) &&
    columns(found.definition) === columns(wanted.on)
  );
}

function takenName(wanted: WantedIndex, found: FoundIndex): CutoverFault {
  return new CutoverFault(
    'MIGRATION_FAILED',
    `there is another index of the name ${wanted.index}: ${found.definition}; rename or drop it, then start again: it goes on here`,
    { index: wanted.index, table: found.table },
  );
}
