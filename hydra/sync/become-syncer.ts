import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { inTransaction } from '../cleaning/session';
import { END_WHEN_SILENT } from '../end-when-silent';
import { hasSqlState } from '../sql-state';
import { installSyncTables } from './install-sync-tables';
import { type SyncLogin, grantSyncRole, renewSyncPassword, terminateSyncSessions } from './sync-role';
import { takeOverSync } from './take-over';

/** An ordinary round is over by then. */
const ROUND_MS = 1_000;
/** An older syncer that stopped while it took over is ended by the server before that. */
const OLDER_SYNCER_MS = 20_000;

export interface Syncer {
  readonly login: SyncLogin;
  readonly generation: number;
  readonly nonce: string;
}

export interface SyncerOptions {
  readonly cutoverId: string;
  /** Of Hydra's tables. */
  readonly schema: string;
  /** What the sync logs in as. */
  readonly role: string;
  /** The one that is carried to. */
  readonly side: SideName;
  /** How long it waits for an older syncer. @default 20_000 */
  readonly lockTimeoutMs?: number;
}

/**
 * Makes the caller the one that carries to `side`: sets up what is missing, gives the role a new password, ends older syncers and takes
 * the next generation.
 *
 * @param to a session of our own role
 * @throws CutoverFault SYNC_FENCED (that side is open already) | LOCK_BUSY (an older syncer is in the way and does not end) |
 * CHECK_FAILED (there is no such role, or ours may not act as it) | CROSSED_CONNECTION
 */
export async function becomeSyncer(to: SqlClient, options: SyncerOptions): Promise<Syncer> {
  const { cutoverId, schema, role, side, lockTimeoutMs = OLDER_SYNCER_MS } = options;
  const [run] = await queryRows<{ side: string; state: string; nonce: string; cutover_id: string }>(
    to,
    'SELECT side, state, nonce::text AS nonce, cutover_id FROM hydra_cutover.run',
  );
  if (run?.side !== side || run.cutover_id !== cutoverId) {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as ${side} is the ${run?.side ?? 'no'} side of cutover ${run?.cutover_id ?? '(none)'}, not ${side} of ${cutoverId}; check ${side}'s address`,
    );
  }
  if (run.state !== 'closed') {
    throw new CutoverFault('SYNC_FENCED', `${side} is ${run.state}: nothing is carried to it any more`);
  }
  const isSetUp = await inTransactionWithin(to, lockTimeoutMs, async () => {
    // Two at once take turns. No advisory lock: anybody may hold one whose key is known, for ever.
    await to.query('LOCK TABLE hydra_cutover.run IN SHARE UPDATE EXCLUSIVE MODE');
    await installSyncTables(to, { syncRole: role });
    await grantSyncRole(to, role, schema);
    return true;
  });
  if (isSetUp === undefined) throw olderSyncer(side, lockTimeoutMs);
  const login = await renewSyncPassword(to, role);
  // First the generation: an older syncer then knows why its session ends. One that is long in a transaction is ended at once.
  const takeOver = (waitMs: number) => inTransactionWithin(to, waitMs, () => takeOverSync(to));
  const patient = await takeOver(ROUND_MS);
  await terminateSyncSessions(to, role);
  const generation = patient ?? (await takeOver(lockTimeoutMs));
  if (generation === undefined) throw olderSyncer(side, lockTimeoutMs);
  return { login, generation, nonce: run.nonce };
}

/** @returns undefined when an older syncer's transaction lasts longer */
async function inTransactionWithin<T>(
  to: SqlClient,
  lockTimeoutMs: number,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const begin = `BEGIN; ${END_WHEN_SILENT}; SET LOCAL lock_timeout = ${lockTimeoutMs}`;
  try {
    return await inTransaction(to, begin, 'COMMIT', work);
  } catch (error) {
    if (hasSqlState(error, 'lockNotAvailable')) return undefined;
    throw error;
  }
}

function olderSyncer(side: SideName, lockTimeoutMs: number): CutoverFault {
  return new CutoverFault(
    'LOCK_BUSY',
    `another session holds the sync of ${side} and did not end within ${lockTimeoutMs} ms; ` +
      'look for transactions that stay open there (pg_locks), then try again',
  );
}
