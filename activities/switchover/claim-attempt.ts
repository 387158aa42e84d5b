import { type SqlClient } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { abortAttempt } from '../../hydra/arbiter/arbiter';
import { isLockBusy } from '../../hydra/arbiter/lock-retry';
import { type SwitchoverTools } from './tools';

export type ClaimOutcome =
  | { readonly outcome: 'aborted' | 'committed'; readonly attempt: number | null; readonly epoch: number | null }
  | 'busy';

/**
 * Gives an attempt up, or learns that it was committed: the only way to learn how an attempt ended whose answer was lost.
 *
 * @param options `attempt` null when not even its number is known: then the newest one, because begun attempts follow each other;
 *   one up to `after` was there before the caller began
 * @returns with `attempt` and `epoch` null when there is none: then the caller owns no epoch, and has nothing to give up
 * @throws PostgreSQL's errors but those of a lock, which are `busy`
 */
export async function claimAttempt(
  tools: Pick<SwitchoverTools, 'latestAttempt'>,
  left: SqlClient,
  options: {
    readonly cutoverId: string;
    /** How `left` is reached. */
    readonly side: SideName;
    readonly attempt: number | null;
    /** @default 0 */
    readonly after?: number;
    readonly lockTimeoutMs: number;
  },
): Promise<ClaimOutcome> {
  const latest = options.attempt === null ? await tools.latestAttempt(left, options.cutoverId, options.side) : null;
  const attempt = attemptToClaim(options.attempt, latest?.attempt ?? null, options.after ?? 0);
  if (attempt === null) return { outcome: 'aborted', attempt: null, epoch: null };
  try {
    const answer = await abortAttempt(left, attempt, 'worker', options.lockTimeoutMs);
    switch (answer.outcome) {
      case 'aborted':
      case 'committed':
        return { outcome: answer.outcome, attempt, epoch: answer.epoch ?? null };
      // A database that does not know an attempt that was begun is not the one that it was begun on: nothing follows from its word.
      case 'unknown_attempt':
        return 'busy';
    }
  } catch (error) {
    if (isLockBusy(error)) return 'busy';
    throw error;
  }
}

/**
 * Which attempt a claim is about. Pure, so that the model of the switchover takes the same decision.
 *
 * @param own null when the caller does not know a number of its own
 * @param latest the newest attempt that there is, asked for where `own` is null
 * @param after the newest attempt when the caller began
 * @returns null when no attempt can be the caller's
 */
export function attemptToClaim(own: number | null, latest: number | null, after: number): number | null {
  if (own !== null) return own;
  return latest !== null && latest > after ? latest : null;
}

/**
 * Which attempt and epoch are the caller's to give up after a claim: what the claim named, and nothing else. The epoch that a run has
 * chosen for itself may be the one that another run has chosen as well; nothing is staged before `begin` is confirmed, so nothing of a
 * run whose claim named no attempt is left either.
 */
export function ownedAfterClaim(
  _before: { readonly attempt: number | null; readonly epoch: number | null },
  claimed: { readonly attempt: number | null; readonly epoch: number | null },
): { readonly attempt: number | null; readonly epoch: number | null } {
  return { attempt: claimed.attempt, epoch: claimed.epoch };
}

/**
 * Whether no attempt began or was given up between two looks at the newest one: then the epoch that was chosen before the second look
 * is above all that are used up, and whoever gives this cutover up later uses up a higher one.
 */
export function noneBegunSince(before: number | null, now: number | null): boolean {
  return before === now;
}
