import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/**
 * Makes the caller the only one who may sync: every older generation is refused from its next transaction on.
 *
 * Waits for a transaction of an older syncer; end its sessions first. Committed by itself, as our own role.
 * @returns the generation that {@link syncRound} is told
 */
export async function takeOverSync(to: SqlClient): Promise<number> {
  const [row] = await queryRows<{ generation: number }>(
    to,
    'UPDATE hydra_cutover.syncer SET generation = generation + 1 RETURNING generation::float8 AS generation',
  );
  if (row === undefined) throw new CutoverFault('INTERNAL', 'there are no sync tables: hydra_cutover.syncer is empty');
  return row.generation;
}

/**
 * For a syncer whose session was ended: by whoever took over, or by an accident? Only after an accident it may try again.
 *
 * @throws CutoverFault SYNC_FENCED
 */
export async function assertStillSyncer(to: SqlClient, generation: number): Promise<void> {
  const [row] = await queryRows<{ generation: number }>(
    to,
    'SELECT generation::float8 AS generation FROM hydra_cutover.syncer',
  );
  if (row?.generation === generation) return;
  throw new CutoverFault(
    'SYNC_FENCED',
    `this sync has been replaced: generation ${row?.generation ?? 0} syncs, and this is ${generation}; what it had not committed was not written`,
  );
}
