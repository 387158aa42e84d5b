import { performance } from 'node:perf_hooks';
import { type SqlClient, queryRows, together } from '../../domain/ports/sql-client';
import { type Direction } from '../../domain/sides';
import { logRewrites } from '../capture';
import { type CopyPath, sourceTables } from '../paths/copy-path';
import { assertNothingPlanted } from '../planted';
import { type RoundMemory, type SourcePart, completePart, readPart, writePart } from './carry-part';
import { beginAsSyncer } from './syncer-transaction';
import { CarriedRevocations, markRotated } from './ledger';
import { type LogRow, namedKeys } from './log-keys';
import { type Rewrite, markPages, openRewrites, readRewritePages } from './rewritten';
import { RowSizes, TooLargeAtOnce } from './read-bounded';
import { UNFLUSHED } from './unflushed';
import { nameUnreadable } from './unreadable';

/** Of one syncer; {@link prepareSync} was called for its sessions. */
export interface SyncSides {
  readonly path: CopyPath;
  readonly direction: Direction;
  /** As a role that reads Hydra's rows. */
  readonly from: SqlClient;
  /** On the source too, as our role: marks what was carried. */
  readonly keeper: SqlClient;
  /** Whether the keeper has a session of its own, so that the source can be read while what was read before is written and marked. */
  readonly readsAhead: boolean;
  /** As the sync's role. */
  readonly to: SqlClient;
  /** From {@link takeOverSync}. */
  readonly generation: number;
  /** Of the target's arbiter: says that it is the database that was prepared. */
  readonly nonce: string;
  /** Of Hydra's tables. */
  readonly schema: string;
  /** How long a login or a consent may take on the source. */
  readonly loginTtlMs: number;
  /** From `askNetwork`, where it was asked for before the requests are held. */
  readonly networkId?: string;
}

export interface RoundOptions {
  /** Log rows that are carried in one transaction, and rows of one table that travel at once. */
  readonly batchRows: number;
  readonly signal?: AbortSignal;
  /** Tables that were rewritten are in the log already: {@link logRewritesAndCount}. */
  readonly isRewriteLogged?: boolean;
  /** The source is read once this has ended; the target's transaction may begin before. Rejects when nothing is to be carried. */
  readonly beforeReading?: Promise<unknown>;
  /** What is left, asked of the keeper when a part found no more. @default readBacklog */
  readonly countLeft?: (keeper: SqlClient) => Promise<number>;
  /** Before each transaction. */
  readonly before?: () => Promise<void>;
  /** After each transaction of a long round, with what was done in it. */
  readonly onPart?: (part: PartReceipt) => void;
}

export interface PartReceipt {
  /** Log rows that were done, and rows of rewritten tables that were looked at. */
  readonly changes: number;
  /** Rows written or removed on the target. */
  readonly rows: number;
}

export interface RoundReceipt extends PartReceipt {
  /** Log rows that were left or came meanwhile. */
  readonly backlog: number;
  /** Login and consent requests that it brought, which gateways have to know. */
  readonly begun: number;
  readonly durationMs: number;
}

/**
 * Makes the target equal to the source in everything that the source's change log names, until a transaction found less than it could
 * carry. Looks for rewritten tables first, which no trigger logs, and carries them altogether, a page of each after each look at the log.
 *
 * Idempotent and killed anywhere without harm: log rows are marked after the target's commit, by their ids and one by one; what was
 * carried and not marked is carried again and changes nothing.
 * @throws CutoverFault SYNC_FENCED (a newer syncer, or the target is open) | CROSSED_CONNECTION | SYNC_FAILED (a table of the source was
 *   truncated) | ROW_UNREADABLE (names the consents; nothing of their transaction was carried); the signal's reason
 */
export async function syncRound(sides: SyncSides, options: RoundOptions): Promise<RoundReceipt> {
  const started = performance.now();
  const total = { changes: 0, rows: 0, begun: 0 };
  const count = ({ changes, rows }: PartReceipt): void => {
    total.changes += changes;
    total.rows += rows;
    if (changes > 0) options.onPart?.({ changes, rows });
  };
  if (options.isRewriteLogged !== true) await logRewrites(sides.keeper);
  const size = new PartSize(options.batchRows);
  const memory: RoundMemory = { carried: new CarriedRevocations(), sizes: new RowSizes() };
  let afterId = '0';
  let ahead: Ahead | undefined;
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      if (ahead === undefined) await options.before?.();
      const part: CarriedPart = await size.fit((limit) => {
        const read = ahead ?? { log: [], limit, part: undefined };
        ahead = undefined;
        return carryPart({ ...sides, ...memory }, options, afterId, read);
      });
      ahead = part.ahead;
      count(part);
      total.begun += part.begun;
      if (part.left === undefined) {
        afterId = part.lastId;
        continue;
      }
      const isBehind = afterId !== '0';
      afterId = '0';
      const { rewrites, backlog } = part.left;
      if (rewrites.length > 0)
        count(await size.fit((limit) => carryRewritePages({ ...sides, ...memory }, rewrites, limit)));
      // What was committed meanwhile with lower ids is carried too.
      else if (!isBehind || backlog === 0)
        return { ...total, backlog, durationMs: Math.round(performance.now() - started) };
    }
  } finally {
    if (ahead !== undefined) await giveUp(sides, ahead);
  }
}

