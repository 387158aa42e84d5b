import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { abandonSide } from '../arbiter/arbiter';
import { withLockRetry } from '../arbiter/lock-retry';
import { assertKnows, beginningsOnGreen } from './beginnings';
import { readRunRow } from './whose-schema';
import { hasOurs } from '../ours';

const LOCK_TIMEOUT_MS = 500;

export interface RightToOpenOptions {
  readonly cutoverId: string;
  /**
   * Which beginnings of a switchover blue knows, read after blue's arbiter of this cutover said that it is not committed, and cannot
   * be; null when it did not say so. Only a blue that knows of all that green has noted has a say: another is an older copy.
   */
  readonly knownByBlue: ReadonlySet<string> | null;
  readonly signal?: AbortSignal;
}

/**
 * Takes from green the right to open, in one transaction: what asks for that is about to stop it or to remove it. Idempotent.
 *
 * @returns `taken`; `none`: this database is no green of this cutover, by its own word or for want of any
 * @throws CutoverFault CHECK_FAILED (green serves, or whether the writes have moved to it only blue knows; nothing was changed) |
 *   CROSSED_CONNECTION (blue is an older copy of itself; nothing was changed) | LOCK_BUSY (retryable)
 */
export async function takeRightToOpen(green: SqlClient, options: RightToOpenOptions): Promise<'taken' | 'none'> {
  const { cutoverId, knownByBlue, signal } = options;
  const row = await readRunRow(green);
  if (row?.side !== 'green' || row.cutoverId !== cutoverId) return 'none';
  await withLockRetry(green, 'hydra_cutover', signal === undefined ? {} : { signal }, async () => {
    const answer = await abandonSide(green, LOCK_TIMEOUT_MS);
    if (!answer.ok) throw serves(cutoverId, answer.epoch, answer.reason);
    const begun = await begunEpoch(green);
    if (begun === null) return;
    if (knownByBlue === null) throw onlyBlueKnows(cutoverId, begun);
    assertKnows(knownByBlue, (await beginningsOnGreen(green, cutoverId)) ?? [], cutoverId);
  });
  return 'taken';
}

/** @returns null also where a kill came before there was anything to note it in */
async function begunEpoch(green: SqlClient): Promise<number | null> {
  if (!(await hasOurs(green, 'hydra_cutover.preparation'))) return null;
  const [row] = await queryRows<{ epoch: number | null }>(
    green,
    'SELECT begun_epoch::float8 AS epoch FROM hydra_cutover.preparation',
  );
  return row?.epoch ?? null;
}

function serves(cutoverId: string, epoch: number, state: string): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `green of cutover ${cutoverId} is ${state} for epoch ${epoch}: the writes have moved to it, it serves, and it is neither stopped ` +
      'nor deleted; nothing was changed. If blue says otherwise, blue.database leads to the wrong database or to an older copy',
    { cutoverId, epoch, state },
  );
}

function onlyBlueKnows(cutoverId: string, epoch: number): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `a switchover of cutover ${cutoverId} began for epoch ${epoch}, and whether it was committed only blue's arbiter knows, which the ` +
      'database reached as blue does not have; nothing was changed. Correct blue.database, or wait until it answers; then repeat',
    { cutoverId, epoch },
  );
}
