import { CutoverFault } from '../domain/faults';
import { type SqlClient } from '../domain/ports/sql-client';
import { type RepairReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { keepResult, readPreparation } from '../hydra/closing';
import { type CopyPath } from '../hydra/paths';
import { whileBeating } from './support/while-beating';
import { withClosedRows } from './support/with-entered';
import { type Step } from './step';
import { pathOfRun } from './support/of-side';

/**
 * Fixes what the migration damaged, and looks that nothing of it is left. Idempotent; once complete, a repeat gives the first
 * result.
 *
 * @throws CutoverFault MIGRATION_FAILED (damage is left) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const repairGreen: Step<StepInput, RepairReceipt> = (deps, input, context) =>
  withClosedRows(deps, input, context, 'repair', async ({ keeper, copy }) => {
    const path = pathOfRun(deps);
    const { repaired } = await readPreparation(keeper);
    if (repaired !== null && (await countRemaining(path, copy)) === 0) return repaired as RepairReceipt;
    const fixups: { id: string; rows: number }[] = [];
    await whileBeating(
      context,
      () => ({ step: 'repairing' }),
      async () => {
        for (const { id, apply } of path.fixups) fixups.push({ id, rows: await apply(copy) });
      },
    );
    const remaining = await countRemaining(path, copy);
    if (remaining > 0) {
      throw new CutoverFault(
        'MIGRATION_FAILED',
        `${remaining} flows on ${deps.direction.to} still say "error" without one; not repaired`,
        {
          left: remaining,
        },
      );
    }
    const receipt: RepairReceipt = { fixups };
    await keepResult(keeper, 'repaired', receipt);
    return receipt;
  });

async function countRemaining({ fixups }: CopyPath, copy: SqlClient): Promise<number> {
  let remaining = 0;
  for (const { count } of fixups) remaining += await count(copy);
  return remaining;
}
