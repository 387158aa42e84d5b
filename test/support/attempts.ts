import { beginAttempt, commitAttempt, fence } from '../../hydra/arbiter';
import { type SqlClient } from '../../domain/ports/sql-client';

/** Longer than any test takes. */
const LEASE = { holdDeadlineMs: 600_000, marginMs: 0 };
const LOCK_TIMEOUT_MS = 60_000;

/** @returns the number of the attempt, which has begun */
export async function begun(blue: SqlClient, epoch: number): Promise<number> {
  const answer = await beginAttempt(blue, { epoch, ...LEASE });
  if (!answer.ok) throw new Error(`no attempt: ${answer.reason}`);
  return answer.attempt;
}

/** @returns the number of the attempt, which has fenced blue */
export async function fenced(blue: SqlClient, epoch: number): Promise<number> {
  const attempt = await begun(blue, epoch);
  const answer = await fence(blue, attempt, LOCK_TIMEOUT_MS);
  if (!answer.ok) throw new Error(`no fence: ${answer.reason}`);
  return attempt;
}

/** @returns the number of the attempt, which has committed; all that was captured counts as carried */
export async function committed(blue: SqlClient, epoch: number): Promise<number> {
  const attempt = await fenced(blue, epoch);
  await blue.query('UPDATE hydra_cutover.change_log SET done_at = now()');
  const answer = await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS);
  if (!answer.ok) throw new Error(`no commit: ${answer.reason}`);
  return attempt;
}
