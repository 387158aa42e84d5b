import { type ParityReceipt, type RowHashesReceipt } from '../../domain/receipts';
import { type CompareInput, type StepInput } from '../../domain/steps';
import { compareWithExpected, keepExpected } from '../../hydra/parity';
import { whileBeating } from '../green/while-beating';
import { withClosedGreen, withGreen } from '../green/with-green';
import { type Step } from '../step';
import { tryWrites } from './try-writes';

/**
 * Keeps what every row of the copy must become, as sums of hashes, on the copy itself and before anything is done to it: blue goes on
 * meanwhile, so that a rehearsal cannot compare with it. Idempotent; a repeat goes on where it was.
 *
 * @throws CutoverFault CHECK_FAILED (JSON that only a person can mend) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const keepRowHashes: Step<StepInput, RowHashesReceipt> = (deps, input, context) =>
  withClosedGreen(deps, input, context, 'keep hashes', async (green) => {
    let table = '';
    const counts = await whileBeating(
      context,
      () => ({ step: 'hashing', table }),
      () => keepExpected(green, { signal: context.signal, onTable: (name) => (table = name) }),
    );
    return { tables: counts, rows: Object.values(counts).reduce((sum, rows) => sum + rows, 0) };
  });

/**
 * Compares every row of the migrated and repaired copy with the sums that were kept before. Returns differences, it does not throw
 * them: rows that are too few or too many, and one for each bucket that is otherwise not as it must be. Asked to, it then lets green's Hydra
 * write to the copy and compares again; a repeat finds the copy written to, and tries once more.
 *
 * @throws CutoverFault CHECK_FAILED (nothing was kept) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const compareRowHashes: Step<CompareInput, ParityReceipt> = (deps, input, context) =>
  withGreen(deps, input, context, 'compare hashes', async (green) => {
    let table = '';
    const compare = () =>
      whileBeating(
        context,
        () => ({ step: 'comparing', table }),
        () => compareWithExpected(green, { signal: context.signal, onTable: (name) => (table = name) }),
      );
    const result = await compare();
    const tables = Object.entries(result.tables).map(([name, { blue }]) => [name, blue] as const);
    const writes = input.tryWrites === true ? await tryWrites(deps, input, context, green, result, compare) : undefined;
    return {
      tables: Object.fromEntries(tables),
      rows: result.rows,
      differences: result.differences,
      examples: result.examples,
      ...(writes === undefined ? {} : { writes }),
    };
  });
