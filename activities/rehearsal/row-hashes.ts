import { type DatabaseSession } from '../../domain/ports/databases';
import { type ParityReceipt, type RowHashesReceipt } from '../../domain/receipts';
import { type StepInput } from '../../domain/steps';
import { compareWithExpected, keepExpected } from '../../hydra/parity';
import { whileBeating } from '../support/while-beating';
import { withClosedRows, withEntered, withEnteredRows } from '../support/with-entered';
import { type Step, type StepContext, type StepDeps } from '../step';
import { pathOfRun } from '../support/of-side';

/**
 * Keeps what every row of the copy must become, as sums of hashes, on the copy itself and before anything is done to it: the left side goes on
 * meanwhile, so that a rehearsal cannot compare with it. Idempotent; a repeat goes on where it was.
 *
 * @throws CutoverFault CHECK_FAILED (JSON that only a person can fix) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const keepRowHashes: Step<StepInput, RowHashesReceipt> = (deps, input, context) =>
  withClosedRows(deps, input, context, 'keep hashes', async ({ keeper, copy }) => {
    let table = '';
    const counts = await whileBeating(
      context,
      () => ({ step: 'hashing', table }),
      () =>
        keepExpected(pathOfRun(deps), copy, {
          keeper,
          signal: context.signal,
          onTable: (name) => (table = name),
        }),
    );
    return { tables: counts, rows: Object.values(counts).reduce((sum, rows) => sum + rows, 0) };
  });

/**
 * Compares every row of the migrated and repaired copy with the sums that were kept before. Returns differences, it does not throw
 * them: rows that are too few or too many, and one for each bucket that is otherwise not as it must be. Changes nothing.
 *
 * @throws CutoverFault CHECK_FAILED (nothing was kept) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const compareRowHashes: Step<StepInput, ParityReceipt> = (deps, input, context) =>
  withEntered(deps, input, context, 'compare hashes', async (keeper) => {
    const result = await compareWithKept(deps, input, keeper, context);
    const tables = Object.entries(result.tables).map(([name, { from }]) => [name, from] as const);
    return {
      tables: Object.fromEntries(tables),
      rows: result.rows,
      differences: result.differences,
      examples: result.examples,
    };
  });

/** Heartbeats with the table that it is at. @throws CutoverFault as {@link compareRowHashes} */
export function compareWithKept(deps: StepDeps, input: StepInput, keeper: DatabaseSession, context: StepContext) {
  let table = '';
  return whileBeating(
    context,
    () => ({ step: 'comparing', table }),
    () =>
      withEnteredRows(deps, input, context, 'compare hashes', (copy) =>
        compareWithExpected(pathOfRun(deps), copy, {
          keeper,
          signal: context.signal,
          onTable: (name) => (table = name),
        }),
      ),
  );
}
