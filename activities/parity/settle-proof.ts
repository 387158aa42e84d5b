import { type DatabaseSession } from '../../domain/ports/databases';
import { type ParityProof, readProof, settleUnequal } from '../../hydra/parity';
import { prepareSync, syncRound } from '../../hydra/sync';
import { type Brake } from '../brake';
import { type StepDeps } from '../step';
import { type SyncSession } from '../sync-session';

interface SettleProofOptions {
  readonly signal: AbortSignal;
  /** Stands before each range and each transaction of a round. @default nobody is asked how fast the left side may be read */
  readonly brake?: Brake;
}

/**
 * Looks again, after rounds of the sync, at the ranges that were not equal when they were compared.
 *
 * @returns what is proven then
 */
export async function settleProof(
  deps: StepDeps,
  { sides, admin }: SyncSession,
  { signal, brake }: SettleProofOptions,
): Promise<ParityProof> {
  const found = await readProof(sides.path, admin);
  if (found.unequal === 0) return found;
  const { batchRows } = deps.settings.sync;
  const before = async (): Promise<void> => brake?.pass(signal);
  const round = async (): Promise<void> => {
    await syncRound(sides, { batchRows, signal, before, onPart: ({ changes }) => brake?.took(changes) });
  };
  const onRange = (rows: number): void => brake?.took(rows);
  const settle = async (to: DatabaseSession): Promise<void> => {
    const looking = await prepareSync(sides.path, sides.from, to, deps.settings.hydraSchema);
    await settleUnequal(looking, admin, { batchRows, signal, round, before, onRange });
  };
  await deps.databases.withSession(sides.direction.to, settle, { signal, purpose: 'settle parity', as: 'worker' });
  return readProof(sides.path, admin);
}
