import { CutoverFault } from '../domain/faults';
import { type RepairReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { keepResult, readPreparation } from '../hydra/closing';
import { countDamagedFlows, repairStates } from '../hydra/fixups';
import { whileBeating } from './green/while-beating';
import { withClosedGreen } from './green/with-green';
import { type Step } from './step';

/**
 * Mends what the migration did to flows, and looks that nothing of it is left. Idempotent; once complete, a repeat gives the first
 * result.
 *
 * @throws CutoverFault MIGRATION_FAILED (damage is left) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const repairGreen: Step<StepInput, RepairReceipt> = (deps, input, context) =>
  withClosedGreen(deps, input, context, 'repair', async (green) => {
    const { repaired } = await readPreparation(green);
    if (repaired !== null && (await countDamagedFlows(green)) === 0) return repaired as RepairReceipt;
    const rows = await whileBeating(
      context,
      () => ({ step: 'repairing' }),
      () => repairStates(green),
    );
    const left = await countDamagedFlows(green);
    if (left > 0) {
      throw new CutoverFault('MIGRATION_FAILED', `${left} flows on green still say "error" without one; not repaired`, {
        left,
      });
    }
    const receipt: RepairReceipt = { fixups: [{ id: 'states', rows }] };
    await keepResult(green, 'repaired', receipt);
    return receipt;
  });
