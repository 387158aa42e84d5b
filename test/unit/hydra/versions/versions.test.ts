import {
  SUPPORTED_HYDRA_VERSIONS,
  isSupportedHydraVersion,
  type SupportedHydraVersion,
} from '../../../../domain/hydra-versions';
import { PATHS, pathOf } from '../../../../hydra/paths/registry';
import { HYDRA_VERSION_FACTS, greenEnvironment, greenSettings } from '../../../../hydra/versions';
import { HYDRA_VERSIONS } from '../../../../world/toolchain/types';

const settings = (blue: SupportedHydraVersion, green: SupportedHydraVersion) =>
  Object.fromEntries(
    greenSettings(HYDRA_VERSION_FACTS[blue], HYDRA_VERSION_FACTS[green]).map(({ key, value }) => [key, value]),
  );

describe('the table of Hydra versions', () => {
  it('knows the versions that the toolchain makes', () => {
    expect(HYDRA_VERSIONS.every(isSupportedHydraVersion)).toBe(true);
    expect(['2.3', 'toString', '', 5, null].some(isSupportedHydraVersion)).toBe(false);
  });

  it('leads nowhere by itself: there is no way back, none to the same version, and each way that there is joins two of them', () => {
    expect([pathOf('1.11.10', '2.3.0')?.kind, pathOf('2.3.0', '1.11.10'), pathOf('2.3.0', '2.3.0')]).toEqual([
      'copy',
      undefined,
      undefined,
    ]);
    for (const { from, to } of PATHS) {
      expect([from, to].map((version) => SUPPORTED_HYDRA_VERSIONS.includes(version))).toEqual([true, true]);
    }
  });
});

describe('what green must be started with', () => {
  it('after 1.x are its cookie names, a hasher that it verifies, and an issuer with its slash', () => {
    expect(settings('1.11.10', '2.3.0')).toMatchObject({
      'serve.cookies.names.session': 'oauth2_authentication_session',
      'serve.cookies.names.login_csrf': 'oauth2_authentication_csrf',
      'serve.cookies.names.consent_csrf': 'oauth2_consent_csrf',
      'oauth2.hashers.algorithm': 'bcrypt',
      'urls.self.issuer': 'as on blue, with a slash at its end',
      'secrets.system': 'as on blue',
    });
  });

  it('after another 2.x is what that one has, and no hasher', () => {
    const found = settings('2.3.0', '2.3.0');
    expect(found).toMatchObject({ 'serve.cookies.names.session': 'as on blue', 'urls.self.issuer': 'as on blue' });
    expect(found).not.toHaveProperty('oauth2.hashers.algorithm');
    expect(greenEnvironment(HYDRA_VERSION_FACTS['2.3.0'], HYDRA_VERSION_FACTS['2.3.0'])).toEqual({});
  });
});
