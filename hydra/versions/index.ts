import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { HYDRA_1_11_10 } from './1-11-10';
import { HYDRA_1_3_2 } from './1-3-2';
import { HYDRA_2_2_0 } from './2-2-0';
import { HYDRA_2_3_0 } from './2-3-0';
import { HYDRA_26_2_0 } from './26-2-0';
import { type InPlaceVersion } from '../../domain/in-place/paths';
import { type HydraVersionFacts, type LaunchFacts } from './facts';

export { ADMIN_PREFIX, adminPath } from './admin-path';
export { callKind } from './call-kinds';
export { CONSENT_PAGING, nextByKey, withConsentId } from './consent-paging';
export { type ApiGeneration, type HydraVersionFacts, type LaunchFacts } from './facts';
export { environmentName, greenEnvironment, greenSettings } from './green-settings';
export { hidingVersions } from './hiding-versions';
export { readsOf } from './reads';

/**
 * All that is about one version of Hydra, and the only place for it: a new version is a file here and its name in
 * `domain/hydra-versions.ts`. Plain data, which every folder may read. What is about a pair of versions is in `hydra/paths/`.
 */
export const HYDRA_VERSION_FACTS: Readonly<Record<SupportedHydraVersion, HydraVersionFacts>> = {
  '1.11.10': HYDRA_1_11_10,
  '2.2.0': HYDRA_2_2_0,
  '2.3.0': HYDRA_2_3_0,
  '26.2.0': HYDRA_26_2_0,
};

/** Those that are upgraded in place besides. */
export const HYDRA_LAUNCH_FACTS: Readonly<Record<SupportedHydraVersion | InPlaceVersion, LaunchFacts>> = {
  ...HYDRA_VERSION_FACTS,
  '1.3.2': HYDRA_1_3_2,
};
