import { type DatabaseSession } from '../../domain/ports/databases';
import { byFullName } from '../../hydra/by-full-name';
import { type StepContext, type StepDeps } from '../step';

/** Runs `work` in a session on blue that reads Hydra's rows, may decide nothing, and names Hydra's tables in full. @throws CutoverFault DB_UNREACHABLE | what `work` throws */
export function withBlue<T>(
  { databases, settings }: StepDeps,
  { signal }: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (blue: DatabaseSession) => Promise<T>,
): Promise<T> {
  const inSession = async (blue: DatabaseSession): Promise<T> => {
    const named = await byFullName(blue, settings.hydraSchema);
    return work({ ...named, backendPid: blue.backendPid });
  };
  return databases.withSession('blue', inSession, { signal, purpose, as: 'worker' });
}

/** Runs `work` in a session on blue as our own role: for what is kept there in our schema, in which the one of {@link withBlue} writes nothing. @throws CutoverFault DB_UNREACHABLE | what `work` throws */
export function withKeeper<T>(
  { databases }: StepDeps,
  { signal }: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (keeper: DatabaseSession) => Promise<T>,
): Promise<T> {
  return databases.withSession('blue', work, { signal, purpose });
}
