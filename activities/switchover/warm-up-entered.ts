import { asCutoverFault } from '../../domain/faults';
import { type Attempt } from './attempt';
import { within } from './within';

/**
 * Has the gateways warm the Hydra of the entered side up, shortly before the hold, because a Hydra closes connections that are idle. Who
 * cannot be warmed ends nothing: its first readers wait longer.
 */
export async function warmUpEntered({ deps, names, tools }: Attempt): Promise<void> {
  const { to } = deps.direction;
  const warm = async (gateway: (typeof deps.gateways)[number]): Promise<void> => {
    const asked = Promise.resolve(gateway.warmUp?.(to));
    const done = await within(tools.patience.questionMs, `warming ${to} up`, 'TARGET_UNREACHABLE', asked);
    if (done !== undefined)
      deps.log.info({ ...names, gateway: gateway.name, ...done }, 'the entered side was warmed up');
  };
  const outcomes = await Promise.allSettled(deps.gateways.map(warm));
  outcomes.forEach((outcome, index) => {
    if (outcome.status === 'fulfilled') return;
    const { code, message } = asCutoverFault(outcome.reason);
    deps.log.warn({ ...names, gateway: deps.gateways[index]?.name, code, err: message }, 'the entered side stays cold');
  });
}
