import { type ParityReceipt } from '../../domain/receipts';
import { type ParityResult, type ParitySelection, compareSides } from '../../hydra/parity';
import { type SyncSides, readRecentKeys, syncRound } from '../../hydra/sync';

const RECENT_CHANGES = 2_000;
/** The source moves on between a round and the look at it; what differs each time is wrong. */
const LOOKS = 5;

/** Compares the rows of the target that were carried last with what the source's rows become now. */
export async function compareRecent(
  sides: SyncSides,
  options: { readonly batchRows: number; readonly signal: AbortSignal },
): Promise<ParityReceipt> {
  const { path, from, to } = sides;
  const all = await readRecentKeys(path, from, RECENT_CHANGES);
  let result: ParityResult | undefined;
  let selection: ParitySelection = all;
  let first: ParityResult | undefined;
  for (let look = 1; look <= LOOKS; look += 1) {
    result = await compareSides(path, from, to, { ...options, selection });
    first ??= result;
    if (result.differences === 0) break;
    selection = result.complete ? result.differing : all;
    await syncRound(sides, options);
  }
  const tables = Object.entries(first?.tables ?? {}).map(([name, { from: rows }]) => [name, rows] as const);
  return {
    tables: Object.fromEntries(tables),
    rows: first?.rows ?? 0,
    differences: result?.differences ?? 0,
    examples: result?.examples ?? [],
  };
}
