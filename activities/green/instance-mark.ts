import { type DatabaseInstance } from '../../domain/ports/database-provider';
import { type StepDeps } from '../step';

/**
 * Tag on green's instance that says how far it was prepared, readable without its database: `restored`, until it has an arbiter of
 * its own. An instance that never had one was never opened.
 */
const MARK = 'hydra-cutover:green';

/** For the restore, in the request that makes the instance. */
export const RESTORED_TAGS = { [MARK]: 'restored' } as const;

/** Green has an arbiter of its own, which is asked from here on. Idempotent. @throws CutoverFault of the provider */
export async function markClosed(deps: StepDeps, cutoverId: string): Promise<void> {
  const { greenInstanceId: instanceId } = deps.settings.provider;
  await deps.provider.tagInstance({ cutoverId, instanceId, tags: { [MARK]: 'closed' } });
}

/** @returns true only on the instance's own word; one without a mark may be anything */
export function wasNeverClosed(instance: DatabaseInstance): boolean {
  return instance.tags[MARK] === RESTORED_TAGS[MARK];
}
