import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { hasSqlState } from '../sql-state';
import { installPreparation } from './preparation';
import { quoteLiteral } from './role-password';
import { type SideName } from '../../domain/sides';
import { assertSide } from './whose-schema';

/** An earlier try may be in a transaction; what its killed worker left behind the server ends before that. */
const EARLIER_TRY_MS = 20_000;
/** What prepares the copy computes nothing between two statements of a transaction. */
const SILENT_MS = 60_000;

/** A try's right to prepare the copy, until a later one takes its own. */
export interface Turn {
  readonly cutoverId: string;
  /** Of the copy. */
  readonly side: SideName;
  readonly generation: number;
}

/**
 * Makes the caller the one who prepares the copy, as long as the copy is closed: every earlier try of any step is refused from its next
 * statement on, so that a worker that froze and wakes up hours later changes nothing.
 *
 * @param copy outside a transaction, as our own role
 * @throws CutoverFault CROSSED_CONNECTION (not the copy of this cutover) | CHECK_FAILED (the copy is not closed) | LOCK_BUSY (retryable: an
 *   earlier try is in a transaction)
 */
export async function takeTurn(copy: SqlClient, cutoverId: string, side: SideName): Promise<Turn> {
  await assertSide(copy, cutoverId, side);
  await assertClosed(copy, cutoverId, side);
  await installPreparation(copy);
  return { cutoverId, side, generation: await nextGeneration(copy, cutoverId, side) };
}

/** {@link takeTurn} and {@link onlyInTurn}, for a session of our own role. */
export async function becomePreparer<Session extends SqlClient>(
  copy: Session,
  cutoverId: string,
  side: SideName,
): Promise<Session> {
  return onlyInTurn(copy, await takeTurn(copy, cutoverId, side));
}

/**
 * @param copy outside a transaction, as any role that may ask whose turn it is
 * @returns the same session; each transaction in it, and each statement outside of one, begins with the proof that the copy is this
 *   cutover's, still closed, and the caller's to prepare. The copy cannot be opened before that transaction ends. What cannot be in a
 *   transaction, as VACUUM, comes directly after the proof. It throws CHECK_FAILED once another try has taken over.
 */
export function onlyInTurn<Session extends SqlClient>(copy: Session, { cutoverId, side, generation }: Turn): Session {
  const proof = `SET LOCAL idle_in_transaction_session_timeout = ${SILENT_MS}; ${proofOf(cutoverId, generation)}`;
  let isInside = false;

  const prove = async (text: string): Promise<Awaited<ReturnType<SqlClient['query']>>> => {
    try {
      return await copy.query(text);
    } catch (error) {
      throw refused(side, error) ?? error;
    }
  };
  const query: SqlClient['query'] = async (text, values) => {
    const begin = /^\s*BEGIN\b[^;]*;?/i.exec(text)?.[0];
    if (begin !== undefined) {
      const rest = text.slice(begin.length);
      const result = await prove(`${begin.replace(/;?$/, ';')} ${proof}; ${rest}`);
      isInside = !/\bCOMMIT\s*;?\s*$/i.test(rest);
      return result;
    }
    if (isInside) {
      if (/^\s*(COMMIT|ROLLBACK(?!\s+TO\b))/i.test(text)) isInside = false;
      return copy.query(text, values);
    }
    // The end of a transaction that never began.
    if (/^\s*ROLLBACK\b/i.test(text)) return copy.query(text);
    if (/^\s*VACUUM\b/i.test(text)) {
      await prove(proofOf(cutoverId, generation));
      return copy.query(text);
    }
    return inTransaction(copy, 'BEGIN', 'COMMIT', async () => {
      await prove(proof);
      return copy.query(text, values);
    });
  };
  return { ...copy, query };
}

/**
 * What the side that is entered notes of a beginning, durably; the other one's note comes first, which `noteBeginning` sees to.
 *
 * @throws CutoverFault CHECK_FAILED (it is open or abandoned) | CROSSED_CONNECTION
 */
export async function noteOnEntered(
  entered: SqlClient,
  side: SideName,
  { cutoverId, epoch, token }: { readonly cutoverId: string; readonly epoch: number; readonly token: string },
): Promise<void> {
  await assertSide(entered, cutoverId, side);
  await installPreparation(entered);
  await inTransaction(entered, 'BEGIN; SET LOCAL synchronous_commit = on', 'COMMIT', async () => {
    await entered.query(proofOf(cutoverId, null)).catch((error: unknown) => {
      throw refused(side, error) ?? error;
    });
    // Each is kept: a run that slept between its two notes must not displace the one of a run that was faster.
    await entered.query(
      `UPDATE hydra_cutover.preparation
          SET begun_epoch = greatest(begun_epoch, $1), begun_tokens = array_append(begun_tokens, $2::uuid)`,
      [epoch, token],
    );
  });
}

/** Before anything is made there: what comes later asks again, in its own transaction. */
async function assertClosed(copy: SqlClient, cutoverId: string, side: SideName): Promise<void> {
  const [run] = await queryRows<{ state: string; epoch: string }>(
    copy,
    'SELECT state, epoch::text FROM hydra_cutover.run WHERE cutover_id = $1',
    [cutoverId],
  );
  if (run?.state !== 'closed')
    throw notClosed(side, `it is ${run?.state ?? 'gone'} for epoch ${run?.epoch ?? '(none)'}`);
}

async function nextGeneration(copy: SqlClient, cutoverId: string, side: SideName): Promise<number> {
  try {
    return await inTransaction(copy, `BEGIN; SET LOCAL lock_timeout = ${EARLIER_TRY_MS}`, 'COMMIT', async () => {
      const [row] = await queryRows<{ generation: number }>(
        copy,
        'UPDATE hydra_cutover.preparation SET generation = generation + 1 RETURNING generation::float8 AS generation',
      );
      const generation = row?.generation ?? 0;
      await copy.query(proofOf(cutoverId, generation));
      return generation;
    });
  } catch (error) {
    if (!hasSqlState(error, 'lockNotAvailable')) throw refused(side, error) ?? error;
    const message = `an earlier try of preparing ${side} did not end within ${EARLIER_TRY_MS} ms; look for its session in pg_stat_activity on ${side}, then try again`;
    throw new CutoverFault('LOCK_BUSY', message, { cutoverId }, error);
  }
}

function proofOf(cutoverId: string, generation: number | null): string {
  return `SELECT hydra_cutover.assert_preparing(${quoteLiteral(cutoverId)}, ${generation ?? 'NULL'})`;
}

function refused(side: SideName, error: unknown): CutoverFault | undefined {
  return hasSqlState(error, 'notPreparing') ? notClosed(side, error.message, error) : undefined;
}

function notClosed(side: SideName, why: string, cause?: unknown): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `${side} is not this step's to prepare: ${why}; nothing was changed on it. If it serves, this run was reset or its worker ` +
      'slept: `hydra-cutover status --from-databases` says what to do',
    {},
    cause,
  );
}
