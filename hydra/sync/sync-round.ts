import { performance } from 'node:perf_hooks';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { logRewrites } from '../capture';
import { type CopyPath, sourceTables } from '../paths/copy-path';
import { assertNothingPlanted } from '../planted';
import { activeTokensOf, carryGrants, nameParentsOf } from './carry-grants';
import { closeOverFlows } from './closure';
import { NETWORK_SQL, beginFenced } from './fenced-transaction';
import { markRotated, nameRevoked, readNamedRevocations, stillActive, writeLedger } from './ledger';
import { type LogRow, namedKeys } from './log-keys';
import { markPage, nextRewrite, readRewritePage } from './rewritten';
import { ByteBudget, TooLargeAtOnce } from './read-bounded';
import { readBegunRequests, writeBegunRequests } from './stale-challenges';
import { nameUnreadable } from './unreadable';
import { readTokens, readWanted } from './wanted-rows';
import { writeGreen } from './write-green';

/** Of one syncer; {@link prepareSync} was called for its sessions. */
export interface SyncSides {
  readonly path: CopyPath;
  /** As a role that reads Hydra's rows. */
  readonly blue: SqlClient;
  /** On blue too, as our role: marks what was carried. */
  readonly keeper: SqlClient;
  /** As the sync's role. */
  readonly green: SqlClient;
  /** From {@link takeOverSync}. */
  readonly generation: number;
  /** Of green's arbiter: says that it is the database that was prepared. */
  readonly nonce: string;
  /** Of Hydra's tables. */
  readonly schema: string;
  /** How long a login or a consent may take on blue. */
  readonly loginTtlMs: number;
  /** From {@link readNetwork}, where it was asked for before the requests are held. */
  readonly networkId?: string;
}

export interface RoundOptions {
  /** Log rows that are carried in one transaction, and rows of one table that travel at once. */
  readonly batchRows: number;
  readonly signal?: AbortSignal;
  /** Tables that were rewritten are in the log already: {@link logRewritesAndCount}. */
  readonly isRewriteLogged?: boolean;
  /** Before each transaction. */
  readonly before?: () => Promise<void>;
  /** After each transaction of a long round, with what was done in it. */
  readonly onPart?: (part: PartReceipt) => void;
}

export interface PartReceipt {
  /** Log rows that were done, and rows of rewritten tables that were looked at. */
  readonly changes: number;
  /** Rows written or removed on green. */
  readonly rows: number;
}

export interface RoundReceipt extends PartReceipt {
  /** Log rows that were left or came meanwhile. */
  readonly backlog: number;
  readonly durationMs: number;
}

/**
 * Makes green equal to blue in everything that blue's change log names, until a transaction found less than it could carry. Looks
 * for rewritten tables first, which no trigger logs, and carries them altogether, a page after each look at the log.
 *
 * Idempotent and killed anywhere without harm: log rows are marked after green's commit, by their ids and one by one; what was
 * carried and not marked is carried again and changes nothing.
 * @throws CutoverFault SYNC_FENCED (a newer syncer, or green is open) | CROSSED_CONNECTION | SYNC_FAILED (a table of blue was
 *   truncated) | ROW_UNREADABLE (names the consents; nothing of their transaction was carried); the signal's reason
 */
export async function syncRound(sides: SyncSides, options: RoundOptions): Promise<RoundReceipt> {
  const started = performance.now();
  const total = { changes: 0, rows: 0 };
  const count = ({ changes, rows }: PartReceipt): void => {
    total.changes += changes;
    total.rows += rows;
    if (changes > 0) options.onPart?.({ changes, rows });
  };
  if (options.isRewriteLogged !== true) await logRewrites(sides.keeper);
  let afterId = '0';
  for (;;) {
    options.signal?.throwIfAborted();
    await options.before?.();
    const part = await fitting(options.batchRows, (limit) => carryPart(sides, afterId, limit));
    count(part);
    if (part.isFull) {
      afterId = part.lastId;
      continue;
    }
    // What was committed meanwhile with lower ids.
    const isBehind = afterId !== '0';
    afterId = '0';
    const page = await fitting(options.batchRows, (limit) => carryRewritePage(sides, limit));
    if (page !== null) count(page);
    else if (!isBehind) break;
  }
  return { ...total, backlog: await readBacklog(sides.keeper), durationMs: Math.round(performance.now() - started) };
}

/** @returns how many changes on blue are not carried; the same count as the arbiter's at the commit */
export async function readBacklog(blue: SqlClient): Promise<number> {
  const [row] = await queryRows<{ undone: number }>(blue, 'SELECT hydra_cutover.undone_changes()::float8 AS undone');
  return row?.undone ?? 0;
}

/** As much as a transaction holds: of what has very large rows less. */
async function fitting<T>(batchRows: number, carryAtMost: (limit: number) => Promise<T>): Promise<T> {
  for (let limit = batchRows; ; limit = Math.ceil(limit / 4)) {
    try {
      return await carryAtMost(limit);
    } catch (error) {
      if (!(error instanceof TooLargeAtOnce)) throw error;
    }
  }
}

/** @param afterId past rows that were done just now and that the index still has */
async function carryPart(
  sides: SyncSides,
  afterId: string,
  batchRows: number,
): Promise<PartReceipt & { readonly lastId: string; readonly isFull: boolean }> {
  let found: readonly LogRow[] = [];
  const { log, rows, rotated } = await inSnapshot(sides, async () => {
    found = await readLog(sides.blue, afterId, batchRows);
    return { log: found, ...(await carry(sides, found, batchRows)) };
  }).catch((error: unknown) => nameUnreadable(sides.path, sides.blue, namedKeys(sides.path, found), error));
  await markRotated(sides.keeper, rotated);
  await markDone(sides.keeper, log);
  return { changes: log.length, rows, lastId: log.at(-1)?.id ?? afterId, isFull: log.length === batchRows };
}

