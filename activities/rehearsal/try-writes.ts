import { type DatabaseSession } from '../../domain/ports/databases';
import { type WriteTrialReceipt } from '../../domain/receipts';
import { type StepInput, type TryWritesInput } from '../../domain/steps';
import { letCopyBeWritten } from '../../hydra/closing';
import { type CarriedTableName } from '../../hydra/paths';
import { graceProblem } from '../support/grace-problem';
import { whileBeating } from '../support/while-beating';
import { withEntered } from '../support/with-entered';
import { type Step, type StepContext, type StepDeps } from '../step';
import { compareWithKept } from './row-hashes';

/** The copy's Hydra makes the key sets that a database of 1.x has not when it is first asked for them. */
const MADE_BY_HYDRA = 'hydra_jwk' satisfies CarriedTableName;

/**
 * Lets a rehearsal's copy, which nobody uses, take writes, and its own Hydra do everything that it writes for clients and
 * administrators; then compares the rows once more. A constraint that only new rows meet, a missing grant or a wrong secret shows
 * here. A repeat removes what the first left and tries once more.
 *
 * @throws CutoverFault CHECK_FAILED (this is no rehearsal's copy) | HYDRA_UNEXPECTED (says at which step it broke) | HYDRA_UNREACHABLE |
 *   CROSSED_CONNECTION | LOCK_BUSY | DB_UNREACHABLE
 */
export const tryWrites: Step<TryWritesInput, WriteTrialReceipt> = (deps, input, context) =>
  withEntered(deps, input, context, 'try writes', async (copy) => {
    const { cutoverId, differences } = input;
    await letCopyBeWritten(copy, { cutoverId, direction: deps.direction, signal: context.signal });
    const { steps, durationMs, refreshGrace } = await whileBeating(
      context,
      () => ({ step: 'writing through Hydra' }),
      () => deps.hydra.syntheticWrites(deps.direction.to),
    );
    const changed =
      differences === null ? null : Math.max(0, (await countDifferences(deps, input, copy, context)) - differences);
    return { steps, durationMs, changed, refreshGrace: graceProblem(refreshGrace, deps) };
  });

async function countDifferences(
  deps: StepDeps,
  input: StepInput,
  keeper: DatabaseSession,
  context: StepContext,
): Promise<number> {
  const { differences, tables } = await compareWithKept(deps, input, keeper, context);
  return differences - (tables[MADE_BY_HYDRA]?.extra ?? 0);
}
