import { type DatabaseInstance, COPY_MARK, COPY_RESTORED } from '../../domain/ports/database-provider';
import { type StepDeps } from '../step';
import { instanceIdOf } from './of-side';

/** For the restore, in the request that makes the instance. */
export const RESTORED_TAGS = { [COPY_MARK]: COPY_RESTORED } as const;

/** The copy has an arbiter of its own, which is asked from here on. Idempotent. @throws CutoverFault of the provider */
export async function markClosed(deps: StepDeps, cutoverId: string): Promise<void> {
  const instanceId = instanceIdOf(deps, deps.direction.to);
  await deps.provider.tagInstance({ cutoverId, instanceId, tags: { [COPY_MARK]: 'closed' } });
}

/** @returns true only on the instance's own word; one without a mark may be anything */
export function wasNeverClosed(instance: DatabaseInstance): boolean {
  return instance.tags[COPY_MARK] === COPY_RESTORED;
}
