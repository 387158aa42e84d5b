import { type SqlClient } from '../../domain/ports/sql-client';
import { type CopyPath } from '../paths/copy-path';
import { compareSides, type ParityResult, type ParitySelection } from './compare-sides';
import { type Sides, compareRange, differencesOf } from './compare-range';
import { type UnequalRange, forgetUnequal, noteLasting, readUnequal } from './parity-progress';
import { Tally } from './tally';

/** What the source changes between a round and the look after it differs again; what differs every time is no such change. */
const LOOKS = 5;
/** Keys of one range that are kept from look to look; of more the whole range is looked at again. */
const KEYS_MAX = 10_000;

/** Prepared for a comparison, with the way that the target is reached by. */
export interface PreparedSides extends Sides {
  readonly path: CopyPath;
}

export interface SettleOptions {
  readonly batchRows: number;
  /** Carries everything that the source has changed so far. */
  readonly round: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Looks again at ranges that were not equal, by their keys, after a round each time. What is equal then, or was once equal after a round, is
 * forgotten; what differs every time stays, with how many rows that are.
 *
 * Sides must be prepared for a comparison. @param progress the target as the owner of our schema
 * @returns rows that differ after every round
 */
export async function settleUnequal(
  sides: PreparedSides,
  progress: SqlClient,
  options: SettleOptions,
): Promise<number> {
  let open: readonly { readonly unequal: UnequalRange; readonly found: ParityResult | null }[] = (
    await readUnequal(sides.path, progress)
  ).map((unequal) => ({ unequal, found: null }));
  for (let look = 0; look < LOOKS && open.length > 0; look += 1) {
    await options.round();
    const still = [];
    for (const { unequal, found } of open) {
      options.signal?.throwIfAborted();
      const now = await lookAgain(sides, unequal, found, options);
      if (now.differences === 0) await forgetUnequal(progress, unequal);
      else still.push({ unequal, found: now });
    }
    open = still;
  }
  let lasting = 0;
  for (const { unequal, found } of open) {
    lasting += found?.differences ?? 0;
    await noteLasting(progress, unequal, found?.differences ?? 0, found?.examples ?? []);
  }
  return lasting;
}

async function lookAgain(
  sides: PreparedSides,
  { walk, range }: UnequalRange,
  before: ParityResult | null,
  { batchRows, signal }: SettleOptions,
): Promise<ParityResult> {
  if (before?.complete === true) {
    const selection: ParitySelection = before.differing;
    return compareSides(sides.path, sides.from, sides.to, {
      batchRows,
      selection,
      ...(signal === undefined ? {} : { signal }),
    });
  }
  const tally = new Tally(KEYS_MAX);
  const compared = await compareRange(sides, walk, range);
  if (!compared.equal) {
    for await (const [from, to] of differencesOf(sides, walk, compared)) tally.add(walk.table.name, from, to);
  }
  return tally.result();
}