/** @returns how many changes on the source are not carried; the same count as the arbiter's at the commit */
export async function readBacklog(from: SqlClient): Promise<number> {
  const [row] = await queryRows<{ undone: number }>(from, 'SELECT hydra_cutover.undone_changes()::float8 AS undone');
  return row?.undone ?? 0;
}

/** As much as a transaction holds: of what has very large rows, or ends long chains, less. What comes next is likely to be like it. */
class PartSize {
  #rows: number;

  constructor(private readonly most: number) {
    this.#rows = most;
  }

  async fit<T>(carryAtMost: (limit: number) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const carried = await carryAtMost(this.#rows);
        this.#rows = grown(this.#rows, this.most);
        return carried;
      } catch (error) {
        if (!(error instanceof TooLargeAtOnce)) throw error;
        this.#rows = Math.ceil(this.#rows / 4);
      }
    }
  }
}

const grown = (rows: number, most: number): number => Math.min(most, rows * 2);

type RoundSides = SyncSides & RoundMemory;

/** A part of the log that is read while the one before it is written; the snapshot of the source stays open. */
interface Ahead {
  /** As far as it was read: what to look at when the rest cannot be. */
  log: readonly LogRow[];
  readonly limit: number;
  /** Undefined: nobody began. */
  part: Promise<SourcePart> | undefined;
}

interface CarriedPart extends PartReceipt {
  readonly begun: number;
  readonly lastId: string;
  /** Undefined: there may be more behind `lastId`, because it carried as much as it may. */
  readonly left: Left | undefined;
  readonly ahead: Ahead | undefined;
}

/** What a round that begins now would find. */
interface Left {
  readonly backlog: number;
  readonly rewrites: readonly Rewrite[];
}

/**
 * Carries one part, and begins to read the next one as soon as the source has nothing more to say to this one: either side is idle for less.
 *
 * That is never a snapshot from before a take-over: whoever takes over has the target's row for itself, between two parts of ours, and the
 * second of them is refused.
 *
 * @param afterId past rows that were done just now and that the index still has
 */
async function carryPart(sides: RoundSides, options: RoundOptions, afterId: string, read: Ahead): Promise<CarriedPart> {
  const { from, path } = sides;
  let ahead: Ahead | undefined;
  try {
    const early = await read.part;
    await beginAsSyncer(sides);
    await options.beforeReading;
    // Only now, where it was not read before: a snapshot from before a take-over or a fence would miss what came in between.
    const part = early ?? (await readFrom(sides, afterId, read));
    const whole = await completePart(sides, part);
    const isFull = part.log.length === read.limit;
    const lastId = part.log.at(-1)?.id ?? afterId;
    const isRead = sides.readsAhead && whole.grants.length === 0;
    // The source's transaction has read and nothing else: that it ends proves nothing, and nobody waits for it alone.
    const ended = isRead ? from.query('COMMIT') : undefined;
    ended?.catch(() => undefined);
    if (from.isPipelined !== true) await ended;
    if (isRead && isFull)
      ahead = readAhead(sides, lastId, { ...options, batchRows: grown(read.limit, options.batchRows) });
    const rows = await writePart(sides, whole);
    sides.carried.add(whole.revocations);
    const left = await mark(sides, whole, { isFull, ended, countLeft: options.countLeft ?? readBacklog });
    return { changes: part.log.length, rows, begun: whole.begun.length, lastId, ahead, left };
  } catch (error) {
    if (ahead !== undefined) await giveUp(sides, ahead);
    await rollBack(sides);
    return nameUnreadable(sides, namedKeys(path, read.log), error);
  }
}

