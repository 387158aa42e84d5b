import { CutoverFault } from '../../domain/faults';
import { type ShareInput } from '../../domain/in-place/steps';
import { type InPlaceStep } from './deps';

/**
 * Gives the new version its share of the requests, at every gateway, and reads it back. With 0 also the undo.
 *
 * Idempotent. @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED
 */
export const shiftTraffic: InPlaceStep<ShareInput, { readonly gateways: number }> = async (
  deps,
  { share },
  context,
) => {
  for (const gateway of deps.gateways) {
    context.signal.throwIfAborted();
    context.heartbeat({ step: 'shifting', gateway: gateway.name, share });
    await gateway.setBesideShare?.(share);
    const now = await gateway.besideShare?.();
    if (now === share) continue;
    throw new CutoverFault(
      'TARGET_REFUSED',
      `gateway ${gateway.name} was told to give the new version ${share} % of the requests, and says ${now ?? 'nothing'}; see that its config has sides.blue.older`,
      { name: gateway.name, share },
    );
  }
  return { gateways: deps.gateways.length };
};
