import { CutoverFault } from '../domain/faults';
import { type SqlClient } from '../domain/ports/sql-client';
import { type RepairReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { keepResult, readPreparation } from '../hydra/closing';
import { type CopyPath, copyPathOf } from '../hydra/paths';
import { whileBeating } from './green/while-beating';
import { withClosedRows } from './green/with-green';
import { type Step } from './step';

/**
 * Fixes what the migration damaged, and looks that nothing of it is left. Idempotent; once complete, a repeat gives the first
 * result.
 *
 * @throws CutoverFault MIGRATION_FAILED (damage is left) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const repairGreen: Step<StepInput, RepairReceipt> = (deps, input, context) =>
  withClosedRows(deps, input, context, 'repair', async ({ keeper, green }) => {
    const path = copyPathOf(deps.settings.hydraVersion);
    const { repaired } = await readPreparation(keeper);
    if (repaired !== null && (await countLeft(path, green)) === 0) return repaired as RepairReceipt;
    const fixups: { id: string; rows: number }[] = [];
    await whileBeating(
      context,
      () => ({ step: 'repairing' }),
      async () => {
        for (const { id, apply } of path.fixups) fixups.push({ id, rows: await apply(green) });
      },
    );
    const left = await countLeft(path, green);
    if (left > 0) {
      throw new CutoverFault('MIGRATION_FAILED', `${left} flows on green still say "error" without one; not repaired`, {
        left,
      });
    }
    const receipt: RepairReceipt = { fixups };
    await keepResult(keeper, 'repaired', receipt);
    return receipt;
  });

async function countLeft({ fixups }: CopyPath, green: SqlClient): Promise<number> {
  let left = 0;
  for (const { count } of fixups) left += await count(green);
  return left;
}
