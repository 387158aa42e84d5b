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

/** How green's instance is made, of blue's as it is now. @throws CutoverFault RDS_FAILED | CHECK_FAILED */
export async function planGreen(deps: StepDeps): Promise<InstancePlan> {
  const { blueInstanceId, greenInstance } = deps.settings.provider;
  const blue = await deps.provider.describeInstance(blueInstanceId);
  if (blue === undefined) {
    throw new CutoverFault('RDS_FAILED', `blue's instance ${blueInstanceId} does not exist; correct the config`);
  }
  const plan = planInstance(blue, greenInstance);
  if (plan.problems.length === 0) return plan;
  throw new CutoverFault(
    'CHECK_FAILED',
    `green's instance cannot be made as green.instance says: ${plan.problems.join('; ')}; correct the config`,
    { problems: plan.problems },
  );
}

/**
 * Gives green what a restore cannot be given, restarts it where its parameters wait for that, and compares all of it with what
 * was planned. Idempotent.
 *
 * @param green available
 * @throws CutoverFault INSTANCE_DIFFERS with everything in which it is not as planned | RDS_FAILED | RDS_BUSY | RDS_UNREACHABLE
 */
export async function shapeInstance(
  deps: StepDeps,
  ours: { readonly cutoverId: string; readonly instanceId: string },
  plan: InstancePlan,
  green: DatabaseInstance,
  wait: WaitOptions,
): Promise<void> {
  const { provider } = deps;
  const { instanceId } = ours;
  const tags = missingTags(plan, green);
  if (Object.keys(tags).length > 0) await provider.tagInstance({ ...ours, tags });
  // Once it has an arbiter of its own, it may be in use: then it is only compared.
  const settings = wasNeverClosed(green) ? changesAfterRestore(plan, green) : {};
  // Also with nothing to change: what an earlier try left pending must be in force.
  if (Object.keys(settings).length > 0 || (green.hasPendingChanges && wasNeverClosed(green))) {
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
    `instance ${instanceId} is not what was planned: ${wrong.join('; ')}; see its events in the RDS console, or say in green.instance what it may be`,
    { instanceId, differences: wrong },
  );
}