/** After the target's commit. Whoever is done with the log asks in the same breath what is left. */
async function mark(
  { keeper, from, path, direction, readsAhead }: SyncSides,
  { rotated, log }: Pick<SourcePart, 'rotated' | 'log'>,
  {
    isFull,
    ended,
    countLeft,
  }: Required<Pick<RoundOptions, 'countLeft'>> & {
    readonly isFull: boolean;
    readonly ended: Promise<unknown> | undefined;
  },
): Promise<Left | undefined> {
  const unlessFull = <T>(ask: () => Promise<T>) => (isFull ? Promise.resolve(undefined) : ask());
  const looking = () =>
    together(from, [() => ended ?? from.query('COMMIT'), () => unlessFull(() => openRewrites(path, direction, from))]);
  const marking = () =>
    together(keeper, [
      () => markRotated(keeper, rotated),
      () => markDone(keeper, log),
      () => unlessFull(() => countLeft(keeper)),
    ]);
  const [[, rewrites], [, , backlog]] = readsAhead
    ? await Promise.all([looking(), marking()])
    : [await looking(), await marking()];
  return rewrites === undefined || backlog === undefined ? undefined : { backlog, rewrites };
}

function readAhead(sides: RoundSides, afterId: string, { batchRows, before }: RoundOptions): Ahead {
  const ahead: Ahead = { log: [], limit: batchRows, part: undefined };
  // No snapshot is open while somebody holds the sync back.
  ahead.part = Promise.resolve(before?.()).then(() => readFrom(sides, afterId, ahead));
  // Whoever asks for it hears of it.
  ahead.part.catch(() => undefined);
  return ahead;
}

async function giveUp(sides: SyncSides, { part }: Ahead): Promise<void> {
  await part?.catch(() => undefined);
  await Promise.allSettled([sides.from.query('ROLLBACK')]);
}

async function readFrom(sides: RoundSides, afterId: string, read: Ahead): Promise<SourcePart> {
  await openSnapshot(sides, async () => void (read.log = await readLog(sides.from, afterId, read.limit)));
  return readPart(sides, read.log, { ...sides, batchRows: read.limit });
}

/** @param rewrites their places were read before: the snapshot is then one of after the rewrites */
async function carryRewritePages(
  sides: RoundSides,
  rewrites: readonly Rewrite[],
  batchRows: number,
): Promise<PartReceipt> {
  const { from, keeper } = sides;
  try {
    await beginAsSyncer(sides);
    await openSnapshot(sides);
    const pages = await readRewritePages(sides, rewrites, batchRows);
    const log = pages.flatMap((page) => page.log);
    const part = await completePart(sides, await readPart(sides, log, { ...sides, batchRows }));
    const rows = await writePart(sides, part);
    await from.query('COMMIT');
    await markRotated(keeper, part.rotated);
    await markPages(keeper, rewrites, pages);
    return { changes: pages.reduce((sum, { seen }) => sum + seen, 0), rows };
  } catch (error) {
    await rollBack(sides);
    throw error;
  }
}

/**
 * The tables are locked before the snapshot, which the first query takes: to an older one a table that ALTER TABLE rewrote is empty, and
 * the target would be emptied with it.
 *
 * @param first reads tables of ours, before it is known that nothing was planted on Hydra's
 */
async function openSnapshot(
  { path, direction, from, schema }: SyncSides,
  first: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const tables = sourceTables(path);
  const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp; LOCK TABLE ${tables.join(', ')} IN ACCESS SHARE MODE`;
  await together(from, [
    () => from.query(begin),
    () => assertNothingPlanted(from, { schema, tables, isWritten: false }, direction.from),
    first,
  ]);
}

/** The first error says what happened; a connection that is gone cannot roll back and need not. */
async function rollBack({ from, to }: SyncSides): Promise<void> {
  await Promise.allSettled([from.query('ROLLBACK'), to.query('ROLLBACK')]);
}

async function readLog(from: SqlClient, afterId: string, limit: number): Promise<LogRow[]> {
  return queryRows<LogRow>(
    from,
    // Qualified, because the order of the text is not that of the number.
    `SELECT id::text AS id, at::text AS at, kind, table_name, old_key, new_key
       FROM hydra_cutover.change_log AS log WHERE done_at IS NULL AND kind <> 'rewrite' AND id > $1 ORDER BY log.id LIMIT $2`,
    [afterId, limit],
  );
}

/** By their ids: ids are not in the order of commits, so there is no highest one below which all is done. */
async function markDone(from: SqlClient, log: readonly LogRow[]): Promise<void> {
  if (log.length === 0) return;
  await from.query(
    `UPDATE hydra_cutover.change_log SET done_at = clock_timestamp() WHERE id = ANY($1::bigint[]) AND done_at IS NULL AND ${UNFLUSHED}`,
    [log.map(({ id }) => id)],
  );
}