/** @returns null when no table was rewritten that is not carried altogether */
async function carryRewritePage(sides: SyncSides, batchRows: number): Promise<PartReceipt | null> {
  const { path, blue, green, keeper } = sides;
  // Its place is read first: the snapshot is then one of after the rewrite.
  const rewrite = await nextRewrite(path, blue);
  if (rewrite === null) return null;
  const { page, rows, rotated } = await inSnapshot(sides, async () => {
    const read = await readRewritePage(blue, green, rewrite, batchRows);
    return { page: read, ...(await carry(sides, read.log, batchRows)) };
  });
  await markRotated(keeper, rotated);
  await markPage(keeper, rewrite, page);
  return { changes: page.seen, rows };
}

/** Runs `work` in one transaction on each side, and commits green's. */
async function inSnapshot<T>(sides: SyncSides, work: () => Promise<T>): Promise<T> {
  const { path, blue, green, schema } = sides;
  const tables = sourceTables(path);
  try {
    await beginFenced(sides);
    // Only now: a snapshot from before a take-over or a fence would miss what came in between. The tables are locked before the snapshot,
    // which the first query takes: to an older one a table that ALTER TABLE rewrote is empty, and green would be emptied with it.
    await blue.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE ${tables.join(', ')} IN ACCESS SHARE MODE`,
    );
    await assertNothingPlanted(blue, { schema, tables, isWritten: false }, 'blue');
    const result = await work();
    // Blue's has read and nothing else: that it ends proves nothing, and nobody waits for it alone.
    await Promise.all([blue.query('COMMIT'), green.query('COMMIT')]);
    return result;
  } catch (error) {
    // The first error says what happened; a connection that is gone cannot roll back and need not.
    await Promise.allSettled([blue.query('ROLLBACK'), green.query('ROLLBACK')]);
    throw error;
  }
}

async function readLog(blue: SqlClient, afterId: string, limit: number): Promise<LogRow[]> {
  return queryRows<LogRow>(
    blue,
    `SELECT id::text AS id, at::text AS at, kind, table_name, old_key, new_key
       FROM hydra_cutover.change_log WHERE done_at IS NULL AND kind <> 'rewrite' AND id > $1 ORDER BY id LIMIT $2`,
    [afterId, limit],
  );
}

interface Carried {
  /** Written or removed on green. */
  readonly rows: number;
  readonly rotated: readonly string[];
}

async function carry(sides: SyncSides, log: readonly LogRow[], batchRows: number): Promise<Carried> {
  const { path, blue, green } = sides;
  if (log.length === 0) return { rows: 0, rotated: [] };
  refuseTruncate(log);
  const named = namedKeys(path, log);
  const budget = new ByteBudget(log.length > 1);
  const { revocations, rotated } = await readNamedRevocations(blue, named);
  // With all tokens of its grant, the effect of a revocation is carried whole.
  const grants = nameRevoked(named, revocations);
  const followed = await nameParentsOf(blue, named, grants);
  const { tokens, named: withTokens } = await readTokens(path, blue, green, followed, batchRows, budget);
  const { flows, named: closed } = await closeOverFlows(path, blue, green, withTokens);
  const rowsWanted = await readWanted(path, blue, closed, tokens, batchRows, budget);
  const wanted = { ...rowsWanted, activeTokens: await activeTokensOf(blue, grants) };
  const begun = await readBegunRequests(path, blue, closed, sides.loginTtlMs);
  const activeBefore = await stillActive(green, revocations, wanted);
  const context = { path, green, nid: sides.networkId ?? (await readNetwork(green)) };
  const written = await writeGreen(context, closed, wanted, flows);
  const rows = written + (await carryGrants(blue, context, grants, batchRows));
  await writeLedger(green, revocations, wanted, activeBefore);
  await writeBegunRequests(green, begun);
  await writeCanaries(green, log);
  return { rows, rotated };
}

/** Of green's Hydra, and the same as long as green is. @throws CutoverFault SYNC_FAILED when green was not migrated */
export async function readNetwork(green: SqlClient): Promise<string> {
  const [network] = await queryRows<{ id: string }>(green, NETWORK_SQL);
  if (network === undefined) throw new CutoverFault('SYNC_FAILED', 'green has no row in networks: it was not migrated');
  return network.id;
}

function refuseTruncate(log: readonly LogRow[]): void {
  const tables = [...new Set(log.filter(({ kind }) => kind === 'truncate').map((row) => row.table_name))];
  if (tables.length === 0) return;
  throw new CutoverFault(
    'SYNC_FAILED',
    `on blue ${tables.join(', ')} was truncated, which names no rows that could be carried; undo this cutover and begin a new one with a new snapshot`,
    { tables },
  );
}

async function writeCanaries(green: SqlClient, log: readonly LogRow[]): Promise<void> {
  const canaries = log.filter(({ kind }) => kind === 'canary');
  if (canaries.length === 0) return;
  await green.query(
    `INSERT INTO hydra_cutover.canary (log_id, key, sent_at)
     SELECT id, new_key, at FROM json_to_recordset($1::json) AS canary(id bigint, new_key jsonb, at timestamptz)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(canaries)],
  );
}

/** By their ids: ids are not in the order of commits, so there is no highest one below which all is done. */
async function markDone(blue: SqlClient, log: readonly LogRow[]): Promise<void> {
  if (log.length === 0) return;
  await blue.query(
    'UPDATE hydra_cutover.change_log SET done_at = clock_timestamp() WHERE id = ANY($1::bigint[]) AND done_at IS NULL',
    [log.map(({ id }) => id)],
  );
}
