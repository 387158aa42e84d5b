import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { withLockRetry } from '../arbiter/lock-retry';
import { quoteIdentifier } from '../cleaning/session';
import { type ActTools } from './run-acts';

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
const PROGRESS_MS = 2_000;

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
      `index ${wanted.index} belongs to a constraint, so that it cannot be replaced; drop the constraint by hand if it is none of Hydra's`,
      { index: wanted.index },
    );
  }
  if (built?.valid !== true) {
    if (built !== undefined) await dropConcurrently(tools, draft);
    await build(tools, wanted, draft);
  }
  if (old !== undefined) await dropConcurrently(tools, wanted.index);
  const rename = `ALTER INDEX ${quoteIdentifier(draft)} RENAME TO ${quoteIdentifier(wanted.index)}`;
  await withLockRetry(client, wanted.table, { lockTimeoutMs, attemptsPerTable: lockAttempts, signal }, rename);
}

function draftName(index: string): string {
  return `hydra_cutover_new_${index}`.slice(0, NAME_BYTES_MAX);
}

async function build(tools: ActTools, wanted: WantedIndex, name: string): Promise<void> {
  const { client } = tools;
  const unique = wanted.unique ? 'UNIQUE ' : '';
  const sql = `CREATE ${unique}INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${wanted.on}`;
  try {
    await watched(tools, name, client.query(sql));
  } catch (error) {
    tools.signal.throwIfAborted();
    const isDuplicate = error instanceof Error && 'code' in error && error.code === '23505';
    await dropConcurrently(tools, name).catch(() => undefined);
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
    `index ${name} on ${wanted.table} was built and is not valid; start again: it is dropped and built anew`,
    { table: wanted.table, index: name },
  );
}

async function dropConcurrently({ client }: ActTools, index: string): Promise<void> {
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoteIdentifier(index)}`);
}

export async function findIndex(
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
  return (
    found.table === wanted.table && found.unique === wanted.unique && columns(found.definition) === columns(wanted.on)
  );
}

function takenName(wanted: WantedIndex, found: FoundIndex): CutoverFault {
  return new CutoverFault(
    'MIGRATION_FAILED',
    `there is another index of the name ${wanted.index}: ${found.definition}; rename or drop it, then start again: it goes on here`,
    { index: wanted.index, table: found.table },
  );
}

/** Says how far the build is, as the server shows it to other sessions, while the statement runs. */
async function watched(tools: ActTools, index: string, running: Promise<unknown>): Promise<void> {
  const { heartbeat, watch, signal } = tools;
  const ended = new AbortController();
  const startedAt = Date.now();
  const look = async () => {
    while (!ended.signal.aborted) {
      const [row] = await watch<BuildProgress>(PROGRESS_SQL).catch(() => []);
      const share = row === undefined || row.blocksTotal === 0 ? 0 : row.blocksDone / row.blocksTotal;
      const elapsedMs = Date.now() - startedAt;
      const etaMs = share > 0 ? Math.round((elapsedMs / share) * (1 - share)) : null;
      heartbeat({ step: 'building', index, phase: row?.phase ?? 'waiting', share: Number(share.toFixed(3)), etaMs });
      await sleep(PROGRESS_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const looking = look();
  try {
    await running;
    signal.throwIfAborted();
  } finally {
    ended.abort();
    await looking;
  }
}

interface BuildProgress {
  readonly phase: string;
  readonly blocksDone: number;
  readonly blocksTotal: number;
}

/** Of this database there is one build at a time: ours. */
const PROGRESS_SQL = `SELECT phase, blocks_done::float8 AS "blocksDone", blocks_total::float8 AS "blocksTotal"
  FROM pg_stat_progress_create_index WHERE datname = current_database()`;
