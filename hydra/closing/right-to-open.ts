import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Direction } from '../../domain/sides';
import { abandonSide } from '../arbiter/arbiter';
import { withLockRetry } from '../arbiter/lock-retry';
import { assertKnows, beginningsNoted } from './beginnings';
import { readRunRow } from './whose-schema';
import { hasOurs } from '../ours';

const LOCK_TIMEOUT_MS = 500;

export interface RightToOpenOptions {
  readonly cutoverId: string;
  readonly direction: Direction;
  /**
   * Which beginnings of a switchover the source knows, read after the source's arbiter of this cutover said that it is not committed, and cannot
   * be; null when it did not say so. Only a source that knows of all that the copy has noted has a say: another is an older copy.
   */
  readonly knownBySource: ReadonlySet<string> | null;
  readonly signal?: AbortSignal;
}

/**
 * Takes from the copy the right to open, in one transaction: what asks for that is about to stop it or to remove it. Idempotent.
 *
 * @returns `taken`; `none`: this database is no copy of this cutover, by its own word or for want of any
 * @throws CutoverFault CHECK_FAILED (the copy serves, or whether the writes have moved to it only the source knows; nothing was changed) |
 *   CROSSED_CONNECTION (the source is an older copy of itself; nothing was changed) | LOCK_BUSY (retryable)
 */
export async function takeRightToOpen(copy: SqlClient, options: RightToOpenOptions): Promise<'taken' | 'none'> {
  const { cutoverId, direction, knownBySource, signal } = options;
  const row = await readRunRow(copy);
  if (row?.side !== direction.to || row.cutoverId !== cutoverId) return 'none';
  await withLockRetry(copy, 'hydra_cutover', signal === undefined ? {} : { signal }, async () => {
    const answer = await abandonSide(copy, LOCK_TIMEOUT_MS);
    if (!answer.ok) throw serves(options, answer.epoch, answer.reason);
    const begun = await begunEpoch(copy);
    if (begun === null) return;
    if (knownBySource === null) throw onlySourceKnows(options, begun);
    assertKnows(knownBySource, (await beginningsNoted(copy, direction.to, cutoverId)) ?? [], options);
  });
  return 'taken';
}

/** @returns null also where a kill came before there was anything to note it in */
async function begunEpoch(copy: SqlClient): Promise<number | null> {
  if (!(await hasOurs(copy, 'hydra_cutover.preparation'))) return null;
  const [row] = await queryRows<{ epoch: number | null }>(
    copy,
    'SELECT begun_epoch::float8 AS epoch FROM hydra_cutover.preparation',
  );
  return row?.epoch ?? null;
}

function serves(
  { cutoverId, direction: { from, to } }: RightToOpenOptions,
  epoch: number,
  state: string,
): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `${to} of cutover ${cutoverId} is ${state} for epoch ${epoch}: the writes have moved to it, it serves, and it is neither stopped ` +
      `nor deleted; nothing was changed. If ${from} says otherwise, ${from}.database leads to the wrong database or to an older copy`,
    { cutoverId, epoch, state },
  );
}

function onlySourceKnows({ cutoverId, direction: { from } }: RightToOpenOptions, epoch: number): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `a switchover of cutover ${cutoverId} began for epoch ${epoch}, and whether it was committed only ${from}'s arbiter knows, which the ` +
      `database reached as ${from} does not have; nothing was changed. Correct ${from}.database, or wait until it answers; then repeat`,
    { cutoverId, epoch },
  );
}
