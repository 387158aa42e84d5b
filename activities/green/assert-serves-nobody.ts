import { CutoverFault } from '../../domain/faults';
import { describeArbiter } from '../../hydra/arbiter';
import { type StepContext, type StepDeps } from '../step';

/**
 * Nothing of green is stopped or removed once the writes have moved to it. A workflow that was reset to before the commit knows
 * nothing of it; blue's arbiter does, as long as its database exists.
 *
 * @throws CutoverFault CHECK_FAILED | DB_UNREACHABLE (blue does not tell)
 */
export async function assertServesNobody(deps: StepDeps, cutoverId: string, { signal }: StepContext): Promise<void> {
  const options = { signal, purpose: 'does green serve' };
  const arbiter = await deps.databases.withSession('blue', describeArbiter, options);
  if (arbiter?.cutoverId !== cutoverId || arbiter.state !== 'committed') return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `the writes of cutover ${cutoverId} moved to green with epoch ${arbiter.epoch}; green (instance ${deps.settings.provider.greenInstanceId}) serves and is neither stopped nor deleted`,
    { cutoverId, epoch: arbiter.epoch },
  );
}
