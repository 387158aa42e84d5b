import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Direction } from '../../domain/sides';
import { withLockRetry } from '../arbiter/lock-retry';
import { hasOurs } from '../ours';
import { takeRightToOpen } from './right-to-open';

/**
 * Lets the copy of a rehearsal take writes: first it loses the right to open, for good, and only then its guards go. Proven by the
 * copy itself: what its rows must become is kept on copies of rehearsals alone. The guard against migrations stays. Idempotent.
 *
 * @param copy in a session on the copy of this cutover
 * @throws CutoverFault CHECK_FAILED (no rehearsal made it, or it is open; nothing was changed) | LOCK_BUSY (retryable)
 */
export async function letCopyBeWritten(
  copy: SqlClient,
  options: { readonly cutoverId: string; readonly direction: Direction; readonly signal?: AbortSignal },
): Promise<void> {
  const { cutoverId, direction, signal } = options;
  if (!(await hasOurs(copy, 'hydra_cutover.expected_walk'))) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `${direction.to} of cutover ${cutoverId} is not the copy of a rehearsal and may come to serve: it is not opened to try writes; nothing was changed`,
      { cutoverId },
    );
  }
  await takeRightToOpen(copy, { ...options, knownBySource: null });
  const guarded = await queryRows<{ name: string }>(
    copy,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE t.tgfoid = 'hydra_cutover.guard()'::regprocedure ORDER BY 1`,
  );
  for (const { name } of guarded) {
    await withLockRetry(
      copy,
      name,
      signal === undefined ? {} : { signal },
      `DROP TRIGGER IF EXISTS hydra_cutover_guard ON ${name}`,
    );
  }
}
