import { known, type PartialInfo } from './world-part';

/** Where dependents ask blue: its Hydra, or the gateway while that may be either of two. */
export function blueAdminUrl(info: PartialInfo): string {
  const { hydra, older } = known(info, 'blue');
  return older === undefined ? hydra.adminUrl : known(info, 'gateway').adminUrl;
}
