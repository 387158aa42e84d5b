import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { abandonSide } from './arbiter';

const LOCK_TIMEOUT_MS = 5_000;

/**
 * Lets a rehearsal's copy take writes: first it is abandoned, so that nobody can ever open it and no gateway is told that it serves,
 * and only then its guards go. Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED (it is open, or no green) | PostgreSQL's 55P03
 */
export async function letCopyBeWritten(copy: SqlClient): Promise<void> {
  const answer = await abandonSide(copy, LOCK_TIMEOUT_MS);
  if (!answer.ok) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `the copy is ${answer.reason}, epoch ${answer.epoch}, and none that a rehearsal may write to; nothing was changed`,
    );
  }
  const guarded = await queryRows<{ table: string }>(
    copy,
    `SELECT format('%I.%I', n.nspname, c.relname) AS table FROM pg_trigger t
       JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE t.tgname = 'hydra_cutover_guard' ORDER BY 1`,
  );
  for (const { table } of guarded) await copy.query(`DROP TRIGGER IF EXISTS hydra_cutover_guard ON ${table}`);
}
