import { type DatabaseSession } from '../../domain/ports/databases';
import { type StepInput } from '../../domain/steps';
import { byFullName } from '../../hydra/by-full-name';
import { assertSide, becomePreparer, onlyInTurn, takeTurn } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';

/** Runs `work` with sessions on the entered side, opened for `purpose` and ended at the step's signal. @returns what `work` does */
type InSession<Sides> = <T>(
  deps: StepDeps,
  input: StepInput,
  context: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (sides: Sides) => Promise<T>,
) => Promise<T>;

/** Two sessions on the copy, which is closed, both in the turn of this try. */
export interface Preparing {
  /** Keeps what is ours. */
  readonly keeper: DatabaseSession;
  /** Reads and changes what is Hydra's: as the role that does, where the config names one. */
  readonly copy: DatabaseSession;
}

const enteredAs =
  (as?: 'worker'): InSession<DatabaseSession> =>
  (deps, input, context, purpose, work) =>
    deps.databases.withSession(
      deps.direction.to,
      async (entered) => {
        await assertSide(entered, input.cutoverId, deps.direction.to);
        const named = await byFullName(entered, deps.settings.hydraSchema);
        return work({ ...named, backendPid: entered.backendPid });
      },
      { signal: context.signal, purpose, ...(as && { as }) },
    );

/**
 * A session on the entered side, once the database there has shown that this cutover made it that side.
 *
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE | what `work` throws
 */
export const withEntered = enteredAs();

/** As {@link withEntered}, for Hydra's rows: as the role that reads them, where the config names one. */
export const withEnteredRows = enteredAs('worker');

/**
 * As {@link withEntered}, for what prepares the copy: only while it is closed, proven in each transaction, and in place of every try
 * before this one.
 *
 * @throws CutoverFault CHECK_FAILED (the copy is open or abandoned, or a later try has taken over) | LOCK_BUSY (retryable) | as withEntered
 */
export const withClosed: InSession<DatabaseSession> = (deps, input, context, purpose, work) =>
  withEntered(deps, input, context, purpose, async (copy) =>
    work(await becomePreparer(copy, input.cutoverId, deps.direction.to)),
  );

/** As {@link withClosed}, for Hydra's rows. What is planted on them runs with no more rights than Hydra's role has. */
export const withClosedRows: InSession<Preparing> = (deps, input, context, purpose, work) =>
  withEntered(deps, input, context, purpose, async (keeper) => {
    const turn = await takeTurn(keeper, input.cutoverId, deps.direction.to);
    return withEnteredRows(deps, input, context, purpose, (copy) =>
      work({ keeper: onlyInTurn(keeper, turn), copy: onlyInTurn(copy, turn) }),
    );
  });
