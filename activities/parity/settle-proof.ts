import { type ParityProof, readProof, settleUnequal } from '../../hydra/parity';
import { prepareSync, syncRound } from '../../hydra/sync';
import { type StepDeps } from '../step';
import { type SyncSession } from '../sync-session';

/**
 * Looks again, after rounds of the sync, at the ranges that were not equal when they were compared.
 *
 * @returns what is proven then
 */
export async function settleProof(
  deps: StepDeps,
  { sides, admin }: SyncSession,
  signal: AbortSignal,
): Promise<ParityProof> {
  const before = await readProof(sides.path, admin);
  if (before.unequal === 0) return before;
  const { batchRows } = deps.settings.sync;
  const looking = await prepareSync(sides.path, sides.blue, admin, deps.settings.hydraSchema);
  const round = async (): Promise<void> => void (await syncRound(sides, { batchRows, signal }));
  await settleUnequal(looking, admin, { batchRows, signal, round });
  return readProof(sides.path, admin);
}
