import { CutoverFault } from '../../domain/faults';
import {
  changesAfterRestore,
  deviations,
  type InstancePlan,
  missingTags,
  planInstance,
} from '../../domain/instance-plan';
import { type DatabaseInstance, type WaitOptions } from '../../domain/ports/database-provider';
import { wasNeverClosed } from './instance-mark';
import { type StepDeps } from '../step';
import { instanceIdOf, instanceOverridesOf } from './of-side';

/** How the copy's instance is made, of the left side's as it is now. @throws CutoverFault RDS_FAILED | CHECK_FAILED */
export async function planCopyInstance(deps: StepDeps): Promise<InstancePlan> {
  const { from, to } = deps.direction;
  const instanceId = instanceIdOf(deps, from);
  const left = await deps.provider.describeInstance(instanceId);
  if (left === undefined) {
    throw new CutoverFault('RDS_FAILED', `${from}'s instance ${instanceId} does not exist; correct the config`);
  }
  const plan = planInstance(left, instanceOverridesOf(deps, to));
  if (plan.problems.length === 0) return plan;
  throw new CutoverFault(
    'CHECK_FAILED',
    `${to}'s instance cannot be made as ${to}.instance says: ${plan.problems.join('; ')}; correct the config`,
    { problems: plan.problems },
  );
}

/**
 * Gives the copy what a restore cannot be given, restarts it where its parameters wait for that, and compares all of it with what
 * was planned. Idempotent.
 *
 * @param copy available
 * @throws CutoverFault INSTANCE_DIFFERS with everything in which it is not as planned | RDS_FAILED | RDS_BUSY | RDS_UNREACHABLE
 */
export async function shapeInstance(
  deps: StepDeps,
  ours: { readonly cutoverId: string; readonly instanceId: string },
  plan: InstancePlan,
  copy: DatabaseInstance,
  wait: WaitOptions,
): Promise<void> {
  const { provider } = deps;
  const { instanceId } = ours;
  const tags = missingTags(plan, copy);
  if (Object.keys(tags).length > 0) await provider.tagInstance({ ...ours, tags });
  // Once it has an arbiter of its own, it may be in use: then it is only compared.
  const settings = wasNeverClosed(copy) ? changesAfterRestore(plan, copy) : {};
  // Also with nothing to change: what an earlier try left pending must be in force.
  if (Object.keys(settings).length > 0 || (copy.hasPendingChanges && wasNeverClosed(copy))) {
    await provider.applySettings({ ...ours, settings }, wait);
  }
  const changed = await provider.waitUntilInstanceAvailable(instanceId, wait);
  if (changed.parameterStatus === 'pending-reboot' && wasNeverClosed(changed))
    await provider.rebootInstance(ours, wait);
  const found = (await provider.describeInstance(instanceId)) ?? changed;
  const wrong = [
    ...deviations(plan, found),
    ...(found.parameterStatus === 'pending-reboot' ? ['parameters wait'] : []),
  ];
  if (wrong.length === 0) return;
  throw new CutoverFault(
    'INSTANCE_DIFFERS',
    `instance ${instanceId} is not what was planned: ${wrong.join('; ')}; see its events in the RDS console, or say in ${deps.direction.to}.instance what it may be`,
    { instanceId, differences: wrong },
  );
}
