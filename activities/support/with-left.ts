import { type DatabaseSession } from '../../domain/ports/databases';
import { byFullName } from '../../hydra/by-full-name';
import { type StepContext, type StepDeps } from '../step';

/** Runs `work` in a session on the left side that reads Hydra's rows, may decide nothing, and names Hydra's tables in full. @throws CutoverFault DB_UNREACHABLE | what `work` throws */
export function withLeft<T>(
  { databases, direction, settings }: StepDeps,
  { signal }: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (left: DatabaseSession) => Promise<T>,
): Promise<T> {
  const inSession = async (left: DatabaseSession): Promise<T> => {
    const named = await byFullName(left, settings.hydraSchema);
    return work({ ...named, backendPid: left.backendPid });
  };
  return databases.withSession(direction.from, inSession, { signal, purpose, as: 'worker' });
}

/** Runs `work` in a session on the left side as our own role: for what is kept there in our schema, in which the one of {@link withLeft} writes nothing. @throws CutoverFault DB_UNREACHABLE | what `work` throws */
export function withKeeper<T>(
  { databases, direction }: StepDeps,
  { signal }: Pick<StepContext, 'signal'>,
  purpose: string,
  work: (keeper: DatabaseSession) => Promise<T>,
): Promise<T> {
  return databases.withSession(direction.from, work, { signal, purpose });
}
