import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/**
 * Makes the caller the only one who may sync: every older generation is refused from its next transaction on.
 *
 * Waits for a transaction of an older syncer; end its sessions first. Committed by itself, as our own role.
 * @returns the generation that {@link syncRound} is told
 */
export async function takeOverSync(green: SqlClient): Promise<number> {
  const [row] = await queryRows<{ generation: number }>(
    green,
    'UPDATE hydra_cutover.syncer SET generation = generation + 1 RETURNING generation::float8 AS generation',
  );
  if (row === undefined) throw new CutoverFault('INTERNAL', 'green has no sync tables: hydra_cutover.syncer is empty');
  return row.generation;
}
