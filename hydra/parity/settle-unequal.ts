import { type SqlClient } from '../../domain/ports/sql-client';
import { type CopyPath } from '../paths/copy-path';
import { compareSides, type ParityResult, type ParitySelection } from './compare-sides';
import { type Sides, compareInTime, differencesOf } from './compare-range';
import { type UnequalRange, forgetUnequal, noteLasting, readUnequal } from './parity-progress';
import { Tally } from './tally';

/** What the source changes between a round and the look after it differs again; what differs every time is no such change. */
const LOOKS = 5;
/** Where many ranges are looked at again, the target must not fall behind meanwhile. */
const ROUND_EVERY_MS = 2_000;
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
  /** Before each look at a range. */
  readonly before?: () => Promise<void>;
  /** After it, with how many rows of the source it read. */
  readonly onRange?: (rows: number) => void;
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
    const still = [];
    let roundAt = -Infinity;
    for (const { unequal, found } of open) {
      options.signal?.throwIfAborted();
      await options.before?.();
      if (performance.now() - roundAt > ROUND_EVERY_MS) {
        await options.round();
        roundAt = performance.now();
      }
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
  { batchRows, signal, onRange }: SettleOptions,
): Promise<ParityResult> {
  if (before?.complete === true) {
    const selection: ParitySelection = before.differing;
    const again = await compareSides(sides.path, sides.from, sides.to, {
      batchRows,
      selection,
      ...(signal === undefined ? {} : { signal }),
    });
    onRange?.(again.rows);
    return again;
  }
  const tally = new Tally(KEYS_MAX);
  for (const compared of await compareInTime(sides, walk, range)) {
    onRange?.(compared.from.rows);
    if (compared.equal) continue;
    for await (const [from, to] of differencesOf(sides, walk, compared)) tally.add(walk.table.name, from, to);
  }
  return tally.result();
}
