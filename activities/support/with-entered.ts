import { type DatabaseSession } from '../../domain/ports/databases';
import { type StepInput } from '../../domain/steps';
import { byFullName } from '../../hydra/by-full-name';
import { assertSide, becomePreparer, onlyInTurn, takeTurn } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';

/** Runs `work` with sessions on green, opened for `purpose` and ended at the step's signal. @returns what `work` does */
type InSession<Sides> = <T>(
  deps: StepDeps,
  input: StepInput,
  context: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (sides: Sides) => Promise<T>,
) => Promise<T>;

/** Two sessions on closed green, both in the turn of this try. */
export interface Preparing {
  /** Keeps what is ours. */
  readonly keeper: DatabaseSession;
  /** Reads and changes what is Hydra's: as the role that does, where the config names one. */
  readonly green: DatabaseSession;
}

const greenAs =
  (as?: 'worker'): InSession<DatabaseSession> =>
  (deps, input, context, purpose, work) =>
    deps.databases.withSession(
      'green',
      async (green) => {
        await assertSide(green, input.cutoverId, 'green');
        const named = await byFullName(green, deps.settings.hydraSchema);
        return work({ ...named, backendPid: green.backendPid });
      },
      { signal: context.signal, purpose, ...(as && { as }) },
    );

/**
 * A session on green, once the database there has shown that this cutover made it green.
 *
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE | what `work` throws
 */
export const withGreen = greenAs();

/** As {@link withGreen}, for Hydra's rows: as the role that reads them, where the config names one. */
export const withGreenRows = greenAs('worker');

/**
 * As {@link withGreen}, for what prepares green: only while it is closed, proven in each transaction, and in place of every try
 * before this one.
 *
 * @throws CutoverFault CHECK_FAILED (green is open or abandoned, or a later try has taken over) | LOCK_BUSY (retryable) | as withGreen
 */
export const withClosedGreen: InSession<DatabaseSession> = (deps, input, context, purpose, work) =>
  withGreen(deps, input, context, purpose, async (green) => work(await becomePreparer(green, input.cutoverId)));

/** As {@link withClosedGreen}, for Hydra's rows. What is planted on them runs with no more rights than Hydra's role has. */
export const withClosedRows: InSession<Preparing> = (deps, input, context, purpose, work) =>
  withGreen(deps, input, context, purpose, async (keeper) => {
    const turn = await takeTurn(keeper, input.cutoverId);
    return withGreenRows(deps, input, context, purpose, (green) =>
      work({ keeper: onlyInTurn(keeper, turn), green: onlyInTurn(green, turn) }),
    );
  });
