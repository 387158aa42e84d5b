import { type DatabaseSession } from '../../domain/ports/databases';
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
  const round = async (): Promise<void> => void (await syncRound(sides, { batchRows, signal }));
  const settle = async (to: DatabaseSession): Promise<void> => {
    const looking = await prepareSync(sides.path, sides.from, to, deps.settings.hydraSchema);
    await settleUnequal(looking, admin, { batchRows, signal, round });
  };
  await deps.databases.withSession(sides.direction.to, settle, { signal, purpose: 'settle parity', as: 'worker' });
  return readProof(sides.path, admin);
}
