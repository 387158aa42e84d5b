import { type DatabaseInstance, GREEN_MARK, GREEN_RESTORED } from '../../domain/ports/database-provider';
import { type StepDeps } from '../step';

/** For the restore, in the request that makes the instance. */
export const RESTORED_TAGS = { [GREEN_MARK]: GREEN_RESTORED } as const;

/** Green has an arbiter of its own, which is asked from here on. Idempotent. @throws CutoverFault of the provider */
export async function markClosed(deps: StepDeps, cutoverId: string): Promise<void> {
  const { greenInstanceId: instanceId } = deps.settings.provider;
  await deps.provider.tagInstance({ cutoverId, instanceId, tags: { [GREEN_MARK]: 'closed' } });
}

/** @returns true only on the instance's own word; one without a mark may be anything */
export function wasNeverClosed(instance: DatabaseInstance): boolean {
  return instance.tags[GREEN_MARK] === GREEN_RESTORED;
}
