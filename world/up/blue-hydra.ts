import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type HydraSide } from '../service/hydra-admin';
import { known, type PartialInfo } from './world-part';

/** Where dependents ask blue: its Hydra, or the gateway while that may be either of two. */
export function blueHydra(info: PartialInfo): HydraSide {
  const { hydra, older } = known(info, 'blue');
  return {
    adminUrl: older === undefined ? hydra.adminUrl : known(info, 'gateway').adminUrl,
    apiGeneration: HYDRA_VERSION_FACTS[hydra.version].apiGeneration,
  };
}
