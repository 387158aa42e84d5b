import { CutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import { beginRemoval } from './arbiter';
import { isLockBusy } from './lock-retry';
import { hasOurs } from '../ours';

/**
 * Before the first trigger goes: from here on no attempt can begin here, so none can commit with half of what it rests on. Idempotent;
 * does nothing where no arbiter is, and to no other cutover's.
 *
 * @throws CutoverFault CHECK_FAILED (writes moved away from here, or were never let in; or it is another cutover's arbiter) | LOCK_BUSY
 *   (retryable: an attempt is alive, or somebody holds the table of attempts)
 */
export async function takeRightToBegin(client: SqlClient, cutoverId: string): Promise<void> {
  if (!(await hasOurs(client, 'hydra_cutover.run'))) return;
  const answer = await beginRemoval(client, cutoverId).catch((error: unknown) => {
    throw isLockBusy(error) ? stayedLocked(error) : error;
  });
  if (answer.ok) return;
  const { reason, epoch } = answer;
  switch (reason) {
    case 'committed':
      throw new CutoverFault(
        'CHECK_FAILED',
        `writes moved away from this database with epoch ${epoch}; its guards and its capture stay, so that nothing can write here ` +
          'any more and nothing that was written is forgotten',
        { epoch },
      );
    case 'closed':
    case 'abandoned':
      throw new CutoverFault(
        'CHECK_FAILED',
        `this database is the ${reason} side of a cutover; without its guards it would take writes that no other side has; its ` +
          'instance is what goes',
        { epoch },
      );
    case 'other_cutover':
      throw new CutoverFault(
        'CHECK_FAILED',
        `the arbiter of this database is not the one of cutover ${cutoverId}; nothing was changed. ` +
          '`hydra-cutover status --from-databases` says whose it is',
        { cutoverId, epoch },
      );
    case 'attempt_alive':
      throw new CutoverFault(
        'LOCK_BUSY',
        `a switchover (epoch ${epoch}) is alive on this database; abandon it, or wait until its lease ends (${answer.leaseUntil ?? 'soon'})`,
        { epoch },
      );
  }
}

function stayedLocked(cause: unknown): CutoverFault {
  return new CutoverFault(
    'LOCK_BUSY',
    'hydra_cutover.attempt stayed locked, so that the right to begin a switchover could not be taken away; nothing was changed. End the ' +
      'transaction that holds it (pg_locks): a gateway that stands still in its claim, perhaps; then repeat',
    {},
    cause,
  );
}
