import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type DatabaseSession } from '../../domain/ports/databases';
import { type WriteTrialReceipt } from '../../domain/receipts';
import { type StepInput } from '../../domain/steps';
import { describeArbiter } from '../../hydra/arbiter';
import { letCopyBeWritten } from '../../hydra/arbiter/let-copy-be-written';
import { type ExpectedResult } from '../../hydra/parity';
import { whileBeating } from '../green/while-beating';
import { type StepContext, type StepDeps } from '../step';

type Compared = Pick<ExpectedResult, 'differences' | 'tables'>;

/** The Hydra of green makes the key sets that a database of 1.x has not, at its first write. */
const MADE_BY_HYDRA = 'hydra_jwk';

/**
 * Opens a rehearsal's copy, which nobody uses, and lets green's own Hydra do everything that it writes for clients; then compares the
 * rows once more. Before the commit of a real run nothing else writes through that Hydra: a constraint that only new rows meet, a
 * missing grant or a wrong secret shows here.
 *
 * @param before how the rows compared until now
 * @param compare all rows of the copy with what they had to become
 * @throws CutoverFault CHECK_FAILED (this is no rehearsal) | DB_UNREACHABLE; what Hydra answers is a finding
 */
export async function tryWrites(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  green: DatabaseSession,
  before: Compared,
  compare: () => Promise<Compared>,
): Promise<WriteTrialReceipt> {
  await assertRehearsal(deps, input, context);
  await letCopyBeWritten(green);
  const trial = await whileBeating(
    context,
    () => ({ step: 'writing through Hydra' }),
    () => write(deps),
  );
  const after = await compare();
  return { ...trial, changed: Math.max(0, counted(after) - counted(before)) };
}

/** A real run has its row on blue before there is a green, and its green is never opened but by its commit. */
async function assertRehearsal(deps: StepDeps, { cutoverId }: StepInput, { signal }: StepContext): Promise<void> {
  const options = { signal, purpose: 'is it a rehearsal' };
  const [schema, arbiter] = await deps.databases.withSession(
    'blue',
    async (blue) => {
      const seen = `SELECT has_schema_privilege(oid, 'USAGE') AS usable FROM pg_namespace WHERE nspname = 'hydra_cutover'`;
      const [found] = (await blue.query(seen)).rows as { usable: boolean }[];
      return [found, found?.usable === true ? await describeArbiter(blue) : undefined] as const;
    },
    options,
  );
  // A schema that our role may not look into is some other cutover's, whose state nobody can tell here.
  if (schema === undefined || (arbiter !== undefined && arbiter.cutoverId !== cutoverId)) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `blue has the run row of cutover ${cutoverId}, or one that cannot be read: this copy may become the green that serves, and is not opened`,
  );
}

async function write({ hydra }: StepDeps): Promise<Pick<WriteTrialReceipt, 'steps' | 'problem'>> {
  try {
    return { steps: (await hydra.syntheticWrites('green')).steps, problem: null };
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    return { steps: [], problem: `${error.code}: ${error.message}` };
  }
}

function counted({ differences, tables }: Compared): number {
  return differences - (tables[MADE_BY_HYDRA]?.extra ?? 0);
}
