import { CutoverFault } from '../../domain/faults';
import { type ShareInput } from '../../domain/in-place/steps';
import { awaitReady } from '../hydra-process';
import { type InPlaceStep, IN_PLACE_SIDE } from './deps';
import { theHydra } from './hydras';

const ALL = 100;

/**
 * Gives the new version its share of the requests, at every gateway, and reads it back. With 0 also the undo.
 *
 * Idempotent; a worker that was frozen and goes on with an earlier share is refused.
 * @throws CutoverFault PROCESS_NOT_READY (the old version, to which some would go) | TARGET_UNREACHABLE | TARGET_REFUSED
 */
export const shiftTraffic: InPlaceStep<ShareInput, { readonly gateways: number }> = async (
  deps,
  { share },
  context,
) => {
  // Its start may be what failed, on the way back: then everybody is served where they are.
  if (share < ALL) await awaitReady(theHydra(deps, 'old'), context);
  for (const gateway of deps.gateways) {
    context.signal.throwIfAborted();
    context.heartbeat({ step: 'shifting', gateway: gateway.name, share });
    await gateway.setBesideShare?.(share, context.order);
    const now = await gateway.besideShare?.();
    if (now === share) continue;
    throw new CutoverFault(
      'TARGET_REFUSED',
      `gateway ${gateway.name} was told to give the new version ${share} % of the requests, and says ${now ?? 'nothing'}; see that its config has sides.${IN_PLACE_SIDE}.older`,
      { name: gateway.name, share },
    );
  }
  return { gateways: deps.gateways.length };
};
