import { type DatabaseSession } from '../../domain/ports/databases';
import { type StepInput } from '../../domain/steps';
import { byFullName } from '../../hydra/by-full-name';
import { assertGreen, becomePreparer } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';

/**
 * Runs `work` in a session on green, once the database there has shown that this cutover made it green.
 *
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE | what `work` throws
 */
export async function withGreen<T>(
  deps: StepDeps,
  input: StepInput,
  context: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (green: DatabaseSession) => Promise<T>,
): Promise<T> {
  const inSession = async (green: DatabaseSession): Promise<T> => {
    await assertGreen(green, input.cutoverId);
    const named = await byFullName(green, deps.settings.hydraSchema);
    return work({ ...named, backendPid: green.backendPid });
  };
  return deps.databases.withSession('green', inSession, { signal: context.signal, purpose });
}

/**
 * As {@link withGreen}, for what prepares green: only while it is closed, proven in each transaction, and in place of every try
 * before this one.
 *
 * @throws CutoverFault CHECK_FAILED (green is open or abandoned, or a later try has taken over) | LOCK_BUSY (retryable) | as withGreen
 */
export function withClosedGreen<T>(
  deps: StepDeps,
  input: StepInput,
  context: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (green: DatabaseSession) => Promise<T>,
): Promise<T> {
  const asPreparer = async (green: DatabaseSession) => work(await becomePreparer(green, input.cutoverId));
  return withGreen(deps, input, context, purpose, asPreparer);
}
