import {
  HYDRA_VERSION_TABLE,
  isSupportedHydraVersion,
  isUpgrade,
  SUPPORTED_HYDRA_VERSIONS,
} from '../../../domain/hydra-versions';
import { HYDRA_VERSIONS } from '../../../world/toolchain/types';

describe('the table of Hydra versions', () => {
  it('knows the versions that the toolchain makes', () => {
    expect(HYDRA_VERSIONS.every(isSupportedHydraVersion)).toBe(true);
    expect(['2.3', 'toString', '', 5, null].some(isSupportedHydraVersion)).toBe(false);
  });

  it('calls an upgrade what goes forward in it, and neither the same version nor the way back', () => {
    const [first, last] = [SUPPORTED_HYDRA_VERSIONS[0], SUPPORTED_HYDRA_VERSIONS.at(-1) ?? '2.3.0'];
    expect([isUpgrade(first, last), isUpgrade(last, first), isUpgrade(first, first)]).toEqual([true, false, false]);
  });

  it('puts the admin API below /admin from generation 2 on', () => {
    for (const { apiGeneration, adminPrefix } of Object.values(HYDRA_VERSION_TABLE)) {
      expect(adminPrefix).toBe(apiGeneration === 1 ? '' : '/admin');
    }
  });
});
